//! Reads a stored object: in order over one stream, or here and there in small ranges.
//!
//! Never returns wrong or missing bytes: a stream that breaks is taken up where it broke, or the read fails.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

use super::remote::Remote;
use super::retry::{Patience, retry};
use crate::error::{Error, Kind, Result};
use crate::limits::{PIECE, RANDOM_KEPT, RANDOM_READ, SEQUENTIAL_AFTER, SKIP_AHEAD, STREAM_PIECES};
use crate::protocol::Object;
use crate::stop::Stop;

/// An open object. Cheap to clone; clones share the stream.
#[derive(Clone)]
pub struct Reader(Arc<Inner>);

struct Inner {
    remote: Remote,
    object: Object,
    stop: Stop,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    stream: Option<Stream>,
    /// The end of what was announced, and where it begins.
    announced: Option<(u64, u64)>,
    /// Where the last read ended, and how many bytes were read in order up to there.
    last: (u64, u64),
    kept: VecDeque<(u64, Vec<u8>)>,
}

/// One read over a range, a few pieces ahead of the caller.
struct Stream {
    /// The offset of the first byte of `piece`.
    at: u64,
    piece: Vec<u8>,
    end: u64,
    more: Receiver<Result<Vec<u8>>>,
    /// Ends the thread.
    stop: Stop,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

impl Reader {
    pub(super) fn new(remote: Remote, object: Object, stop: Stop) -> Self {
        Self(Arc::new(Inner { remote, object, stop, state: Mutex::default() }))
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.0.object.size
    }

    /// When it was last written, in seconds since 1970, where the server says so.
    pub fn modified(&self) -> Option<i64> {
        self.0.object.modified
    }

    /// Announces that these bytes are read next, once and in order.
    pub fn read_ahead(&mut self, offset: u64, count: u64) {
        let end = offset.saturating_add(count).min(self.size());
        let mut state = self.state();
        let goes_on = state.stream.as_ref().is_some_and(|stream| stream.at == offset && stream.end >= end);
        if !goes_on {
            state.stream = None;
            state.announced = Some((offset, end)).filter(|(start, end)| start < end);
        }
    }

    /// Up to `max` bytes from `offset` on: at least one before the end, and none after it.
    pub fn read(&self, offset: u64, max: usize) -> Result<Vec<u8>> {
        let left = usize::try_from(self.size().saturating_sub(offset)).unwrap_or(usize::MAX);
        let max = max.min(left);
        if max == 0 {
            return Ok(Vec::new());
        }
        let mut state = self.state();
        let bytes = match kept(&state, offset, max) {
            Some(bytes) => bytes,
            None => self.fetch(&mut state, offset, max)?,
        };
        let in_order = if state.last.0 == offset { state.last.1 } else { 0 };
        let count = bytes.len() as u64;
        state.last = (offset.saturating_add(count), in_order.saturating_add(count));
        Ok(bytes)
    }

    fn fetch(&self, state: &mut State, offset: u64, max: usize) -> Result<Vec<u8>> {
        self.skip_to(state, offset)?;
        if state.stream.is_none() {
            let end = match state.announced {
                Some((start, end)) if (start..end).contains(&offset) => Some(end),
                _ if state.last.0 == offset && state.last.1 >= SEQUENTIAL_AFTER => Some(self.size()),
                _ => None,
            };
            match end {
                Some(end) => state.stream = Some(self.stream(offset, end)?),
                None => return self.random(state, offset, max),
            }
        }
        let Some(stream) = &mut state.stream else { return self.random(state, offset, max) };
        let taken = stream.take(max);
        if taken.is_err() || stream.at >= stream.end {
            state.stream = None;
            state.announced = None;
        }
        taken
    }

    /// Leads the stream to `offset`, or ends it if that is elsewhere.
    fn skip_to(&self, state: &mut State, offset: u64) -> Result<()> {
        let Some(stream) = &mut state.stream else { return Ok(()) };
        let ahead = offset.checked_sub(stream.at);
        if ahead.is_none_or(|ahead| ahead > SKIP_AHEAD) || offset >= stream.end {
            state.stream = None;
            // A jump ahead stays within what was announced.
            let rest = state.announced.filter(|_| ahead.is_some()).map(|(_, end)| (offset, end));
            state.announced = rest.filter(|(from, end)| from < end);
            return Ok(());
        }
        while stream.at < offset {
            let left = usize::try_from(offset.saturating_sub(stream.at)).unwrap_or(usize::MAX);
            if let Err(error) = stream.take(left) {
                state.stream = None;
                return Err(error);
            }
        }
        Ok(())
    }

    fn stream(&self, offset: u64, end: u64) -> Result<Stream> {
        let (sender, more) = sync_channel(STREAM_PIECES);
        let (inner, own) = (self.0.clone(), Stop::default());
        let ended = own.clone();
        let run = move || {
            let mut at = offset;
            let patience = Patience::new(inner.remote.times());
            while at < end && !ended.is_stopped() {
                let (from, mut sent) = (at, 0);
                let pumped = pump(&inner, from, end, &mut |bytes| {
                    sent += bytes.len() as u64;
                    // The reader may be gone.
                    sender.send(Ok(bytes)).is_ok() && !ended.is_stopped()
                });
                at = from.saturating_add(sent);
                match pumped {
                    Ok(true) => {}
                    Ok(false) => return,
                    Err(error) => {
                        patience.reached(at.saturating_sub(offset));
                        if let Err(error) = patience.after(error, &inner.stop) {
                            let _ = sender.send(Err(error));
                            return;
                        }
                    }
                }
            }
        };
        let thread = Builder::new().name("download".into()).spawn(run);
        thread.map_err(|error| Error::new(Kind::Interrupted, format!("cannot start a thread: {error}")))?;
        Ok(Stream { at: offset, piece: Vec::new(), end, more, stop: own })
    }

    /// Reads a small range, and keeps it.
    fn random(&self, state: &mut State, offset: u64, max: usize) -> Result<Vec<u8>> {
        let count = (max as u64).max(RANDOM_READ).min(self.size().saturating_sub(offset));
        let Inner { remote, object, stop, .. } = &*self.0;
        let bytes = retry(&Patience::new(remote.times()), stop, || {
            let range = offset..offset.saturating_add(count);
            read_range(remote, &object.name, range, stop)
        })?;
        let answer = bytes.get(..max.min(bytes.len())).unwrap_or_default().to_vec();
        state.kept.push_back((offset, bytes));
        while state.kept.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > RANDOM_KEPT {
            state.kept.pop_front();
        }
        Ok(answer)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was read before and is kept.
fn kept(state: &State, offset: u64, max: usize) -> Option<Vec<u8>> {
    state.kept.iter().find_map(|(start, bytes)| {
        let from = usize::try_from(offset.checked_sub(*start)?).ok()?;
        let bytes = bytes.get(from..).filter(|bytes| !bytes.is_empty())?;
        Some(bytes.get(..max).unwrap_or(bytes).to_vec())
    })
}

impl Stream {
    /// The next bytes, at most `max`.
    fn take(&mut self, max: usize) -> Result<Vec<u8>> {
        if self.piece.is_empty() {
            let lost = || Error::new(Kind::Interrupted, "the connection was given up");
            self.piece = self.more.recv().map_err(|_| lost())??;
        }
        let rest = self.piece.split_off(max.min(self.piece.len()));
        let taken = std::mem::replace(&mut self.piece, rest);
        self.at = self.at.saturating_add(taken.len() as u64);
        Ok(taken)
    }
}

/// Reads a small range whole.
pub(super) fn read_range(
    remote: &Remote,
    name: &str,
    range: std::ops::Range<u64>,
    stop: &Stop,
) -> Result<Vec<u8>> {
    let count = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
    remote.rate().wait(count, stop)?;
    let mut bytes = vec![0; count];
    let mut stream = remote.protocol().read(name, range, stop)?;
    stream.read_exact(&mut bytes).map_err(|error| broken(remote, name, &error))?;
    Ok(bytes)
}

/// Reads pieces from `at` to `end` and hands them on. False when nobody wants more.
fn pump(inner: &Inner, at: u64, end: u64, send: &mut dyn FnMut(Vec<u8>) -> bool) -> Result<bool> {
    let Inner { remote, object, stop, .. } = inner;
    let mut stream = remote.protocol().read(&object.name, at..end, stop)?;
    let mut left = end.saturating_sub(at);
    while left > 0 {
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE);
        remote.rate().wait(count, stop)?;
        let mut bytes = vec![0; count];
        stream.read_exact(&mut bytes).map_err(|error| broken(remote, &object.name, &error))?;
        left = left.saturating_sub(count as u64);
        if !send(bytes) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn broken(remote: &Remote, name: &str, error: &std::io::Error) -> Error {
    Error::new(Kind::Interrupted, format!("reading {}/{name}: {error}", remote.address()))
}
