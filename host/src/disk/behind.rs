//! Writing behind: who appends goes on, while a thread brings the bytes to the disk, in their order.
//!
//! Owns the way to the disk: past the system's cache where that does well. What goes wrong is told with one of the next appends, or at
//! last when everything must be there.

use std::fs::File;
use std::io;
use std::num::NonZeroU64;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

use rustix::fs::{Advice, fadvise};

use super::direct::{self, ALIGN, Buffer};
use super::seats::{Seat, Seats};
use crate::options::{DISK_BUFFERS, DISK_ROOM, MAX_BEHIND, TOLD_BYTES};

static SEATS: Seats = Seats::new(MAX_BEHIND);

pub(crate) struct Behind {
    file: Arc<File>,
    /// Bytes that were appended.
    size: u64,
    thread: Option<Thread>,
    /// What went wrong. Bytes that were appended may be missing from then on, so nothing goes well any more.
    broken: Option<io::Error>,
}

struct Thread {
    filling: Buffer,
    full: SyncSender<Buffer>,
    empty: Receiver<Buffer>,
    handle: JoinHandle<io::Result<()>>,
}

impl Behind {
    /// Writes an empty file.
    pub(crate) fn new(file: Arc<File>) -> Self {
        Self { file, size: 0, thread: None, broken: None }
    }

    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.unless_broken(|this| this.take_over(bytes))
    }

    /// Waits until the file holds everything that was appended.
    pub(crate) fn settle(&mut self) -> io::Result<()> {
        self.unless_broken(|this| this.thread.take().map_or(Ok(()), Thread::end))
    }

    fn unless_broken(&mut self, work: impl FnOnce(&mut Self) -> io::Result<()>) -> io::Result<()> {
        if let Some(error) = &self.broken {
            return Err(same(error));
        }
        let done = work(self);
        self.broken = done.as_ref().err().map(same);
        done
    }

    fn take_over(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let seated = || SEATS.take().map(|seat| Thread::start(self.file.clone(), self.size, seat));
            let Some(mut thread) = self.thread.take().map(Ok).or_else(seated).transpose()? else {
                return self.write_now(bytes);
            };
            let later = thread.filling.fill(bytes);
            self.size = self.size.saturating_add(bytes.len().saturating_sub(later.len()) as u64);
            bytes = later;
            self.thread = Some(match thread.filling.is_full() {
                true => thread.hand_over()?,
                false => thread,
            });
        }
        Ok(())
    }

    fn write_now(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, self.size)?;
        self.size = self.size.saturating_add(bytes.len() as u64);
        Ok(())
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        // Nobody needs the file any more; its space is free once nobody writes to it.
        if let Some(Thread { full, handle, .. }) = self.thread.take() {
            drop(full);
            let _ = handle.join();
        }
    }
}

impl Thread {
    fn start(file: Arc<File>, offset: u64, seat: Seat) -> io::Result<Self> {
        let (full, to_write) = sync_channel::<Buffer>(DISK_BUFFERS);
        let (written, empty) = sync_channel(DISK_BUFFERS);
        for _ in 1..DISK_BUFFERS {
            // There is room for all of them.
            let _ = written.send(Buffer::new(DISK_ROOM));
        }
        let write = move || {
            let _seat = seat;
            let mut way = Way::new(file, offset);
            for mut buffer in to_write {
                way.write(buffer.bytes())?;
                buffer.used = 0;
                // Nobody takes it when there is nothing more to append.
                let _ = written.send(buffer);
            }
            Ok(())
        };
        let handle = Builder::new().name("draft".into()).spawn(write)?;
        Ok(Self { filling: Buffer::new(DISK_ROOM), full, empty, handle })
    }

    /// Has the full buffer written, and goes on with an empty one.
    fn hand_over(mut self) -> io::Result<Self> {
        let Ok(next) = self.empty.recv() else { return Err(self.why()) };
        let full = std::mem::replace(&mut self.filling, next);
        match self.full.send(full) {
            Ok(()) => Ok(self),
            Err(_) => Err(self.why()),
        }
    }

    fn end(self) -> io::Result<()> {
        let Self { filling, full, handle, .. } = self;
        if filling.used > 0 {
            // When nobody takes it, the thread says why.
            let _ = full.send(filling);
        }
        drop(full);
        handle.join().unwrap_or_else(|_| Err(io::Error::other("writing was given up")))
    }

    /// Why the thread takes nothing more.
    fn why(mut self) -> io::Error {
        self.filling.used = 0;
        self.end().err().unwrap_or_else(|| io::Error::other("writing ended too early"))
    }
}

/// The error once more, with its reason.
fn same(error: &io::Error) -> io::Error {
    error.raw_os_error().map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
}

/// How bytes get into the file.
struct Way {
    file: Arc<File>,
    is_direct: bool,
    offset: u64,
    /// Up to where the disk was told to begin.
    told: u64,
}

impl Way {
    fn new(file: Arc<File>, offset: u64) -> Self {
        let is_direct = offset.is_multiple_of(ALIGN as u64) && direct::set(&file, true);
        Self { file, is_direct, offset, told: offset }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        // The last bytes seldom fill what disks want to have filled.
        if self.is_direct && !bytes.len().is_multiple_of(ALIGN) {
            self.leave();
        }
        match self.file.write_all_at(bytes, self.offset) {
            // This disk wants something else.
            Err(error) if self.is_direct && error.kind() == io::ErrorKind::InvalidInput => {
                self.leave();
                self.file.write_all_at(bytes, self.offset)?;
            }
            written => written?,
        }
        self.offset = self.offset.saturating_add(bytes.len() as u64);
        if !self.is_direct {
            self.tell();
        }
        Ok(())
    }

    fn leave(&mut self) {
        direct::set(&self.file, false);
        self.is_direct = false;
    }

    /// Has the system begin to write what lies in its cache, so that little is left to wait for in the end. Advice, no more.
    fn tell(&mut self) {
        let count = self.offset.saturating_sub(self.told);
        if let Some(count) = NonZeroU64::new(count).filter(|count| count.get() >= TOLD_BYTES) {
            let _ = fadvise(&self.file, self.told, Some(count), Advice::DontNeed);
            self.told = self.offset;
        }
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        // Patches come in any size.
        if self.is_direct {
            self.leave();
        }
    }
}
