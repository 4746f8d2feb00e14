//! Writing behind: who appends goes on, while a thread brings the bytes to the disk, in their order.
//!
//! Owns what waits, and how much of it. Bytes that lie in another file are fetched by the thread, too. What goes wrong is told with one
//! of the next appends, or at last when everything must be there.

use std::collections::VecDeque;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use super::append::Way;
use super::direct::Buffer;
use super::permits::{Seat, Seats};
use super::retry::retry_at_end;
use crate::error::{Doing, Error, Result};
use crate::options::{BEHIND_BYTES, BEHIND_PIECES, DISK_ROOM, MAX_BEHIND};

static SEATS: Seats = Seats::new(MAX_BEHIND);

/// Takes bytes, in their order.
pub(crate) type Take<'a> = &'a mut dyn FnMut(&[u8]) -> Result<()>;
/// Hands over bytes that lie elsewhere, exactly as many as were announced.
pub(crate) type Fetch = Box<dyn FnOnce(Take<'_>) -> Result<()> + Send>;

pub(crate) struct Behind {
    file: Arc<File>,
    /// What is being done, for errors: "cannot write backups/a.tar".
    what: Arc<str>,
    /// Bytes that were appended.
    size: u64,
    thread: Option<Thread>,
    /// What went wrong. Bytes that were appended may be missing from then on, so nothing goes well any more.
    broken: Option<Error>,
}

enum Piece {
    Bytes(Vec<u8>),
    Elsewhere(Fetch),
}

struct Thread {
    queue: Arc<Queue>,
    handle: JoinHandle<()>,
}

/// What waits to be written.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    /// What the thread waits for: enough to do, or the end.
    more: Condvar,
    /// What who appends waits for.
    room: Condvar,
}

#[derive(Default)]
struct State {
    pieces: VecDeque<Piece>,
    /// Bytes of all pieces that wait, wherever they lie.
    to_do: u64,
    /// Bytes and pieces in memory, those that are being written included.
    bytes: usize,
    count: usize,
    is_waited_for: bool,
    is_closed: bool,
    /// Nobody writes any more, for whatever reason.
    has_ended: bool,
    broken: Option<Error>,
}

impl Behind {
    /// Writes an empty file.
    pub(crate) fn new(file: Arc<File>, what: impl Into<Arc<str>>) -> Self {
        Self { file, what: what.into(), size: 0, thread: None, broken: None }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn append(&mut self, bytes: Vec<u8>) -> Result<()> {
        let count = bytes.len() as u64;
        self.put(Piece::Bytes(bytes), count)
    }

    /// Appends `count` bytes that the thread fetches when it is their turn.
    pub(crate) fn append_from(&mut self, count: u64, fetch: Fetch) -> Result<()> {
        self.put(Piece::Elsewhere(fetch), count)
    }

    /// Waits until the file holds everything that was appended.
    pub(crate) fn settle(&mut self) -> Result<()> {
        self.unless_broken(|this| this.thread.take().map_or(Ok(()), Thread::end))
    }

    fn put(&mut self, piece: Piece, count: u64) -> Result<()> {
        if count == 0 {
            return Ok(());
        }
        self.unless_broken(|this| {
            if this.thread.is_none() {
                let seat = SEATS.take();
                this.thread =
                    seat.and_then(|seat| Thread::start(this.file.clone(), &this.what, this.size, seat));
            }
            match &this.thread {
                Some(thread) => thread.queue.put(piece, count)?,
                None => {
                    let mut at = this.size;
                    piece.pass(&mut |bytes| {
                        retry_at_end(|| this.file.write_all_at(bytes, at)).doing(|| &this.what)?;
                        at = at.saturating_add(bytes.len() as u64);
                        Ok(())
                    })?;
                }
            }
            this.size = this.size.saturating_add(count);
            Ok(())
        })
    }

    fn unless_broken(&mut self, work: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let done = work(self);
        self.broken = done.as_ref().err().cloned();
        done
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        // Nobody needs the file any more; its space is free once nobody writes to it.
        if let Some(Thread { queue, handle }) = self.thread.take() {
            queue.state().pieces.clear();
            queue.close();
            let _ = handle.join();
        }
    }
}

impl Piece {
    /// Bytes in memory.
    fn held(&self) -> usize {
        if let Self::Bytes(bytes) = self { bytes.len() } else { 0 }
    }

    fn pass(self, take: Take<'_>) -> Result<()> {
        match self {
            Self::Bytes(bytes) => take(&bytes),
            Self::Elsewhere(fetch) => fetch(take),
        }
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room, and fails when the thread has failed.
    fn put(&self, piece: Piece, count: u64) -> Result<()> {
        let mut state = self.state();
        while !state.has_ended && (state.bytes >= BEHIND_BYTES || state.count >= BEHIND_PIECES) {
            state.is_waited_for = true;
            // However little there is to do, somebody waits for it.
            self.more.notify_one();
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.has_ended {
            return Err(state.broken.clone().unwrap_or_else(given_up));
        }
        state.bytes += piece.held();
        state.count += 1;
        state.pieces.push_back(piece);
        let before = state.to_do;
        state.to_do = before.saturating_add(count);
        // It does not sleep with more than that to do.
        if before < DISK_ROOM as u64 && state.to_do >= DISK_ROOM as u64 {
            drop(state);
            self.more.notify_one();
        }
        Ok(())
    }

    fn close(&self) {
        self.state().is_closed = true;
        self.more.notify_one();
    }

    /// Waits for what is worth being written; none at the end.
    fn next(&self) -> Option<VecDeque<Piece>> {
        let mut state = self.state();
        loop {
            let is_worth_it = state.to_do >= DISK_ROOM as u64 || state.is_waited_for || state.is_closed;
            if is_worth_it && !state.pieces.is_empty() {
                state.to_do = 0;
                return Some(std::mem::take(&mut state.pieces));
            }
            if state.is_closed {
                return None;
            }
            state = self.more.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A piece is not needed any more.
    fn done(&self, held: usize) {
        let mut state = self.state();
        state.bytes -= held;
        state.count -= 1;
        let has_room = state.bytes < BEHIND_BYTES / 2 && state.count < BEHIND_PIECES / 2;
        if has_room && std::mem::take(&mut state.is_waited_for) {
            self.room.notify_one();
        }
    }
}

/// The thread's end of the queue.
struct End(Arc<Queue>);

impl Drop for End {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.has_ended = true;
        state.pieces.clear();
        self.0.room.notify_one();
    }
}

fn given_up() -> Error {
    Error::Io("writing was given up".into())
}

impl Thread {
    /// None when no thread can be had.
    fn start(file: Arc<File>, what: &Arc<str>, offset: u64, seat: Seat) -> Option<Self> {
        let queue = Arc::new(Queue::default());
        let (theirs, what) = (queue.clone(), what.clone());
        let work = move || {
            let _seat = seat;
            let end = End(theirs);
            let mut filling = Filling { buffer: Buffer::new(DISK_ROOM), way: Way::new(file, offset), what };
            if let Err(error) = filling.write_all(&end.0) {
                end.0.state().broken = Some(error);
            }
        };
        let handle = Builder::new().name("draft".into()).spawn(work).ok()?;
        Some(Self { queue, handle })
    }

    fn end(self) -> Result<()> {
        self.queue.close();
        let ended = self.handle.join();
        match self.queue.state().broken.take() {
            Some(error) => Err(error),
            None => ended.map_err(|_| given_up()),
        }
    }
}

/// The thread's own: a buffer as the disk wants it, and where it goes.
struct Filling {
    buffer: Buffer,
    way: Way,
    what: Arc<str>,
}

impl Filling {
    fn write_all(&mut self, queue: &Queue) -> Result<()> {
        while let Some(pieces) = queue.next() {
            for piece in pieces {
                let held = piece.held();
                piece.pass(&mut |bytes| self.fill(bytes))?;
                queue.done(held);
            }
        }
        self.write()
    }

    fn fill(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            bytes = self.buffer.fill(bytes);
            if self.buffer.is_full() {
                self.write()?;
            }
        }
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        self.way.write(self.buffer.bytes()).doing(|| &self.what)?;
        self.buffer.used = 0;
        Ok(())
    }
}
