//! One writer at a time in a directory: a locked file in it that says who holds it. `locks` decides which directories.
//!
//! The file is for its owner alone, since whoever may open it may hold it. Its text is a courtesy: what it says of a process that
//! ended is not believed (`holder`).

mod holder;
mod locks;
#[cfg(test)]
mod tests;

use std::fs::{File, Permissions, TryLockError};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::fstat;

use crate::disk::directory::{Directory, PRIVATE};
use crate::error::{Error, Result};
use holder::{Holder, Identity, holder};
pub use locks::Locks;

/// The lock of a state directory.
const STATE: &str = "lock";

/// Held until dropped; the system releases it when the process dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why there is no lock.
enum Failure {
    /// Somebody has it.
    Held(Error),
    /// It cannot be had here: no rights, a read-only disk, a file system without locks, a file of somebody else.
    Impossible(io::Error),
}

/// Between two tries.
const NAP: Duration = Duration::from_millis(20);

impl Lock {
    /// Takes the lock `name` in a directory for `purpose`, trying for `wait`, or says which process has it and what for. An error
    /// where there can be none.
    pub fn take(directory: &Path, name: &str, purpose: &str, wait: Duration) -> Result<Self> {
        let place = Place::new(directory, name, &directory.display().to_string());
        place.lock(purpose, wait, true).map_err(|failure| place.error(failure))
    }

    /// Takes the lock of a state directory for a moment, if nobody works there. None where nobody ever did.
    pub fn glance(state: &Path) -> Option<Self> {
        Place::new(state, STATE, "").lock("start", Duration::ZERO, false).ok()
    }
}

/// Where a lock is, and what people call that.
struct Place {
    directory: PathBuf,
    name: String,
    what: String,
}

impl Place {
    fn new(directory: &Path, name: &str, what: &str) -> Self {
        Self { directory: directory.to_owned(), name: name.into(), what: what.into() }
    }

    fn path(&self) -> PathBuf {
        self.directory.join(&self.name)
    }

    fn error(&self, failure: Failure) -> Error {
        match failure {
            Failure::Held(error) => error,
            Failure::Impossible(error) => {
                Error::from_io(format!("cannot lock {}", self.path().display()), &error)
            }
        }
    }

    /// Takes the lock; its file is made when `makes`, else there has to be one.
    fn lock(&self, purpose: &str, wait: Duration, makes: bool) -> Result<Lock, Failure> {
        let end = Instant::now() + wait;
        loop {
            let mut file = self.open(makes)?;
            match file.try_lock() {
                Ok(()) if is_gone(&file) => {}
                Ok(()) => {
                    tighten(&file);
                    // The name is a courtesy: a full disk must not keep anybody from restoring.
                    let _ = sign(&mut file, purpose);
                    return Ok(Lock { _file: file });
                }
                Err(TryLockError::WouldBlock) if Instant::now() < end => std::thread::sleep(NAP),
                Err(TryLockError::WouldBlock) => {
                    return Err(self.held(Identity::of(&file), Some(file)));
                }
                Err(TryLockError::Error(error)) => return Err(Failure::Impossible(error)),
            }
        }
    }

    fn open(&self, makes: bool) -> Result<File, Failure> {
        let directory = Directory::open(&self.directory).map_err(Failure::Impossible)?;
        let opened = match directory.open_to_write(&self.name) {
            Err(error) if makes && error.kind() == ErrorKind::NotFound => {
                directory.create_new(&self.name, PRIVATE).or_else(|error| match error.kind() {
                    // Somebody was quicker.
                    ErrorKind::AlreadyExists => directory.open_to_write(&self.name),
                    _ => Err(error),
                })
            }
            opened => opened,
        };
        match opened {
            Ok(file) => {
                is_trusted(&directory, &file).map_err(Failure::Impossible)?;
                Ok(file)
            }
            // Who may not open it is told all the same that it is held.
            Err(error) => Err(self.unopened(&directory, error)),
        }
    }

    fn unopened(&self, directory: &Directory, error: io::Error) -> Failure {
        let status = directory.status(&self.name).ok().flatten();
        match status.map(|status| Identity::from(&status)).filter(Identity::is_held) {
            Some(identity) => self.held(identity, None),
            None => Failure::Impossible(error),
        }
    }

    fn held(&self, identity: Identity, file: Option<File>) -> Failure {
        let holder = holder(&identity, file);
        let said = holder.said(&self.what);
        Failure::Held(match holder {
            Holder::Service(_) if self.name == STATE => Error::Served(said),
            _ => Error::InUse(said),
        })
    }
}

/// Whether the file was removed meanwhile: then others lock another one.
fn is_gone(file: &File) -> bool {
    fstat(file).is_ok_and(|status| status.st_nlink == 0)
}

/// An error when the file belongs to somebody who could hold it though nothing here is his.
fn is_trusted(directory: &Directory, file: &File) -> io::Result<()> {
    let status = fstat(file)?;
    if status.st_nlink > 1 {
        return Err(io::Error::other(
            "it is another name of a file that may hold something (a hard link); remove it",
        ));
    }
    let (owner, place) = (status.st_uid, fstat(directory)?.st_uid);
    let own = rustix::process::geteuid().as_raw();
    match [own, 0, place].contains(&owner) {
        true => Ok(()),
        false => Err(io::Error::other(format!(
            "it belongs to the user {owner}, who could keep everybody away; remove it"
        ))),
    }
}

/// A file of an earlier version could be opened by others, and so be held by them.
fn tighten(file: &File) {
    if file.metadata().is_ok_and(|metadata| metadata.mode() & 0o077 != 0) {
        // A share may have rights of its own.
        let _ = file.set_permissions(Permissions::from_mode(PRIVATE));
    }
}

fn sign(file: &mut File, purpose: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    write!(file, "larder {purpose} (process {})", std::process::id())
}
