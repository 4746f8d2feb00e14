//! A lock on one directory: a locked file in it, which names the process that holds it.
//!
//! Only the owner may read or write the file, because anyone who can open it can lock it. Its text is a hint for messages; `holder`
//! does not trust it when it names a process that has ended.

use std::fs::{File, Permissions, TryLockError};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::fstat;

use super::holder::{Holder, Identity, find_holder};
use crate::disk::directory::{Directory, PRIVATE};
use crate::error::{Error, Result};

/// The name of a state directory's lock.
pub(super) const STATE_LOCK: &str = "lock";
/// The pause between two attempts.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

/// A lock, held until it is dropped. The system releases it when the process dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why a lock could not be taken.
pub(super) enum Failure {
    /// Another process holds it.
    Held(Error),
    /// It cannot be taken at all: no permission, a read-only disk, a file system without locks, a file of another user.
    Impossible(io::Error),
}

impl Lock {
    /// Takes the lock `name` in a directory for `purpose`, retrying for `wait`. The error names the process that holds the lock and
    /// its purpose, or says why the directory cannot be locked.
    pub fn take(directory: &Path, name: &str, purpose: &str, wait: Duration) -> Result<Self> {
        let file = LockFile::new(directory, name, &directory.display().to_string());
        file.lock(purpose, wait, true).map_err(|failure| file.error(failure))
    }

    /// Takes the lock of a state directory without waiting. `None` when another process holds it, or when the directory has no lock
    /// file because nothing ever ran there.
    pub fn try_existing(state: &Path) -> Option<Self> {
        LockFile::new(state, STATE_LOCK, "").lock("start", Duration::ZERO, false).ok()
    }
}

/// The path of a lock, and what it protects.
pub(super) struct LockFile {
    directory: PathBuf,
    name: String,
    /// What the lock protects, as messages call it.
    subject: String,
}

impl LockFile {
    pub(super) fn new(directory: &Path, name: &str, subject: &str) -> Self {
        Self { directory: directory.to_owned(), name: name.into(), subject: subject.into() }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.directory.join(&self.name)
    }

    pub(super) fn error(&self, failure: Failure) -> Error {
        match failure {
            Failure::Held(error) => error,
            Failure::Impossible(error) => {
                Error::from_io(format!("cannot lock {}", self.path().display()), &error)
            }
        }
    }

    /// Takes the lock. Creates the file if `create` is set; otherwise it must exist.
    pub(super) fn lock(&self, purpose: &str, wait: Duration, create: bool) -> Result<Lock, Failure> {
        let end = Instant::now() + wait;
        loop {
            let mut file = self.open(create)?;
            match file.try_lock() {
                Ok(()) if is_removed(&file) => {}
                Ok(()) => {
                    restrict(&file);
                    // The text is a hint only: a full disk must not prevent a restore.
                    let _ = sign(&mut file, purpose);
                    return Ok(Lock { _file: file });
                }
                Err(TryLockError::WouldBlock) if Instant::now() < end => std::thread::sleep(RETRY_INTERVAL),
                Err(TryLockError::WouldBlock) => {
                    return Err(self.held(Identity::of(&file), Some(file)));
                }
                Err(TryLockError::Error(error)) => return Err(Failure::Impossible(error)),
            }
        }
    }

    fn open(&self, create: bool) -> Result<File, Failure> {
        let directory = Directory::open(&self.directory).map_err(Failure::Impossible)?;
        let opened = match directory.open_to_write(&self.name) {
            Err(error) if create && error.kind() == ErrorKind::NotFound => {
                directory.create_new(&self.name, PRIVATE).or_else(|error| match error.kind() {
                    // Another process created it first.
                    ErrorKind::AlreadyExists => directory.open_to_write(&self.name),
                    _ => Err(error),
                })
            }
            opened => opened,
        };
        match opened {
            Ok(file) => {
                check_trust(&directory, &file).map_err(Failure::Impossible)?;
                Ok(file)
            }
            // A user who may not open the file still learns who holds it.
            Err(error) => Err(self.cannot_open(&directory, error)),
        }
    }

    pub(super) fn cannot_open(&self, directory: &Directory, error: io::Error) -> Failure {
        let status = directory.status(&self.name).ok().flatten();
        match status.map(|status| Identity::from(&status)).filter(Identity::is_held) {
            Some(identity) => self.held(identity, None),
            None => Failure::Impossible(error),
        }
    }

    fn held(&self, identity: Identity, file: Option<File>) -> Failure {
        let holder = find_holder(&identity, file);
        let message = holder.message(&self.subject);
        Failure::Held(match holder {
            Holder::Service(_) if self.name == STATE_LOCK => Error::Served(message),
            _ => Error::InUse(message),
        })
    }
}

/// Whether the file was removed after it was opened: other processes then lock a new one.
fn is_removed(file: &File) -> bool {
    fstat(file).is_ok_and(|status| status.st_nlink == 0)
}

/// An error when another user could hold the lock forever: the file has a second name, or belongs neither to this user, nor to root,
/// nor to the owner of the directory.
fn check_trust(directory: &Directory, file: &File) -> io::Result<()> {
    let status = fstat(file)?;
    if status.st_nlink > 1 {
        return Err(io::Error::other(
            "it has a second name (a hard link), and the other file may hold something; remove it",
        ));
    }
    let (owner, place) = (status.st_uid, fstat(directory)?.st_uid);
    let own = rustix::process::geteuid().as_raw();
    match [own, 0, place].contains(&owner) {
        true => Ok(()),
        false => Err(io::Error::other(format!(
            "it belongs to user {owner}, who could lock everyone else out; remove it"
        ))),
    }
}

/// Removes the permissions of others: an earlier version created the file with them, so others could lock it.
fn restrict(file: &File) {
    if file.metadata().is_ok_and(|metadata| metadata.mode() & 0o077 != 0) {
        // A network share may have its own permissions.
        let _ = file.set_permissions(Permissions::from_mode(PRIVATE));
    }
}

fn sign(file: &mut File, purpose: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    write!(file, "larder {purpose} (process {})", std::process::id())
}
