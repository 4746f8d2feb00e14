//! Appends to a growing file. It uses direct I/O where the file system supports it well, otherwise through the system's
//! cache.

use std::fs::File;
use std::io;
use std::num::NonZeroU64;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use rustix::fs::{Advice, fadvise};

use super::direct::{self, ALIGN};
use super::retry::retry_at_end;
use crate::tunables::WRITEBACK_BYTES;

/// Writes at the end of a file.
pub(super) struct Appender {
    file: Arc<File>,
    is_direct: bool,
    offset: u64,
    /// The end of what the system was asked to write back.
    written_back: u64,
}

impl Appender {
    /// Appends to a file that ends at `offset`.
    pub(super) fn new(file: Arc<File>, offset: u64) -> Self {
        let is_direct = offset.is_multiple_of(ALIGN as u64) && direct::set(&file, true);
        Self { file, is_direct, offset, written_back: offset }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        // The last piece of a file rarely has a length that direct I/O accepts.
        if self.is_direct && !bytes.len().is_multiple_of(ALIGN) {
            self.end_direct();
        }
        match self.write_at_end(bytes) {
            // This disk requires another alignment.
            Err(error) if self.is_direct && error.kind() == io::ErrorKind::InvalidInput => {
                self.end_direct();
                self.write_at_end(bytes)?;
            }
            written => written?,
        }
        self.offset = self.offset.saturating_add(bytes.len() as u64);
        if !self.is_direct {
            self.start_writeback();
        }
        Ok(())
    }

    fn write_at_end(&self, bytes: &[u8]) -> io::Result<()> {
        retry_at_end(|| self.file.write_all_at(bytes, self.offset))
    }

    fn end_direct(&mut self) {
        direct::set(&self.file, false);
        self.is_direct = false;
    }

    /// Asks the system to start writing what is in its cache, so that the final sync has little left to do. A hint only.
    fn start_writeback(&mut self) {
        let count = self.offset.saturating_sub(self.written_back);
        if let Some(count) = NonZeroU64::new(count).filter(|count| count.get() >= WRITEBACK_BYTES) {
            let _ = fadvise(&self.file, self.written_back, Some(count), Advice::DontNeed);
            self.written_back = self.offset;
        }
    }
}

impl Drop for Appender {
    fn drop(&mut self) {
        // Patches have any length, so they cannot use direct I/O.
        if self.is_direct {
            self.end_direct();
        }
    }
}
