//! A range of the source as the body of a request: it waits for the rate limiter, counts, and notices a source that changes.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use md5::{Digest, Md5};

use super::rate::Rate;
use super::retry::Patience;
use crate::error::{Error, Kind, Result};
use crate::limits::PIECE;
use crate::ports::Source;
use crate::stop::Stop;

/// What all bodies of one upload share.
pub(super) struct Transfer {
    pub source: Arc<dyn Source>,
    pub rate: Arc<Rate>,
    pub patience: Patience,
    pub stop: Stop,
    /// Bytes that are stored or on their way.
    pub moved: AtomicU64,
    /// What is wrong with the source. A protocol reports only that its body broke off.
    pub broken: Mutex<Option<Error>>,
}

impl Transfer {
    pub(super) fn add(&self, bytes: u64) {
        let moved = self.moved.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        self.patience.reached(moved);
    }

    /// The error of a request: if the source broke it, the source's.
    pub(super) fn cause(&self, error: Error) -> Error {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or(error)
    }

    fn break_off(&self, error: Error) -> io::Error {
        *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
        io::Error::other(error)
    }

    /// An attempt failed: its bytes do not count.
    pub(super) fn take_back(&self, bytes: u64) {
        let _ = self
            .moved
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |moved| Some(moved.saturating_sub(bytes)));
    }
}

/// Reads a range once.
pub(super) struct SourceReader {
    transfer: Arc<Transfer>,
    offset: u64,
    end: u64,
    digest: Option<(Md5, [u8; 16])>,
    /// Bytes that were read, shared with the caller.
    sent: Arc<AtomicU64>,
}

impl SourceReader {
    /// The bytes from `offset` on. Where `md5` is given, other bytes are an error at the end.
    pub(super) fn new(
        transfer: Arc<Transfer>,
        offset: u64,
        size: u64,
        md5: Option<[u8; 16]>,
        sent: Arc<AtomicU64>,
    ) -> Self {
        let digest = md5.map(|md5| (Md5::new(), md5));
        Self { transfer, offset, end: offset.saturating_add(size), digest, sent }
    }
}

impl Read for SourceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        let most = left.min(buffer.len()).min(PIECE);
        let Some(space) = buffer.get_mut(..most).filter(|space| !space.is_empty()) else {
            return Ok(0);
        };
        let transfer = &self.transfer;
        transfer.rate.wait(most, &transfer.stop).map_err(|error| transfer.break_off(error))?;
        let read = transfer.source.read_at(self.offset, space);
        let name = transfer.source.name();
        let count = read.map_err(|error| transfer.break_off(unreadable(name, &error)))?;
        if count == 0 {
            return Err(transfer.break_off(changed(name)));
        }
        self.offset = self.offset.saturating_add(count as u64);
        let is_at_end = self.offset >= self.end;
        if let Some((digest, _)) = &mut self.digest {
            digest.update(space.get(..count).unwrap_or_default());
        }
        if is_at_end
            && let Some((digest, expected)) = self.digest.take()
            && digest.finalize().as_slice() != expected
        {
            return Err(self.transfer.break_off(changed(self.transfer.source.name())));
        }
        self.sent.fetch_add(count as u64, Ordering::Relaxed);
        self.transfer.add(count as u64);
        Ok(count)
    }
}

/// The MD5 of a range.
pub(super) fn md5_of(source: &dyn Source, mut offset: u64, size: u64, stop: &Stop) -> Result<[u8; 16]> {
    let end = offset.saturating_add(size);
    let mut digest = Md5::new();
    let mut buffer = vec![0; PIECE];
    while offset < end {
        stop.check()?;
        let bytes = read_some(source, offset, end, &mut buffer)?;
        digest.update(bytes);
        offset = offset.saturating_add(bytes.len() as u64);
    }
    Ok(digest.finalize().into())
}

/// Reads up to a buffer's bytes before `end`. There is at least one.
pub(super) fn read_some<'a>(
    source: &dyn Source,
    offset: u64,
    end: u64,
    buffer: &'a mut [u8],
) -> Result<&'a [u8]> {
    let left = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX);
    let most = left.min(buffer.len());
    let space = buffer.get_mut(..most).unwrap_or_default();
    let count = source.read_at(offset, space).map_err(|error| unreadable(source.name(), &error))?;
    match space.get(..count).filter(|bytes| !bytes.is_empty()) {
        Some(bytes) => Ok(bytes),
        None => Err(changed(source.name())),
    }
}

/// The error of a source that is not what it was.
pub(super) fn changed(name: &str) -> Error {
    let message = format!("{name} changed while it was uploaded, so nothing was stored; try again");
    Error::new(Kind::Changed, message)
}

fn unreadable(name: &str, error: &io::Error) -> Error {
    Error::new(Kind::Changed, format!("{name} cannot be read: {error}; nothing was stored"))
}
