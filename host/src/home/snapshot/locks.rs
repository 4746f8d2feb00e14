//! SQLite's locks on a database, taken from outside: no SQLite opens a file of the home.
//!
//! Owns which bytes are locked, in which order, and what a lock promises. The bytes are SQLite's ("File Locking And Concurrency",
//! 3.0, and "WAL-mode File Format", 2.3). All are read locks of the open file description (`F_OFD_SETLK`): SQLite's own locks
//! respect them, a file that can only be read has them too, and closing another descriptor of the file does not drop them. Refuses to
//! write a byte.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc::{self, c_int, c_short, off_t};

use super::descriptor::Descriptor;

/// Bytes of the main file: a start and a length.
const PENDING: (off_t, off_t) = (0x4000_0000, 1);
const RESERVED: (off_t, off_t) = (0x4000_0001, 1);
const SHARED: (off_t, off_t) = (0x4000_0002, 510);
/// Bytes of the index (`-shm`).
const CHECKPOINT: (off_t, off_t) = (121, 1);
const READ_MARK: (off_t, off_t) = (124, 1);
const USERS: (off_t, off_t) = (128, 1);
/// Between two tries: short, to hit the gaps of a writer that hardly leaves any.
const RETRY_PAUSE: Duration = Duration::from_millis(1);

/// Why there is no lock.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Another program holds the database.
    Busy,
    /// The file system has no such locks.
    Unsupported(io::Error),
}

/// The lock of a reader. Whatever another program does, while it lives nobody writes to the main file but a checkpoint, and nobody
/// removes or resets the log or leaves write-ahead mode. Dropping it lets go.
pub(super) struct Lock {
    main: Arc<Descriptor>,
    index: Option<Descriptor>,
    wait: Duration,
}

impl Lock {
    /// A reader's lock on the main file. Tries for `wait` where another program is in the way.
    pub(super) fn shared(main: Arc<Descriptor>, wait: Duration) -> Result<Self, Refusal> {
        // Whoever is about to write holds this one, so that new readers stay out.
        with_retries(wait, || read_lock(&main, PENDING))?;
        let locked = with_retries(wait, || read_lock(&main, SHARED));
        unlock(&main, PENDING);
        locked.map(|()| Self { main, index: None, wait })
    }

    /// Whether another program is in a write transaction: what a journal holds is in the main file as well, then.
    pub(super) fn has_writer(&self) -> bool {
        // A question that cannot be asked counts as no: the journal is looked at in any case, then.
        is_locked(&self.main, RESERVED).unwrap_or(false)
    }

    /// Holds the write-ahead log whose index that is, so that no checkpoint runs and the log is not begun anew. Whether a program is
    /// using it: otherwise the index is a killed program's, and says nothing.
    pub(super) fn lock_log(&mut self, index: Descriptor) -> Result<bool, Refusal> {
        with_retries(self.wait, || read_lock(&index, CHECKPOINT))?;
        with_retries(self.wait, || read_lock(&index, READ_MARK))?;
        let is_used = is_used(&index).map_err(Refusal::from)?;
        self.index = Some(index);
        Ok(is_used)
    }

    /// The index, while the log is held.
    pub(super) fn index(&self) -> Option<&Descriptor> {
        self.index.as_ref()
    }
}

/// Whether a program uses the index. If so, its last user's lock is held, too, so that a newcomer does not wait for ours.
fn is_used(index: &Descriptor) -> Result<bool, Errno> {
    // Never take the lock first: a newcomer would believe an index that nobody looks after.
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
            // POSIX lets systems choose between the two.
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
    // Fails on no file that could be locked, and closing it lets go in any case.
    let _ = fcntl(file, FcntlArg::F_OFD_SETLK(&flock(libc::F_UNLCK, bytes)));
}

/// Whether another open file has any lock there.
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
        // Has to be none for locks of an open file.
        l_pid: 0,
    }
}
