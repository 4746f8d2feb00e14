//! A thread that reads a range ahead of its reader, by a bounded number of pieces.

use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use super::fetch::Fetch;
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::stop::Stop;

/// The reader's end. Dropping it ends the thread.
pub struct Ahead {
    receiver: Receiver<Result<Vec<u8>>>,
    /// The piece in hand, and how much of it was taken.
    piece: Vec<u8>,
    taken: usize,
    /// What has not been taken yet.
    range: Range<u64>,
    stop: Stop,
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

impl Ahead {
    /// `fetch` reads the range and obeys `stop`. `None` if no thread can be started.
    pub fn new(mut fetch: Fetch, range: Range<u64>, stop: Stop) -> Option<Self> {
        let (sender, receiver) = sync_channel(limits::READ_QUEUE);
        let work = move || {
            loop {
                let mut piece = vec![0; limits::PIECE];
                let result = fetch.fill(&mut piece).map(|count| {
                    piece.truncate(count);
                    piece
                });
                let is_last = !matches!(&result, Ok(piece) if !piece.is_empty());
                if sender.send(result).is_err() || is_last {
                    return;
                }
            }
        };
        let started = thread::Builder::new().name("read ahead".to_owned()).spawn(work);
        started.ok().map(|_| Self { receiver, piece: Vec::new(), taken: 0, range, stop })
    }

    /// Whether the offset is next, or a little later.
    pub fn has(&self, offset: u64) -> bool {
        self.range.contains(&offset) && offset.saturating_sub(self.range.start) <= limits::READ_SKIP
    }

    pub fn end(&self) -> u64 {
        self.range.end
    }

    pub fn is_at_end(&self) -> bool {
        self.range.is_empty()
    }

    /// Takes at most `most` bytes at an offset that it has.
    pub fn take(&mut self, offset: u64, most: usize) -> Result<Vec<u8>> {
        loop {
            let skip = usize::try_from(offset.saturating_sub(self.range.start)).unwrap_or(usize::MAX);
            let rest = self.piece.get(self.taken..).unwrap_or_default();
            if let Some(rest) = rest.get(skip..).filter(|rest| !rest.is_empty()) {
                let bytes = rest.get(..most.min(rest.len())).unwrap_or_default().to_vec();
                self.advance(skip.saturating_add(bytes.len()));
                return Ok(bytes);
            }
            let skipped = rest.len();
            self.advance(skipped);
            self.taken = 0;
            self.piece = match self.receiver.recv() {
                Ok(piece) => piece?,
                Err(_) => Vec::new(),
            };
            if self.piece.is_empty() {
                return Err(Error::new(Kind::Interrupted, "the object ended before its size"));
            }
        }
    }

    fn advance(&mut self, count: usize) {
        self.taken = self.taken.saturating_add(count);
        self.range.start = self.range.start.saturating_add(count as u64);
    }
}
