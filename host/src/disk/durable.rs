//! What a file system cannot do, told from what went wrong: attributes, links, locks and guarantees cost no contents.
//!
//! Owns that distinction, for everything that is written. Whoever protects something (keys, sockets) does not ask here.

use std::os::fd::AsFd;

use rustix::io::{Errno, Result};

use super::retry::{retry, retry_at_end};

/// How file systems say that they do not have what was asked for: an attribute, another name of a file, a lock, a way to the disk. A
/// share passes on what its server says, which may be that it does not permit it.
const REFUSALS: [Errno; 9] = [
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

/// What could not be had, if anything. Any other error stays one.
pub(crate) fn unless_refused(outcome: Result<()>) -> Result<Option<Errno>> {
    match outcome {
        Err(errno) if REFUSALS.contains(&errno) => Ok(Some(errno)),
        other => other.map(|()| None),
    }
}

/// Brings a file's bytes to the disk. What a file system answers that cannot be told to; here a share may say so for a moment only.
pub(crate) fn sync_data(file: impl AsFd) -> Result<Option<Errno>> {
    unless_refused(retry_at_end(|| rustix::fs::fdatasync(&file)))
}

/// Brings a file or a directory to the disk.
pub(crate) fn sync(file: impl AsFd) -> Result<Option<Errno>> {
    unless_refused(retry(|| rustix::fs::fsync(&file)))
}

/// Brings everything of the file system to the disk.
pub(crate) fn sync_all(of: impl AsFd) -> Result<Option<Errno>> {
    unless_refused(retry(|| rustix::fs::syncfs(&of)))
}

/// What the system says, without a number.
pub(crate) fn words(errno: Errno) -> String {
    crate::error::reason(&errno.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_that_cannot_is_told_from_a_disk_that_fails() {
        for errno in [Errno::PERM, Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL, Errno::MLINK] {
            assert_eq!(unless_refused(Err(errno)), Ok(Some(errno)));
        }
        for errno in [Errno::IO, Errno::NOSPC, Errno::DQUOT, Errno::ROFS, Errno::STALE] {
            assert_eq!(unless_refused(Err(errno)), Err(errno));
        }
        assert_eq!(unless_refused(Ok(())), Ok(None));
    }
}
