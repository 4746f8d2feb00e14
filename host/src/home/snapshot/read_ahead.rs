//! Reading ahead: a thread reads a large file while the caller works on the bytes before.
//!
//! Owns how far it reads ahead. Reads the open file under the lock that pins it. A caller that asks for other bytes, or
//! for more than could be read, has to read them itself.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Builder;

use super::descriptor::Descriptor;
use crate::disk::permits::Semaphore;
use crate::tunables::{MAX_STREAMS, STREAM_PIECE, STREAM_PIECES};

static PERMITS: Semaphore = Semaphore::new(MAX_STREAMS);

pub(super) struct ReadAhead {
    pieces: Receiver<(u64, Vec<u8>)>,
    /// The piece that was received and not asked for yet.
    next: Option<(u64, Vec<u8>)>,
}

impl ReadAhead {
    /// `None` when no thread can be started, or when the limit of files that are read ahead is reached.
    pub(super) fn start(file: Arc<Descriptor>, mut offset: u64, end: u64) -> Option<Self> {
        let permit = PERMITS.try_acquire()?;
        let (ready, pieces) = sync_channel(STREAM_PIECES);
        let work = move || {
            let _permit = permit;
            while offset < end {
                let left = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX);
                let Ok(bytes) = file.read(offset, STREAM_PIECE.min(left)) else { return };
                let count = bytes.len() as u64;
                if count == 0 || ready.send((offset, bytes)).is_err() {
                    return;
                }
                offset = offset.saturating_add(count);
            }
        };
        Builder::new().name("home ahead".into()).spawn(work).ok()?;
        Some(Self { pieces, next: None })
    }

    /// The bytes from `offset` on, at most `max`; `None` when they were not read ahead.
    pub(super) fn read(&mut self, offset: u64, max: usize) -> Option<Vec<u8>> {
        loop {
            let (at, bytes) = match self.next.take() {
                Some(next) => next,
                None => self.pieces.recv().ok()?,
            };
            if at == offset && bytes.len() <= max {
                return Some(bytes);
            }
            if at >= offset {
                self.next = Some((at, bytes));
                return None;
            }
        }
    }
}
