//! One direction of a connection: a delay line, so that how long bytes are on the way does not limit how many are.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Shared;

/// As many bytes may be on the way: 2 GB a second for 30 ms.
const ON_THE_WAY: usize = 64 << 20;
const PIECE: usize = 256 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    ToServer,
    ToClient,
}

/// Has two threads: one reads into it, one writes what is due.
#[derive(Clone)]
pub struct Line {
    shared: Arc<Shared>,
    connection: u64,
    direction: Direction,
    queue: Arc<(Mutex<Queue>, Condvar)>,
}

#[derive(Default)]
struct Queue {
    pieces: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
    /// When the end of the stream arrives.
    end: Option<Instant>,
    /// The other side takes no more.
    closed: bool,
}

impl Line {
    pub fn new(shared: Arc<Shared>, connection: u64, direction: Direction) -> Self {
        Self { shared, connection, direction, queue: Arc::default() }
    }

    /// Reads until the end of the stream, or until nobody takes more.
    pub fn read(&self, mut source: TcpStream) {
        let (lock, changed) = &*self.queue;
        let mut buffer = vec![0; PIECE];
        loop {
            let read = source.read(&mut buffer).unwrap_or(0);
            let arrives = Instant::now() + self.shared.one_way;
            let mut queue = lock.lock().unwrap_or_else(PoisonError::into_inner);
            if read == 0 {
                queue.end = Some(arrives);
                changed.notify_all();
                return;
            }
            queue.pieces.push_back((arrives, buffer[..read].to_vec()));
            queue.bytes += read;
            changed.notify_all();
            let full = |queue: &mut Queue| queue.bytes > ON_THE_WAY && !queue.closed;
            let queue = changed.wait_while(queue, full).unwrap_or_else(PoisonError::into_inner);
            if queue.closed {
                return;
            }
        }
    }

    /// Writes what is due until the end of the stream, and passes that end on.
    pub fn write(&self, mut target: TcpStream) {
        while let Some(piece) = self.next() {
            if !self.forward(&mut target, &piece) {
                break;
            }
        }
        let _ = target.shutdown(Shutdown::Write);
        let (lock, changed) = &*self.queue;
        lock.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        changed.notify_all();
    }

    /// The next piece, when it arrives.
    fn next(&self) -> Option<Vec<u8>> {
        let (lock, changed) = &*self.queue;
        let mut queue = lock.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let now = Instant::now();
            let due = queue.pieces.front().map(|(due, _)| *due).or(queue.end);
            let wait = due.map_or(Duration::from_secs(3600), |due| due.saturating_duration_since(now));
            if wait.is_zero() {
                let (_, piece) = queue.pieces.pop_front()?;
                queue.bytes -= piece.len();
                changed.notify_all();
                return Some(piece);
            }
            queue = changed.wait_timeout(queue, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Writes a piece, unless the line is stalled, up to where it is to be cut. `false` when the connection is over.
    fn forward(&self, target: &mut TcpStream, piece: &[u8]) -> bool {
        let mut state = self.shared.lock();
        while state.stalled && state.is_open(self.connection) {
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if !state.is_open(self.connection) {
            return false;
        }
        let mut piece = piece;
        let mut cut = false;
        let length = u64::try_from(piece.len()).unwrap();
        if self.direction == Direction::ToServer {
            let left = state.cut_at.map_or(u64::MAX, |at| at - state.sent);
            cut = left <= length;
            piece = &piece[..usize::try_from(left.min(length)).unwrap()];
        }
        // Counted before it is written: whoever has the answer finds the question counted.
        let counted = u64::try_from(piece.len()).unwrap();
        match self.direction {
            Direction::ToServer => state.sent += counted,
            Direction::ToClient => state.received += counted,
        }
        if cut {
            state.cut_at = None;
        }
        drop(state);
        let written = target.write_all(piece).is_ok();
        if cut {
            self.shared.lock().cut();
        }
        self.shared.changed.notify_all();
        written && !cut
    }
}
