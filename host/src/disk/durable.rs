//! Distinguishes an operation that a file system does not support from one that failed.
//!
//! Missing attributes, links, locks or durability guarantees lose no contents, so backups and restores continue without them. Code that
//! protects a secret (keys, sockets) must not use these functions.

use std::os::fd::AsFd;

use rustix::io::{Errno, Result};

use super::retry::{retry, retry_at_end};

/// The errors by which file systems say that they do not support an attribute, a hard link, a lock or a sync. A network share passes on
/// its server's answer, which may be "not permitted".
const UNSUPPORTED: [Errno; 9] = [
    Errno::PERM,
    Errno::ACCESS,
    Errno::OPNOTSUPP,
    Errno::NOSYS,
    Errno::INVAL,
    Errno::MLINK,
    Errno::NOLCK,
    Errno::OVERFLOW,
    Errno::RANGE,
];

/// Turns the errors of an unsupported operation into `Some`. Any other error stays an error.
pub(crate) fn unless_refused(outcome: Result<()>) -> Result<Option<Errno>> {
    match outcome {
        Err(errno) if UNSUPPORTED.contains(&errno) => Ok(Some(errno)),
        other => other.map(|()| None),
    }
}

/// Syncs a file's contents to the disk. Returns the error of a file system that does not support this. A network share may answer "not
/// permitted" for a moment, so the call is retried.
pub(crate) fn sync_data(file: impl AsFd) -> Result<Option<Errno>> {
    unless_refused(retry_at_end(|| rustix::fs::fdatasync(&file)))
}

/// Syncs a file or a directory to the disk.
pub(crate) fn sync(file: impl AsFd) -> Result<Option<Errno>> {
    unless_refused(retry(|| rustix::fs::fsync(&file)))
}

/// Syncs the whole file system to the disk.
pub(crate) fn sync_all(of: impl AsFd) -> Result<Option<Errno>> {
    unless_refused(retry(|| rustix::fs::syncfs(&of)))
}

/// The system's message for an error, without its number.
pub(crate) fn message(errno: Errno) -> String {
    crate::error::reason(&errno.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unsupported_operation_is_not_a_disk_error() {
        for errno in [Errno::PERM, Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL, Errno::MLINK] {
            assert_eq!(unless_refused(Err(errno)), Ok(Some(errno)));
        }
        for errno in [Errno::IO, Errno::NOSPC, Errno::DQUOT, Errno::ROFS, Errno::STALE] {
            assert_eq!(unless_refused(Err(errno)), Err(errno));
        }
        assert_eq!(unless_refused(Ok(())), Ok(None));
    }
}
