//! The bytes of a part on their way from the source to the protocol: counted, hashed and held to the rate.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use md5::{Digest as _, Md5};
use xxhash_rust::xxh3::Xxh3;

use super::context::Context;
use super::retry::Patience;
use crate::error::{Error, Kind, Result};
use crate::hex::hex;
use crate::limits;
use crate::ports::Source;
use crate::stop::Stop;

/// Bytes that the server has taken so far. Only more than ever before is progress, so that sending the same bytes for ever comes to an end.
pub struct Progress {
    current: AtomicU64,
    highest: AtomicU64,
    patience: Arc<Patience>,
}

impl Progress {
    pub fn new(patience: Arc<Patience>) -> Self {
        Self { current: AtomicU64::new(0), highest: AtomicU64::new(0), patience }
    }

    pub fn current(&self) -> u64 {
        self.current.load(Ordering::Relaxed)
    }

    pub fn add(&self, bytes: u64) {
        let current = self.current.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if self.highest.fetch_max(current, Ordering::Relaxed) < current {
            self.patience.touch();
        }
    }

    /// These bytes are to be sent again.
    pub fn take_back(&self, bytes: u64) {
        self.current.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// What identifies the bytes of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digests {
    /// Sees a change while the same process sends.
    pub quick: u128,
    /// Where the protocol wants it.
    pub md5: Option<[u8; 16]>,
}

impl Digests {
    /// As the ledger keeps it.
    pub fn text(&self) -> String {
        match self.md5 {
            Some(md5) => format!("md5:{}", hex(&md5)),
            None => format!("xxh3:{:032x}", self.quick),
        }
    }
}

/// Reads a range of the source and digests it.
pub fn digest(source: &dyn Source, range: Range<u64>, with_md5: bool, stop: &Stop) -> Result<Digests> {
    let mut quick = Xxh3::new();
    let mut md5 = with_md5.then(Md5::new);
    let mut buffer = vec![0; limits::PIECE];
    let mut at = range.start;
    while at < range.end {
        stop.check()?;
        let bytes = read(source, at..range.end, &mut buffer)?;
        quick.update(bytes);
        if let Some(md5) = &mut md5 {
            md5.update(bytes);
        }
        at = at.saturating_add(bytes.len() as u64);
    }
    Ok(Digests { quick: quick.digest128(), md5: md5.map(|md5| md5.finalize().into()) })
}

/// Reads some bytes at the beginning of a range that is not empty.
pub fn read<'a>(source: &dyn Source, range: Range<u64>, buffer: &'a mut [u8]) -> Result<&'a [u8]> {
    let left = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
    let wanted = buffer.len().min(left);
    let count = loop {
        match source.read_at(range.start, buffer.get_mut(..wanted).unwrap_or_default()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                return Err(Error::new(Kind::Invalid, format!("cannot read {}: {error}", source.name())));
            }
            Ok(count) => break count,
        }
    };
    match buffer.get(..count.min(wanted)) {
        Some(bytes) if !bytes.is_empty() => Ok(bytes),
        _ => Err(changed(source, "it became shorter")),
    }
}

pub fn changed(source: &dyn Source, how: &str) -> Error {
    Error::new(Kind::Changed, format!("{} changed while it was uploaded: {how}", source.name()))
}

/// What became of a body. The protocol's own error says less.
#[derive(Default)]
pub struct Outcome {
    error: Mutex<Option<Error>>,
    /// Absent until all bytes were read.
    quick: Mutex<Option<u128>>,
    sent: AtomicU64,
}

impl Outcome {
    pub fn error(&self) -> Option<Error> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The digest of all bytes, once they have been read.
    pub fn quick(&self) -> Option<u128> {
        *self.quick.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

/// Reads a range of the source for one attempt to send it.
pub struct SourceReader {
    context: Arc<Context>,
    source: Arc<dyn Source>,
    range: Range<u64>,
    hasher: Box<Xxh3>,
    expected: Option<u128>,
    progress: Arc<Progress>,
    outcome: Arc<Outcome>,
    stop: Stop,
}

impl SourceReader {
    /// If the digest is known, other bytes are an error before the last of them is handed out.
    pub fn new(
        context: Arc<Context>,
        source: Arc<dyn Source>,
        range: Range<u64>,
        expected: Option<u128>,
        progress: Arc<Progress>,
        stop: Stop,
    ) -> Self {
        let (hasher, outcome) = (Box::new(Xxh3::new()), Arc::new(Outcome::default()));
        let mut reader = Self { context, source, range, hasher, expected, progress, outcome, stop };
        if reader.range.is_empty() {
            let _ = reader.end();
        }
        reader
    }

    pub fn outcome(&self) -> Arc<Outcome> {
        self.outcome.clone()
    }

    fn end(&mut self) -> Result<()> {
        let quick = self.hasher.digest128();
        if self.expected.is_some_and(|expected| expected != quick) {
            return Err(changed(&*self.source, "it has other bytes than before"));
        }
        *self.outcome.quick.lock().unwrap_or_else(PoisonError::into_inner) = Some(quick);
        Ok(())
    }

    fn next(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let wanted = buffer.len().min(self.context.limiter.piece());
        let Some(buffer) = buffer.get_mut(..wanted).filter(|_| wanted > 0 && !self.range.is_empty()) else {
            return Ok(0);
        };
        self.stop.check()?;
        let bytes = read(&*self.source, self.range.clone(), buffer)?;
        self.hasher.update(bytes);
        let count = bytes.len();
        self.range.start = self.range.start.saturating_add(count as u64);
        if self.range.is_empty() {
            self.end()?;
        }
        self.context.limiter.take(count, &self.stop)?;
        self.progress.add(count as u64);
        self.outcome.sent.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl Read for SourceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(error) = self.outcome.error() {
            return Err(io::Error::other(error));
        }
        self.next(buffer).map_err(|error| {
            *self.outcome.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
            io::Error::other(error)
        })
    }
}
