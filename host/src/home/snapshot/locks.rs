//! SQLite's locks on a database, taken without SQLite, which must not open files of the home.
//!
//! Owns which bytes are locked, in which order, and what a lock guarantees. The bytes are SQLite's ("File Locking And
//! Concurrency", 3.0, and "WAL-mode File Format", 2.3). All locks are read locks of the open file description
//! (`F_OFD_SETLK`): SQLite's own locks respect them, they work on files that are open for reading only, and closing
//! another descriptor of the file does not release them. Never writes a byte.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc::{self, c_int, c_short, off_t};

use super::descriptor::Descriptor;

/// Byte ranges of the main file: start and length.
const PENDING: (off_t, off_t) = (0x4000_0000, 1);
const RESERVED: (off_t, off_t) = (0x4000_0001, 1);
const SHARED: (off_t, off_t) = (0x4000_0002, 510);
/// Byte ranges of the index (`-shm`).
const CHECKPOINT: (off_t, off_t) = (121, 1);
const READ_MARK: (off_t, off_t) = (124, 1);
const USERS: (off_t, off_t) = (128, 1);
/// The pause between two attempts: short, to catch the rare gaps of a busy writer.
const RETRY_PAUSE: Duration = Duration::from_millis(1);

/// Why a lock was not granted.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Another program has a lock on the database.
    Busy,
    /// The file system does not support such locks.
    Unsupported(io::Error),
}

/// A reader's lock. While it is held, only a checkpoint writes to the main file, and no program removes or resets the
/// log or leaves write-ahead mode. Released on drop.
pub(super) struct Lock {
    main: Arc<Descriptor>,
    index: Option<Descriptor>,
    wait: Duration,
}

impl Lock {
    /// Takes a reader's lock on the main file. Retries for `wait` while another program is in the way.
    pub(super) fn shared(main: Arc<Descriptor>, wait: Duration) -> Result<Self, Refusal> {
        // A program that is about to write holds this lock to keep new readers out.
        with_retries(wait, || read_lock(&main, PENDING))?;
        let locked = with_retries(wait, || read_lock(&main, SHARED));
        unlock(&main, PENDING);
        locked.map(|()| Self { main, index: None, wait })
    }

    /// Whether another program is in a write transaction. What its journal holds is then in the main file as well.
    pub(super) fn has_writer(&self) -> bool {
        // If the lock cannot be queried, assume no writer: the journal is then always examined.
        is_locked(&self.main, RESERVED).unwrap_or(false)
    }

    /// Locks the write-ahead log of this index, so that no checkpoint runs and the log is not restarted. Returns
    /// whether a program is using the log. Otherwise a killed program left the index, and it is not valid.
    pub(super) fn lock_log(&mut self, index: Descriptor) -> Result<bool, Refusal> {
        with_retries(self.wait, || read_lock(&index, CHECKPOINT))?;
        with_retries(self.wait, || read_lock(&index, READ_MARK))?;
        let is_used = is_used(&index).map_err(Refusal::from)?;
        self.index = Some(index);
        Ok(is_used)
    }

    /// The index, while the log is locked.
    pub(super) fn index(&self) -> Option<&Descriptor> {
        self.index.as_ref()
    }
}

/// Whether a program uses the index. If so, the lock that every user holds is taken as well, so that a program that
/// opens the database next does not wait for ours.
fn is_used(index: &Descriptor) -> Result<bool, Errno> {
    // Never take this lock first: a program that opens the database next would trust an index that no program
    // maintains.
    if !is_locked(index, USERS)? {
        return Ok(false);
    }
    read_lock(index, USERS)?;
    let is_used = is_locked(index, USERS)?;
    if !is_used {
        unlock(index, USERS);
    }
    Ok(is_used)
}

impl From<Errno> for Refusal {
    fn from(error: Errno) -> Self {
        match error {
            // POSIX allows either.
            Errno::EAGAIN | Errno::EACCES => Self::Busy,
            other => Self::Unsupported(other.into()),
        }
    }
}

fn with_retries(wait: Duration, mut attempt: impl FnMut() -> Result<(), Errno>) -> Result<(), Refusal> {
    let mut left = wait;
    loop {
        match attempt().map_err(Refusal::from) {
            Err(Refusal::Busy) if !left.is_zero() => {
                thread::sleep(RETRY_PAUSE);
                left = left.saturating_sub(RETRY_PAUSE);
            }
            other => return other,
        }
    }
}

fn read_lock(file: &Descriptor, bytes: (off_t, off_t)) -> Result<(), Errno> {
    fcntl(file, FcntlArg::F_OFD_SETLK(&flock(libc::F_RDLCK, bytes))).map(drop)
}

fn unlock(file: &Descriptor, bytes: (off_t, off_t)) {
    // Cannot fail on a file that could be locked, and closing the file releases the lock anyway.
    let _ = fcntl(file, FcntlArg::F_OFD_SETLK(&flock(libc::F_UNLCK, bytes)));
}

/// Whether another open file holds any lock there.
fn is_locked(file: &Descriptor, bytes: (off_t, off_t)) -> Result<bool, Errno> {
    let mut lock = flock(libc::F_WRLCK, bytes);
    fcntl(file, FcntlArg::F_OFD_GETLK(&mut lock))?;
    Ok(c_int::from(lock.l_type) != libc::F_UNLCK as c_int)
}

#[allow(
    clippy::unnecessary_cast,
    clippy::cast_possible_truncation,
    reason = "the widths differ between machines"
)]
fn flock(kind: impl Into<c_int>, (start, length): (off_t, off_t)) -> libc::flock {
    libc::flock {
        l_type: kind.into() as c_short,
        l_whence: libc::SEEK_SET as c_short,
        l_start: start,
        l_len: length,
        // Must be zero for locks of open file descriptions.
        l_pid: 0,
    }
}
