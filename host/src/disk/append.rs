//! How bytes get into a file that grows: past the system's cache where that does well.

use std::fs::File;
use std::io;
use std::num::NonZeroU64;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use rustix::fs::{Advice, fadvise};

use super::direct::{self, ALIGN};
use super::retry::retry_at_end;
use crate::options::TOLD_BYTES;

pub(super) struct Way {
    file: Arc<File>,
    is_direct: bool,
    offset: u64,
    /// Up to where the disk was told to begin.
    told: u64,
}

impl Way {
    pub(super) fn new(file: Arc<File>, offset: u64) -> Self {
        let is_direct = offset.is_multiple_of(ALIGN as u64) && direct::set(&file, true);
        Self { file, is_direct, offset, told: offset }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        // The last bytes seldom fill what disks want to have filled.
        if self.is_direct && !bytes.len().is_multiple_of(ALIGN) {
            self.leave();
        }
        match self.put(bytes) {
            // This disk wants something else.
            Err(error) if self.is_direct && error.kind() == io::ErrorKind::InvalidInput => {
                self.leave();
                self.put(bytes)?;
            }
            written => written?,
        }
        self.offset = self.offset.saturating_add(bytes.len() as u64);
        if !self.is_direct {
            self.tell();
        }
        Ok(())
    }

    fn put(&self, bytes: &[u8]) -> io::Result<()> {
        retry_at_end(|| self.file.write_all_at(bytes, self.offset))
    }

    fn leave(&mut self) {
        direct::set(&self.file, false);
        self.is_direct = false;
    }

    /// Has the system begin to write what lies in its cache, so that little is left to wait for in the end. Advice, no more.
    fn tell(&mut self) {
        let count = self.offset.saturating_sub(self.told);
        if let Some(count) = NonZeroU64::new(count).filter(|count| count.get() >= TOLD_BYTES) {
            let _ = fadvise(&self.file, self.told, Some(count), Advice::DontNeed);
            self.told = self.offset;
        }
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        // Patches come in any size.
        if self.is_direct {
            self.leave();
        }
    }
}
