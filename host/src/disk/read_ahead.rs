//! Read-ahead: a thread reads a range of a file with direct I/O before the bytes are asked for.
//!
//! Limits how many bytes and how many files are read ahead. A caller that asks for other bytes, or for bytes that cannot be read, gets
//! nothing and has to read them itself.

use std::fs::File;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Builder;

use super::direct::{self, ALIGN, Buffer};
use super::permits::Semaphore;
use crate::tunables::{DISK_BUFFER, DISK_BUFFERS, MAX_READ_AHEADS};

static PERMITS: Semaphore = Semaphore::new(MAX_READ_AHEADS);

/// A range of a file that is being read ahead.
pub(crate) struct ReadAhead {
    /// The buffer in use, and its offset in the file.
    current: Option<(u64, Buffer)>,
    filled: Receiver<(u64, Buffer)>,
    empty: SyncSender<Buffer>,
}

impl ReadAhead {
    /// Starts to read the bytes from `offset` to `end`. `None` when the file does not support direct I/O, or when no permit is free.
    pub(crate) fn start(file: &File, offset: u64, end: u64) -> Option<Self> {
        let permit = PERMITS.try_acquire()?;
        let file = direct::reopen(file)?;
        let (fill, filled) = sync_channel(DISK_BUFFERS);
        let (empty, to_fill) = sync_channel::<Buffer>(DISK_BUFFERS);
        for _ in 0..DISK_BUFFERS {
            empty.send(Buffer::new(DISK_BUFFER)).ok()?;
        }
        let work = move || {
            let _permit = permit;
            let mut at = offset - offset % ALIGN as u64;
            // A closed channel means that the reader was dropped.
            while let Some(mut buffer) = (at < end).then(|| to_fill.recv().ok()).flatten() {
                if buffer.read(&file, at, DISK_BUFFER).is_err() || buffer.used == 0 {
                    return;
                }
                let next = at.saturating_add(buffer.used as u64);
                if fill.send((at, buffer)).is_err() || !next.is_multiple_of(ALIGN as u64) {
                    return;
                }
                at = next;
            }
        };
        Builder::new().name("read-ahead".into()).spawn(work).ok()?;
        Some(Self { current: None, filled, empty })
    }

    /// One or more bytes from `offset` on; `None` when they were not read ahead.
    pub(crate) fn at(&mut self, offset: u64) -> Option<&[u8]> {
        loop {
            if let Some((start, buffer)) = &self.current {
                let skipped = usize::try_from(offset.checked_sub(*start)?).ok()?;
                if skipped < buffer.used {
                    break;
                }
            }
            if let Some((_, buffer)) = self.current.take() {
                // The thread has ended when the whole range is read.
                let _ = self.empty.send(buffer);
            }
            self.current = Some(self.filled.recv().ok()?);
        }
        let (start, buffer) = self.current.as_ref()?;
        buffer.bytes().get(usize::try_from(offset.checked_sub(*start)?).ok()?..)
    }
}
