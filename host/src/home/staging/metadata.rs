//! Mode, owner and modification time: taken from an entry and applied to its staged file.
//!
//! Refuses to set a set-user-id or set-group-id bit on a file whose owner could not be set: the file would run with
//! the rights of the wrong account.

use std::os::fd::AsFd;

use rustix::fs::{AtFlags, FileType, Gid, Mode, Stat, Timespec, Timestamps, UTIME_OMIT, Uid};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use super::warnings::{Warning, Warnings};
use crate::disk::durable::unless_refused;
use crate::error::{Error, Result};
use crate::model::{Entry, shown};

const SET_USER_ID: u32 = 0o4000;
const SET_GROUP_ID: u32 = 0o2000;
const OWNER_READS: u32 = 0o400;
/// The bits that are verified afterwards. The system may clear the others when the caller has no right to set them.
const PERMISSIONS: u32 = 0o777;
const ROOT: u32 = 0;
/// Allowed difference in seconds: FAT stores even seconds.
const TIME_TOLERANCE: u64 = 2;

/// The settings of one entry, and where warnings about it go.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) warnings: &'a Warnings,
    pub(super) path: &'a [u8],
    /// Whether set-id bits of root's files are set.
    pub(super) keep_setuid: bool,
}

impl Context<'_> {
    fn warn(self, lost: Warning, why: Option<Errno>) {
        self.warnings.add(lost, self.path, why);
    }

    /// Only root can give files away, so this is expected and needs no warning.
    fn warn_owner(self, refused: Option<Errno>) {
        if refused.is_some() && is_root() {
            self.warn(Warning::Owner, refused);
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Metadata {
    pub(super) mode: u32,
    uid: u32,
    gid: u32,
    seconds: i64,
    nanoseconds: u32,
}

impl Metadata {
    /// `Invalid` when the nanoseconds are out of range.
    pub(super) fn of(entry: &Entry) -> Result<Self> {
        let time = entry.modified;
        if time.nanoseconds >= 1_000_000_000 {
            return Err(Error::Invalid(format!(
                "{} has an invalid modification time: {} nanoseconds",
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

    /// The metadata of an existing file.
    pub(super) fn of_status(status: &Stat) -> Self {
        Self {
            mode: status.st_mode & 0o7777,
            uid: status.st_uid,
            gid: status.st_gid,
            seconds: status.st_mtime,
            nanoseconds: u32::try_from(status.st_mtime_nsec).unwrap_or(0),
        }
    }

    /// Applies it to an open file or directory: first the owner (which clears set-id bits), then the mode, then the
    /// time. Warns of what the file system does not keep.
    pub(super) fn apply(&self, fd: impl AsFd, context: Context<'_>) -> rustix::io::Result<()> {
        let fd = fd.as_fd();
        let owned = unless_refused(rustix::fs::fchown(fd, self.user(), self.group()))?;
        context.warn_owner(owned);
        let mode = self.allowed_mode(&rustix::fs::fstat(fd)?, context);
        let moded = unless_refused(rustix::fs::fchmod(fd, Mode::from_raw_mode(mode)))?;
        let timed = unless_refused(rustix::fs::futimens(fd, &self.times()))?;
        // Some file systems report success and store something else.
        let now = rustix::fs::fstat(fd)?;
        if moded.is_some() || (now.st_mode ^ mode) & PERMISSIONS != 0 {
            context.warn(Warning::Mode, moded);
        }
        if timed.is_some() || now.st_mtime.abs_diff(self.seconds) > TIME_TOLERANCE {
            context.warn(Warning::Time, timed);
        }
        Ok(())
    }

    /// Applies owner and time to a symbolic link, which has no mode.
    pub(super) fn apply_to_link(
        &self,
        parent: impl AsFd,
        name: &[u8],
        context: Context<'_>,
    ) -> rustix::io::Result<()> {
        let nofollow = AtFlags::SYMLINK_NOFOLLOW;
        let owned = rustix::fs::chownat(parent.as_fd(), name, self.user(), self.group(), nofollow);
        context.warn_owner(unless_refused(owned)?);
        let timed = unless_refused(rustix::fs::utimensat(parent, name, &self.times(), nofollow))?;
        if timed.is_some() {
            context.warn(Warning::Time, timed);
        }
        Ok(())
    }

    /// The mode without set-id bits that would act for root or for the wrong account.
    fn allowed_mode(&self, now: &Stat, context: Context<'_>) -> u32 {
        let mut lost = 0;
        // On a directory, set-user-id means nothing and set-group-id only chooses the group of new files.
        let is_file = FileType::from_raw_mode(now.st_mode) != FileType::Directory;
        let speaks_for_root = is_file && is_root() && !context.keep_setuid;
        if now.st_uid != self.uid || (speaks_for_root && self.uid == ROOT) {
            lost |= SET_USER_ID;
        }
        // Many groups are as powerful as root.
        if is_file && now.st_gid != self.gid || speaks_for_root {
            lost |= SET_GROUP_ID;
        }
        if self.mode & lost != 0 {
            context.warn(Warning::SetId, None);
        }
        self.mode & !lost
    }

    /// Whether the owner may read the file.
    pub(super) fn is_readable(&self) -> bool {
        is_root() || self.mode & OWNER_READS != 0
    }

    /// Only root may give files away. The system takes the highest number as "leave unchanged".
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
