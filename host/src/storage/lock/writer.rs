//! The directories that a writer locks: its state directory, the home, and the backups. A process with another state directory, or
//! one that keeps its backups elsewhere, still finds the lock of the home.
//!
//! A process that lives or writes in a directory creates the lock there; every other process respects an existing lock. A command that is
//! refused therefore changes nothing. The lock of the backups is created only where backups were stored before, so that an empty mount
//! point stays empty. Commands that write elsewhere (a copy, a restore into another directory) lock neither the home nor the backups.

use std::io::{self, ErrorKind};
use std::path::Path;

use rustix::io::Errno;

use super::file::{Failure, Lock, LockFile, STATE_LOCK};
use crate::error::{Result, reason};
use crate::storage::directories::Directories;
use crate::storage::locations::is_marked;
use crate::tunables::LOCK_WAIT;

/// The lock of a home and of its backups. The name is reserved: no snapshot shows it and no restore replaces it.
const SHARED_LOCK: &str = ".larder-lock";
/// The purposes that create the lock of the home. A restore also has the lock of its staging area.
const CREATE_IN_HOME: [&str; 1] = ["serve"];
/// The purposes that create the lock of the backups.
const CREATE_IN_BACKUPS: [&str; 5] = ["serve", "create", "call", "delete", "retention"];
/// The errors by which file systems say that they do not support locks.
const UNSUPPORTED: [Errno; 4] = [Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL];

/// All locks that one writer holds.
pub struct WriterLocks {
    held: Vec<Lock>,
    warnings: Vec<String>,
}

impl WriterLocks {
    /// Takes the locks for `purpose`. Returns warnings about directories that cannot be locked; the writer continues without those
    /// locks.
    pub fn take(places: &Directories, purpose: &str) -> Result<(Self, Vec<String>)> {
        let mut locks = Self { held: Vec::new(), warnings: Vec::new() };
        let state = &places.state;
        locks.add(state, STATE_LOCK, &format!("the state directory {}", state.display()), purpose, true)?;
        let is_elsewhere = places.output.is_some() || places.target != places.config;
        if let Some(home) = places.config.as_deref().filter(|_| !is_elsewhere) {
            let create = CREATE_IN_HOME.contains(&purpose);
            locks.add(home, SHARED_LOCK, &format!("the home {}", home.display()), purpose, create)?;
        }
        let is_home = |backups: &&Path| places.config.as_deref() == Some(*backups);
        let backups = places.backups.as_deref().filter(|backups| !is_elsewhere && !is_home(backups));
        if let Some(backups) = backups {
            let subject = format!("the backups in {}", backups.display());
            let create = CREATE_IN_BACKUPS.contains(&purpose) && is_marked(backups);
            locks.add(backups, SHARED_LOCK, &subject, purpose, create)?;
        }
        let warnings = std::mem::take(&mut locks.warnings);
        Ok((locks, warnings))
    }

    fn add(
        &mut self,
        directory: &Path,
        name: &str,
        subject: &str,
        purpose: &str,
        create: bool,
    ) -> Result<()> {
        let file = LockFile::new(directory, name, subject);
        match file.lock(purpose, LOCK_WAIT, create) {
            Ok(lock) => self.held.push(lock),
            Err(Failure::Impossible(error)) if is_absent(&error) && name == SHARED_LOCK => {}
            Err(Failure::Impossible(error)) if name == SHARED_LOCK || is_unsupported(&error) => {
                self.warnings.push(format!(
                    "{} cannot be locked ({}): another Larder process could change {subject} at the same time",
                    file.path().display(),
                    reason(&error)
                ));
            }
            Err(failure) => return Err(file.error(failure)),
        }
        Ok(())
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn is_unsupported(error: &io::Error) -> bool {
    Errno::from_io_error(error).is_some_and(|errno| UNSUPPORTED.contains(&errno))
}
