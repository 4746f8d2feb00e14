//! Reads one object at any offset: in order from one stream that is ahead, elsewhere in pieces that are kept.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ahead::Ahead;
use super::context::Context;
use super::fetch::Fetch;
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::protocol::Object;
use crate::stop::Stop;

/// An open object. Clones share what was read; each reads ahead by itself.
pub struct Reader {
    shared: Arc<Shared>,
    sequence: Mutex<Sequence>,
}

struct Shared {
    context: Arc<Context>,
    object: Object,
    stop: Stop,
    /// Recent pieces, the newest last.
    pieces: Mutex<VecDeque<(u64, Vec<u8>)>>,
}

/// The order of reads so far.
#[derive(Default)]
struct Sequence {
    /// Where the last read ended, and how many before it ended where the next began.
    next: u64,
    run: u32,
    announced: Range<u64>,
    ahead: Option<Ahead>,
}

impl Clone for Reader {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), sequence: Mutex::default() }
    }
}

impl Reader {
    pub(super) fn new(context: Arc<Context>, object: Object, stop: Stop) -> Self {
        let shared = Shared { context, object, stop, pieces: Mutex::default() };
        Self { shared: Arc::new(shared), sequence: Mutex::default() }
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.shared.object.size
    }

    /// Seconds since 1970, where the server says so.
    pub fn modified(&self) -> Option<i64> {
        self.shared.object.modified
    }

    /// Reads at an offset: at most `max` bytes and 1 MiB, and fewer where that is handier. Empty only at or past the end, or if `max` is 0.
    pub fn read(&self, offset: u64, max: usize) -> Result<Vec<u8>> {
        let most = max.min(limits::READ_MOST);
        let range = offset..offset.saturating_add(most as u64).min(self.size());
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let mut sequence = lock(&self.sequence);
        self.look_ahead(&mut sequence, offset);
        let bytes = match &mut sequence.ahead {
            Some(ahead) => {
                let taken = ahead.take(offset, most);
                if taken.is_err() || ahead.is_at_end() {
                    sequence.ahead = None;
                }
                taken?
            }
            None => self.shared.piece(range)?,
        };
        sequence.run = if offset == sequence.next { sequence.run.saturating_add(1) } else { 0 };
        sequence.next = offset.saturating_add(bytes.len() as u64);
        Ok(bytes)
    }

    /// Announces that these `count` bytes will be read next, once and in order. A hint: it never changes what is read.
    pub fn read_ahead(&mut self, offset: u64, count: u64) {
        let end = offset.saturating_add(count).min(self.size());
        let mut sequence = lock(&self.sequence);
        sequence.announced = offset..end;
        if end.saturating_sub(offset) > limits::READ_LEAST
            && !sequence.ahead.as_ref().is_some_and(|ahead| ahead.has(offset) && ahead.end() >= end)
        {
            sequence.ahead = self.shared.ahead(offset..end);
        }
    }

    /// Begins to read ahead, or ends it, as the next read at this offset suggests.
    fn look_ahead(&self, sequence: &mut Sequence, offset: u64) {
        if sequence.ahead.as_ref().is_some_and(|ahead| ahead.has(offset)) {
            return;
        }
        sequence.ahead = None;
        let end = match sequence.announced.contains(&offset) {
            true => sequence.announced.end,
            false if offset == sequence.next && sequence.run > 0 => self.size(),
            false => return,
        };
        if end.saturating_sub(offset) > limits::READ_LEAST {
            sequence.ahead = self.shared.ahead(offset..end);
        }
    }
}

impl Shared {
    fn ahead(&self, range: Range<u64>) -> Option<Ahead> {
        let stop = self.stop.child();
        Ahead::new(Fetch::new(&self.context, self.object.clone(), range.clone(), stop.clone()), range, stop)
    }

    fn piece(&self, range: Range<u64>) -> Result<Vec<u8>> {
        let wanted = range.end.saturating_sub(range.start);
        for (start, piece) in lock(&self.pieces).iter() {
            let from = range.start.checked_sub(*start).and_then(|from| usize::try_from(from).ok());
            if let Some(rest) = from.and_then(|from| piece.get(from..)).filter(|rest| !rest.is_empty()) {
                let count = rest.len().min(usize::try_from(wanted).unwrap_or(usize::MAX));
                return Ok(rest.get(..count).unwrap_or_default().to_vec());
            }
        }
        let end = range.start.saturating_add(wanted.max(limits::READ_LEAST)).min(self.object.size);
        let length = usize::try_from(end.saturating_sub(range.start)).unwrap_or(limits::READ_MOST);
        let mut bytes = vec![0; length];
        let mut fetch = Fetch::new(&self.context, self.object.clone(), range.start..end, self.stop.clone());
        if fetch.fill(&mut bytes)? != length {
            return Err(Error::new(
                Kind::Interrupted,
                format!("{} has fewer bytes than it had", self.object.name),
            ));
        }
        if length as u64 <= limits::READ_LEAST {
            let answer = bytes.get(..usize::try_from(wanted).unwrap_or(length)).unwrap_or(&bytes).to_vec();
            let mut pieces = lock(&self.pieces);
            pieces.push_back((range.start, bytes));
            if pieces.len() > limits::READ_PIECES {
                pieces.pop_front();
            }
            return Ok(answer);
        }
        Ok(bytes)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
