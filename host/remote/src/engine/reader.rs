//! Reads one object at any offset.

use crate::error::{Error, Kind, Result};

/// An open object. Clones share what was read; each reads ahead by itself.
#[derive(Clone)]
pub struct Reader;

impl Reader {
    /// Bytes.
    pub fn size(&self) -> u64 {
        0
    }

    /// Seconds since 1970, where the server says so.
    pub fn modified(&self) -> Option<i64> {
        None
    }

    /// Reads at an offset: at most `max` bytes and 1 MiB. Empty only at or past the end.
    pub fn read(&self, offset: u64, max: usize) -> Result<Vec<u8>> {
        let _ = (offset, max);
        Err(Error::new(Kind::Unsupported, "not built yet"))
    }

    /// Announces that these `count` bytes will be read next, once and in order. A hint.
    pub fn read_ahead(&mut self, offset: u64, count: u64) {
        let _ = (offset, count);
    }
}
