//! Write-behind: the caller appends and continues, while a thread writes the bytes to the disk in order.
//!
//! Limits the bytes and pieces in the queue. The thread also fetches bytes that come from another file. An error is reported by one of the
//! next appends, or at the latest by `flush`.

use std::collections::VecDeque;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use super::append::Appender;
use super::direct::Buffer;
use super::permits::{Permit, Semaphore};
use super::retry::retry_at_end;
use crate::error::{Doing, Error, Result};
use crate::tunables::{DISK_BUFFER, MAX_WRITE_BEHINDS, WRITE_BEHIND_BYTES, WRITE_BEHIND_PIECES};

static PERMITS: Semaphore = Semaphore::new(MAX_WRITE_BEHINDS);

/// Receives bytes, in order.
pub(crate) type Take<'a> = &'a mut dyn FnMut(&[u8]) -> Result<()>;
/// Fetches bytes from another file and passes them on: exactly as many as were announced.
pub(crate) type Fetch = Box<dyn FnOnce(Take<'_>) -> Result<()> + Send>;

/// A file that is written behind its caller.
pub(crate) struct WriteBehind {
    file: Arc<File>,
    /// The beginning of errors: "cannot write backups/a.tar".
    what: Arc<str>,
    /// Bytes that were appended.
    size: u64,
    thread: Option<Thread>,
    /// The first error. Appended bytes may be missing since then, so every later call fails with it.
    error: Option<Error>,
}

enum Piece {
    Bytes(Vec<u8>),
    Fetched(Fetch),
}

struct Thread {
    queue: Arc<Queue>,
    handle: JoinHandle<()>,
}

/// The pieces that wait to be written.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    /// Wakes the thread: there is enough to write, or the queue was closed.
    more: Condvar,
    /// Wakes the caller: there is room for more.
    room: Condvar,
}

#[derive(Default)]
struct State {
    pieces: VecDeque<Piece>,
    /// Bytes of all waiting pieces, also of those still to be fetched.
    pending: u64,
    /// Bytes in memory, including those that are being written.
    bytes: usize,
    /// The number of pieces, likewise.
    count: usize,
    /// Whether the caller waits for room.
    is_caller_waiting: bool,
    is_closed: bool,
    /// Whether the thread has ended, for whatever reason.
    has_ended: bool,
    error: Option<Error>,
}

impl WriteBehind {
    /// Writes to an empty file. `what` begins every error.
    pub(crate) fn new(file: Arc<File>, what: impl Into<Arc<str>>) -> Self {
        Self { file, what: what.into(), size: 0, thread: None, error: None }
    }

    /// The bytes that were appended so far.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Appends bytes.
    pub(crate) fn append(&mut self, bytes: Vec<u8>) -> Result<()> {
        let count = bytes.len() as u64;
        self.put(Piece::Bytes(bytes), count)
    }

    /// Appends `count` bytes that the thread fetches when it reaches them.
    pub(crate) fn append_from(&mut self, count: u64, fetch: Fetch) -> Result<()> {
        self.put(Piece::Fetched(fetch), count)
    }

    /// Waits until the file holds everything that was appended.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.unless_failed(|this| this.thread.take().map_or(Ok(()), Thread::end))
    }

    fn put(&mut self, piece: Piece, count: u64) -> Result<()> {
        if count == 0 {
            return Ok(());
        }
        self.unless_failed(|this| {
            if this.thread.is_none() {
                let permit = PERMITS.try_acquire();
                this.thread =
                    permit.and_then(|permit| Thread::start(this.file.clone(), &this.what, this.size, permit));
            }
            match &this.thread {
                Some(thread) => thread.queue.put(piece, count)?,
                None => {
                    let mut at = this.size;
                    piece.copy_to(&mut |bytes| {
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

    fn unless_failed(&mut self, work: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        let done = work(self);
        self.error = done.as_ref().err().cloned();
        done
    }
}

impl Drop for WriteBehind {
    fn drop(&mut self) {
        // The file is not needed any more. Wait for the thread, so that the file's space is free afterward.
        if let Some(Thread { queue, handle }) = self.thread.take() {
            queue.state().pieces.clear();
            queue.close();
            let _ = handle.join();
        }
    }
}

impl Piece {
    /// Bytes in memory.
    fn in_memory(&self) -> usize {
        if let Self::Bytes(bytes) = self { bytes.len() } else { 0 }
    }

    fn copy_to(self, take: Take<'_>) -> Result<()> {
        match self {
            Self::Bytes(bytes) => take(&bytes),
            Self::Fetched(fetch) => fetch(take),
        }
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room and adds a piece. Fails when the thread has failed.
    fn put(&self, piece: Piece, count: u64) -> Result<()> {
        let mut state = self.state();
        while !state.has_ended && (state.bytes >= WRITE_BEHIND_BYTES || state.count >= WRITE_BEHIND_PIECES) {
            state.is_caller_waiting = true;
            // Wake the thread even if there is little to write: the caller waits for it.
            self.more.notify_one();
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.has_ended {
            return Err(state.error.clone().unwrap_or_else(ended_early));
        }
        state.bytes += piece.in_memory();
        state.count += 1;
        state.pieces.push_back(piece);
        let before = state.pending;
        state.pending = before.saturating_add(count);
        // Above this limit the thread is awake already.
        if before < DISK_BUFFER as u64 && state.pending >= DISK_BUFFER as u64 {
            drop(state);
            self.more.notify_one();
        }
        Ok(())
    }

    fn close(&self) {
        self.state().is_closed = true;
        self.more.notify_one();
    }

    /// Waits for enough pieces to write; `None` at the end.
    fn next(&self) -> Option<VecDeque<Piece>> {
        let mut state = self.state();
        loop {
            let is_worth_it =
                state.pending >= DISK_BUFFER as u64 || state.is_caller_waiting || state.is_closed;
            if is_worth_it && !state.pieces.is_empty() {
                state.pending = 0;
                return Some(std::mem::take(&mut state.pieces));
            }
            if state.is_closed {
                return None;
            }
            state = self.more.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Releases a piece that was written.
    fn done(&self, in_memory: usize) {
        let mut state = self.state();
        state.bytes -= in_memory;
        state.count -= 1;
        let has_room = state.bytes < WRITE_BEHIND_BYTES / 2 && state.count < WRITE_BEHIND_PIECES / 2;
        if has_room && std::mem::take(&mut state.is_caller_waiting) {
            self.room.notify_one();
        }
    }
}

/// Reports the end of the thread to the queue, also when it panics.
struct EndGuard(Arc<Queue>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.has_ended = true;
        state.pieces.clear();
        self.0.room.notify_one();
    }
}

fn ended_early() -> Error {
    Error::Io("the thread that writes the file has ended unexpectedly".into())
}

impl Thread {
    /// `None` when no thread can be started.
    fn start(file: Arc<File>, what: &Arc<str>, offset: u64, permit: Permit) -> Option<Self> {
        let queue = Arc::new(Queue::default());
        let (theirs, what) = (queue.clone(), what.clone());
        let work = move || {
            let _permit = permit;
            let end = EndGuard(theirs);
            let appender = Appender::new(file, offset);
            let mut writer = BufferedWriter { buffer: Buffer::new(DISK_BUFFER), appender, what };
            if let Err(error) = writer.write_all(&end.0) {
                end.0.state().error = Some(error);
            }
        };
        let handle = Builder::new().name("write-behind".into()).spawn(work).ok()?;
        Some(Self { queue, handle })
    }

    fn end(self) -> Result<()> {
        self.queue.close();
        let ended = self.handle.join();
        match self.queue.state().error.take() {
            Some(error) => Err(error),
            None => ended.map_err(|_| ended_early()),
        }
    }
}

/// Collects pieces in an aligned buffer and writes it when it is full.
struct BufferedWriter {
    buffer: Buffer,
    appender: Appender,
    what: Arc<str>,
}

impl BufferedWriter {
    fn write_all(&mut self, queue: &Queue) -> Result<()> {
        while let Some(pieces) = queue.next() {
            for piece in pieces {
                let in_memory = piece.in_memory();
                piece.copy_to(&mut |bytes| self.fill(bytes))?;
                queue.done(in_memory);
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
        self.appender.write(self.buffer.bytes()).doing(|| &self.what)?;
        self.buffer.used = 0;
        Ok(())
    }
}
