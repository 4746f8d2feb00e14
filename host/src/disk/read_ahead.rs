//! Reading ahead: a thread reads a file from one place to another, past the system's cache, before it is asked for.
//!
//! Owns how much is read ahead. Who asks for something else, or for more than can be read, is told to read for itself.

use std::fs::File;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::Builder;

use super::direct::{self, ALIGN, Buffer};
use super::permits::Seats;
use crate::options::{DISK_BUFFERS, DISK_ROOM, MAX_AHEAD};

static SEATS: Seats = Seats::new(MAX_AHEAD);

pub(crate) struct Ahead {
    /// What is being used, and where it begins.
    window: Option<(u64, Buffer)>,
    read: Receiver<(u64, Buffer)>,
    used: SyncSender<Buffer>,
}

impl Ahead {
    /// None when this file cannot be read so, or when as many are as may be.
    pub(crate) fn start(file: &File, offset: u64, end: u64) -> Option<Self> {
        let seat = SEATS.take()?;
        let file = direct::reopen(file)?;
        let (full, read) = sync_channel(DISK_BUFFERS);
        let (used, empty) = sync_channel::<Buffer>(DISK_BUFFERS);
        for _ in 0..DISK_BUFFERS {
            used.send(Buffer::new(DISK_ROOM)).ok()?;
        }
        let work = move || {
            let _seat = seat;
            let mut at = offset - offset % ALIGN as u64;
            // Without a buffer, or anybody who takes one, nobody wants more.
            while let Some(mut buffer) = (at < end).then(|| empty.recv().ok()).flatten() {
                if buffer.read(&file, at, DISK_ROOM).is_err() || buffer.used == 0 {
                    return;
                }
                let next = at.saturating_add(buffer.used as u64);
                if full.send((at, buffer)).is_err() || !next.is_multiple_of(ALIGN as u64) {
                    return;
                }
                at = next;
            }
        };
        Builder::new().name("stored ahead".into()).spawn(work).ok()?;
        Some(Self { window: None, read, used })
    }

    /// Some of the bytes from `offset` on, one at least; none when they were not read ahead.
    pub(crate) fn at(&mut self, offset: u64) -> Option<&[u8]> {
        loop {
            if let Some((start, buffer)) = &self.window {
                let skipped = usize::try_from(offset.checked_sub(*start)?).ok()?;
                if skipped < buffer.used {
                    break;
                }
            }
            if let Some((_, buffer)) = self.window.take() {
                // Nobody takes it when all has been read.
                let _ = self.used.send(buffer);
            }
            self.window = Some(self.read.recv().ok()?);
        }
        let (start, buffer) = self.window.as_ref()?;
        buffer.bytes().get(usize::try_from(offset.checked_sub(*start)?).ok()?..)
    }
}
