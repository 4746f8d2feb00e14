//! Mode, owner and modification time: taken from an entry, given to what was staged for it.
//!
//! Refuses to give a set-user-id or set-group-id bit to a file whose owner could not be given: it would let others act as
//! somebody whom the archive never meant.

use std::os::fd::AsFd;

use rustix::fs::{AtFlags, FileType, Gid, Mode, Stat, Timespec, Timestamps, UTIME_OMIT, Uid};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::{Entry, shown};

const SET_USER_ID: u32 = 0o4000;
const SET_GROUP_ID: u32 = 0o2000;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Metadata {
    pub(super) mode: u32,
    uid: u32,
    gid: u32,
    seconds: i64,
    nanoseconds: u32,
}

impl Metadata {
    /// `Invalid` when the nanoseconds are none.
    pub(super) fn of(entry: &Entry) -> Result<Self> {
        let time = entry.modified;
        if time.nanoseconds >= 1_000_000_000 {
            return Err(Error::Invalid(format!(
                "{} has {} nanoseconds in its time: a second has fewer",
                shown(&entry.path),
                time.nanoseconds
            )));
        }
        Ok(Self {
            mode: entry.mode & 0o7777,
            uid: entry.owner.uid,
            gid: entry.owner.gid,
            seconds: time.seconds,
            nanoseconds: time.nanoseconds,
        })
    }

    /// Applies it to an open file or directory: the owner first (that clears set-id bits), then the mode, then the time.
    pub(super) fn apply(&self, fd: impl AsFd) -> rustix::io::Result<()> {
        let fd = fd.as_fd();
        tolerated(rustix::fs::fchown(fd, self.user(), self.group()))?;
        let mode = self.granted(&rustix::fs::fstat(fd)?);
        rustix::fs::fchmod(fd, Mode::from_raw_mode(mode))?;
        rustix::fs::futimens(fd, &self.times())
    }

    /// Applies owner and time to a symbolic link; it has no mode of its own.
    pub(super) fn apply_to_link(&self, parent: impl AsFd, name: &[u8]) -> rustix::io::Result<()> {
        let nofollow = AtFlags::SYMLINK_NOFOLLOW;
        tolerated(rustix::fs::chownat(parent.as_fd(), name, self.user(), self.group(), nofollow))?;
        rustix::fs::utimensat(parent, name, &self.times(), nofollow)
    }

    /// The mode less the set-id bits that would speak for somebody else than meant.
    fn granted(&self, now: &Stat) -> u32 {
        let mut mode = self.mode;
        if now.st_uid != self.uid {
            mode &= !SET_USER_ID;
        }
        // On a directory that bit only says which group new files get.
        if now.st_gid != self.gid && FileType::from_raw_mode(now.st_mode) != FileType::Directory {
            mode &= !SET_GROUP_ID;
        }
        mode
    }

    /// Only root may give files away. The highest number means "leave it" to the system.
    fn user(&self) -> Option<Uid> {
        (is_root() && self.uid != u32::MAX).then(|| Uid::from_raw(self.uid))
    }

    fn group(&self) -> Option<Gid> {
        (self.gid != u32::MAX).then(|| Gid::from_raw(self.gid))
    }

    fn times(&self) -> Timestamps {
        Timestamps {
            last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
            last_modification: Timespec { tv_sec: self.seconds, tv_nsec: self.nanoseconds.into() },
        }
    }
}

pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// An owner that cannot be given (not root, an unmapped number, a file system without owners) is no failure.
fn tolerated(outcome: rustix::io::Result<()>) -> rustix::io::Result<()> {
    match outcome {
        Err(Errno::PERM | Errno::INVAL | Errno::OPNOTSUPP) => Ok(()),
        other => other,
    }
}
