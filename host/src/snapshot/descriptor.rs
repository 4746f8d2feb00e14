//! Open files of the home, and what the system says about a file.
//!
//! Owns one promise: closing a file here never costs SQLite a lock. The system's record locks belong to the process, and
//! closing any descriptor of a file drops all of them (POSIX `fcntl`), SQLite's included. A file that a lock claims is
//! therefore not closed but parked, until the last claim on it is gone. Refuses to know what a database is.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::fd::OwnedFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::buffer::spare_capacity;
use rustix::fs::{FileType, Stat, fstat};
use rustix::io::{Errno, pread};

use crate::disk::retry::retry;
use crate::model::Timestamp;

/// Device and inode: the file behind a name.
pub(super) type FileId = (u64, u64);

/// What `stat` says, in types that do not differ between machines.
#[derive(Clone, Copy)]
pub(super) struct Facts {
    pub id: FileId,
    pub file_type: FileType,
    /// Bytes.
    pub size: u64,
    /// The twelve permission bits.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Names of the file, hard links included.
    pub links: u64,
    pub modified: Timestamp,
}

impl From<Stat> for Facts {
    #[allow(clippy::unnecessary_cast, reason = "the widths differ between machines")]
    fn from(stat: Stat) -> Self {
        Self {
            id: (stat.st_dev as u64, stat.st_ino as u64),
            file_type: FileType::from_raw_mode(stat.st_mode),
            size: u64::try_from(stat.st_size).unwrap_or(0),
            mode: stat.st_mode & 0o7777,
            uid: stat.st_uid,
            gid: stat.st_gid,
            links: stat.st_nlink as u64,
            modified: Timestamp { seconds: stat.st_mtime as i64, nanoseconds: stat.st_mtime_nsec as u32 },
        }
    }
}

/// An open file, with its facts as of when it was opened. Closed by dropping, unless it is claimed: then later.
pub(super) struct Descriptor {
    /// `None` only while dropping.
    file: Option<File>,
    pub facts: Facts,
}

impl Descriptor {
    pub(super) fn new(fd: OwnedFd) -> io::Result<Self> {
        let facts = fstat(&fd)?.into();
        Ok(Self { file: Some(fd.into()), facts })
    }

    /// The facts as they are now.
    pub(super) fn facts_now(&self) -> io::Result<Facts> {
        let file = self.file.as_ref().ok_or(Errno::BADF)?;
        Ok(fstat(file)?.into())
    }

    /// Up to `max` bytes from `offset` on; none past the end.
    pub(super) fn read(&self, offset: u64, max: usize) -> io::Result<Vec<u8>> {
        let file = self.file.as_ref().ok_or(Errno::BADF)?;
        if max == 0 {
            return Ok(Vec::new());
        }
        let mut bytes = Vec::with_capacity(max);
        retry(|| pread(file, spare_capacity(&mut bytes), offset))?;
        bytes.truncate(max);
        Ok(bytes)
    }

    /// Copies all of it to the new file `target`: shared blocks where the file systems can, else bytes.
    pub(super) fn copy_to(&self, target: &mut File) -> io::Result<()> {
        let mut file = self.file.as_ref().ok_or(Errno::BADF)?;
        if rustix::fs::ioctl_ficlone(&*target, file).is_ok() {
            return Ok(());
        }
        file.rewind()?;
        io::copy(&mut file, target)?;
        target.flush()
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        let mut claimed = claimed();
        let file = self.file.take();
        match claimed.get_mut(&self.facts.id) {
            Some(held) => held.parked.extend(file),
            // Under the mutex: nobody may claim the file between the question and the close.
            None => drop(file),
        }
    }
}

#[derive(Default)]
struct Claimed {
    claims: usize,
    parked: Vec<File>,
}

/// Process-wide, as the locks are: another snapshot's open files would drop this one's locks just as well.
static CLAIMED: Mutex<BTreeMap<FileId, Claimed>> = Mutex::new(BTreeMap::new());

fn claimed() -> MutexGuard<'static, BTreeMap<FileId, Claimed>> {
    CLAIMED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While it lives, no descriptor of the file is closed. Take it before the lock, drop it after.
pub(super) struct Claim(FileId);

impl Claim {
    pub(super) fn new(id: FileId) -> Self {
        claimed().entry(id).or_default().claims += 1;
        Self(id)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut claimed = claimed();
        if let Some(held) = claimed.get_mut(&self.0) {
            held.claims -= 1;
            if held.claims == 0 {
                claimed.remove(&self.0);
            }
        }
    }
}
