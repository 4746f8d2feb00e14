//! Checks that all locations on a file system share: free space, free names, permissions, timestamps.

use std::fs::{Metadata, symlink_metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, accessat};

use crate::error::{Doing, Error, Result};
use crate::model::Timestamp;

/// Free bytes on the file system of `path`, or of its nearest existing parent if `path` does not exist yet.
pub(super) fn free_space(path: &Path) -> Option<u64> {
    let existing = path.ancestors().find(|path| path.exists())?;
    // FUSE answers with zeros where a file system does not report its size: that one is not full.
    let space = rustix::fs::statvfs(existing).ok().filter(|space| space.f_blocks > 0)?;
    Some(space.f_bavail.saturating_mul(space.f_frsize))
}

/// Refuses a new file whose name is taken, or whose directory this user may not write to. `directory` may not exist yet.
pub(super) fn check_can_create(directory: &Path, target: &Path) -> Result<()> {
    if symlink_metadata(target).is_ok() {
        return Err(already_exists(target));
    }
    let existing = directory.ancestors().find(|path| path.exists()).unwrap_or(directory);
    let access = Access::WRITE_OK | Access::EXEC_OK;
    accessat(CWD, existing, access, AtFlags::EACCESS).doing(|| cannot_create(directory))
}

pub(super) fn already_exists(target: &Path) -> Error {
    Error::Exists(format!("{} already exists", target.display()))
}

pub(super) fn cannot_create(directory: &Path) -> String {
    format!("cannot create a backup in {}", directory.display())
}

/// When the file was last written.
pub(super) fn modified(metadata: &Metadata) -> Timestamp {
    let nanoseconds = u32::try_from(metadata.mtime_nsec()).unwrap_or(0);
    Timestamp { seconds: metadata.mtime(), nanoseconds }
}
