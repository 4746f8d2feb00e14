//! The staging area: the directory `.larder-restore/`, its lock, and its creation and removal.
//!
//! Refuses an area that another process has locked, and one that is a symbolic link. Does not know what is staged.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, FlockOperation, Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};

use super::remove::{exists, names, open_directory, remove};
use super::warnings::{Warning, Warnings};
use crate::disk::durable::{self, unless_refused};
use crate::error::{Doing, Error, Result};
use crate::steps::Steps;

pub(super) const STAGING: &[u8] = b".larder-restore";
pub(super) const NEW: &[u8] = b"new";
pub(super) const OLD: &[u8] = b"old";
/// The names of the journal: in force, while it is being written, and after the swap is done.
pub(super) const JOURNAL: &[u8] = b"plan";
pub(super) const JOURNAL_DRAFT: &[u8] = b"plan.tmp";
pub(super) const DONE: &[u8] = b"done";
const LOCK: &[u8] = b"lock";

/// A staging area whose lock this process holds.
pub(super) struct StagingArea {
    pub(super) directory: OwnedFd,
    pub(super) staging: OwnedFd,
    /// The directory's path, for messages.
    pub(super) name: String,
    /// What could not be kept, shared with the target and its writers.
    pub(super) warnings: Arc<Warnings>,
    _lock: File,
}

impl StagingArea {
    /// Creates a new area. `InUse` when one exists. If nothing is replaced, a file system without locks is accepted: a
    /// second restore finds the directory and is refused.
    pub(super) fn create(path: &Path, needs_lock: bool) -> Result<Self> {
        let name = path.display().to_string();
        let directory = open_path(path).doing(|| format!("cannot open {name}"))?;
        match rustix::fs::mkdirat(&directory, STAGING, Mode::RWXU) {
            Err(Errno::EXIST) => Err(in_use(&name)),
            other => other.doing(|| format!("cannot stage a restore in {name}")),
        }?;
        let this = Self::open_and_lock(directory, name, needs_lock).inspect_err(|error| {
            // An area that cannot be locked would block every later start. One that is locked belongs to another
            // process.
            if !matches!(error, Error::InUse(_)) {
                let _ = open_path(path).and_then(|directory| remove(directory.as_fd(), STAGING));
            }
        })?;
        let made =
            [NEW, OLD].iter().try_for_each(|part| rustix::fs::mkdirat(&this.staging, *part, Mode::RWXU));
        if made.is_err() {
            let _ = this.clear(&Steps::default());
        }
        made.doing(|| format!("cannot stage a restore in {}", this.name))?;
        Ok(this)
    }

    /// The area that an earlier restore left, if any. `InUse` while its owner is alive.
    pub(super) fn existing(path: &Path) -> Result<Option<Self>> {
        let name = path.display().to_string();
        let directory = match open_path(path) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            other => other.doing(|| format!("cannot open {name}"))?,
        };
        if !exists(&directory, STAGING).doing(|| format!("cannot read {name}"))? {
            return Ok(None);
        }
        Self::open_and_lock(directory, name, true).map(Some)
    }

    fn open_and_lock(directory: OwnedFd, name: String, needs_lock: bool) -> Result<Self> {
        let staging = match open_directory(&directory, STAGING) {
            Err(Errno::LOOP | Errno::NOTDIR) => Err(Error::Denied(format!(
                "{name}/.larder-restore is not a directory, so nothing can be staged there: remove it"
            ))),
            other => other.doing(|| format!("cannot open {name}/.larder-restore")),
        }?;
        let doing = || format!("cannot lock {name}/.larder-restore");
        let lock = lock_file(&staging).doing(doing)?;
        let refused = match locked(&lock) {
            Err(Errno::WOULDBLOCK) => return Err(in_use(&name)),
            outcome if needs_lock => outcome.map(|()| None).doing(doing)?,
            outcome => unless_refused(outcome).doing(doing)?,
        };
        let warnings = Arc::new(Warnings::default());
        refused.inspect(|errno| warnings.add(Warning::Lock, b"", Some(*errno)));
        Ok(Self { directory, staging, name, warnings, _lock: lock })
    }

    /// Syncs a file or directory, as far as the file system supports it.
    pub(super) fn sync(&self, fd: impl AsFd) -> rustix::io::Result<()> {
        self.warn_unless_durable(durable::sync(fd)?);
        Ok(())
    }

    /// Syncs everything that was staged.
    pub(super) fn sync_all(&self) -> rustix::io::Result<()> {
        self.warn_unless_durable(durable::sync_all(&self.staging)?);
        Ok(())
    }

    fn warn_unless_durable(&self, refused: Option<Errno>) {
        refused.inspect(|errno| self.warnings.add(Warning::Durability, b"", Some(*errno)));
    }

    pub(super) fn has(&self, name: &[u8]) -> Result<bool> {
        exists(&self.staging, name).doing(|| format!("cannot read {}/.larder-restore", self.name))
    }

    /// Opens `new` or `old`.
    pub(super) fn subdirectory(&self, name: &[u8]) -> Result<OwnedFd> {
        open_directory(&self.staging, name)
            .doing(|| format!("cannot open a directory in {}/.larder-restore", self.name))
    }

    /// Removes the journal, durably.
    pub(super) fn remove_journal(&self) -> Result<()> {
        let doing = || format!("cannot remove the restore journal in {}/.larder-restore", self.name);
        match rustix::fs::unlinkat(&self.staging, JOURNAL, AtFlags::empty()) {
            Err(Errno::NOENT) => return Ok(()),
            other => other.doing(doing)?,
        }
        self.sync(&self.staging).doing(doing)
    }

    /// Removes everything in an order that stays unambiguous when it is interrupted: the journal first, `done` late. As
    /// long as `new` exists, an unfinished restore differs from one that never began.
    pub(super) fn clear(&self, steps: &Steps) -> Result<()> {
        let doing = || format!("cannot remove {}/.larder-restore", self.name);
        self.remove_journal()?;
        let mut parts = names(&self.staging).doing(doing)?;
        parts.sort_by_key(|name| (name == DONE, name == LOCK, name == NEW));
        for part in parts {
            steps.at(&format!("restore: remove {} of the staging area", String::from_utf8_lossy(&part)));
            remove(self.staging.as_fd(), &part).doing(doing)?;
        }
        steps.at("restore: remove the staging area");
        match rustix::fs::unlinkat(&self.directory, STAGING, AtFlags::REMOVEDIR) {
            Err(Errno::NOENT) => Ok(()),
            other => other.doing(doing),
        }
    }
}

fn in_use(name: &str) -> Error {
    Error::InUse(format!("another restore into {name} is under way: wait until it is done, then try again"))
}

fn open_path(path: &Path) -> rustix::io::Result<OwnedFd> {
    rustix::fs::openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

fn lock_file(staging: &OwnedFd) -> rustix::io::Result<File> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::openat(staging, LOCK, flags, Mode::RUSR | Mode::WUSR).map(File::from)
}

/// Takes the lock, and checks that its owner did not remove the lock file at that moment.
fn locked(file: &File) -> rustix::io::Result<()> {
    retry_on_intr(|| rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive))?;
    match rustix::fs::fstat(file)?.st_nlink {
        0 => Err(Errno::WOULDBLOCK),
        _ => Ok(()),
    }
}
