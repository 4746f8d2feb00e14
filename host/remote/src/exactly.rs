//! Readers of exactly so many bytes: fewer are an error, more are not read.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Kind};

/// The body of an answer.
pub struct Received {
    inner: Box<dyn Read + Send>,
    left: u64,
}

impl Received {
    pub fn new(inner: Box<dyn Read + Send>, bytes: u64) -> Self {
        Self { inner, left: bytes }
    }
}

impl Read for Received {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(buffer) = within(buffer, self.left) else { return Ok(0) };
        let read = self.inner.read(buffer)?;
        if read == 0 {
            let message = format!("the answer of the server ended {} bytes too early", self.left);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        self.left = self.left.saturating_sub(read as u64);
        if self.left == 0 {
            // The connection can be used again only after the end was seen.
            let _ = self.inner.read(&mut [0]);
        }
        Ok(read)
    }
}

/// The body of a request. Its errors are of the kind `Changed`, unless the source has an [`Error`] of its own.
pub struct Sent {
    inner: Box<dyn Read + Send>,
    left: u64,
    read: Arc<AtomicU64>,
}

impl Sent {
    /// `read` counts the bytes.
    pub fn new(inner: Box<dyn Read + Send>, bytes: u64, read: Arc<AtomicU64>) -> Self {
        Self { inner, left: bytes, read }
    }
}

impl Read for Sent {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(buffer) = within(buffer, self.left) else { return Ok(0) };
        let changed = |message| io::Error::other(Error::new(Kind::Changed, message));
        match self.inner.read(buffer) {
            Ok(0) => Err(changed(format!("the file to upload has {} bytes too few", self.left))),
            Ok(read) => {
                self.left = self.left.saturating_sub(read as u64);
                self.read.fetch_add(read as u64, Ordering::Relaxed);
                Ok(read)
            }
            Err(error) if error.get_ref().is_some_and(|inner| inner.is::<Error>()) => Err(error),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => Err(changed(format!("the file to upload cannot be read: {error}"))),
        }
    }
}

/// The beginning of the buffer that may be filled; `None` if nothing is to be read.
fn within(buffer: &mut [u8], left: u64) -> Option<&mut [u8]> {
    let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
    buffer.get_mut(..most).filter(|buffer| !buffer.is_empty())
}
