//! The space budget of a restore. Counts and refuses; writes nothing.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::BinaryBytes;
use rustix::io::Errno;

use crate::error::{Doing, Error, Result};
use crate::model::shown;

/// The cost of an entry in addition to its content: about one block for its inode, its name and the unused end of its
/// last block. Without it, an archive of empty files could fill a disk.
const ENTRY_COST: u64 = 4096;

/// The free space at the start minus the reserve, and how much of it was spent.
pub(super) struct Budget {
    directory: OwnedFd,
    limit: u64,
    reserve: u64,
    spent: AtomicU64,
}

impl Budget {
    pub(super) fn new(directory: OwnedFd, reserve: u64) -> Result<Self> {
        let free = free(&directory).doing(|| "cannot determine the free space for the restore")?;
        Ok(Self { directory, limit: free.saturating_sub(reserve), reserve, spent: AtomicU64::new(0) })
    }

    /// Bytes that may still be written: limited by what is free now, and by what was free at the start minus what was
    /// spent.
    pub(super) fn available(&self) -> u64 {
        let own = self.limit.saturating_sub(self.spent.load(Ordering::Relaxed));
        free(&self.directory).map_or(own, |free| own.min(free.saturating_sub(self.reserve)))
    }

    /// Spends the fixed cost of the entry at `path`.
    pub(super) fn entry(&self, path: &[u8]) -> Result<()> {
        self.spend(ENTRY_COST, path)
    }

    /// Spends `bytes` for the entry at `path`. `NoSpace`, with figures, when they are not available.
    pub(super) fn spend(&self, bytes: u64, path: &[u8]) -> Result<()> {
        let available = self.available();
        if bytes > available {
            let [spent, left, reserve] =
                [self.spent.load(Ordering::Relaxed), available, self.reserve].map(size);
            return Err(Error::NoSpace(format!(
                "not enough space for {}: {spent} are written, {left} may still be used, and {reserve} always stay free; \
                 free some space, then try again",
                shown(path)
            )));
        }
        self.spent.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }
}

/// A size with unit: `9.10 MiB`.
fn size(bytes: u64) -> String {
    BinaryBytes(bytes).to_string()
}

/// Free bytes for the current user. A file system that reports none is not full: FUSE answers with zeros.
fn free(directory: &OwnedFd) -> rustix::io::Result<u64> {
    match rustix::fs::fstatvfs(directory) {
        Ok(figures) if figures.f_blocks > 0 => Ok(figures.f_bavail.saturating_mul(figures.f_frsize)),
        Ok(_) | Err(Errno::NOSYS | Errno::OPNOTSUPP) => Ok(u64::MAX),
        Err(error) => Err(error),
    }
}
