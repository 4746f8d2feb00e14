//! Which directories a writer holds: its state directory, the home, and the backups. Whoever uses another state directory or keeps
//! backups elsewhere finds the lock of the home all the same.
//!
//! A lock is made by those who live or write in a directory; everybody else heeds it where it is, so that a command that is refused
//! leaves all as it was. That of the backups is made where backups were stored before: an empty mount point is left empty. What is
//! written elsewhere (a copy, a restore into another directory) holds neither.

use std::io::{self, ErrorKind};
use std::path::Path;

use rustix::io::Errno;

use super::{Failure, Lock, Place, STATE};
use crate::error::{Result, reason};
use crate::options::LOCK_WAIT;
use crate::storage::locations::is_marked;
use crate::storage::places::Places;

/// The lock of a home and of its backups: reserved, so that no snapshot shows it and no restore replaces it.
const SHARED: &str = ".larder-lock";
/// Those who make the lock of the home, and of its backups, by their purpose. A restore has the lock of its staging place as well.
const IN_THE_HOME: [&str; 1] = ["serve"];
const IN_THE_BACKUPS: [&str; 5] = ["serve", "create", "call", "delete", "retention"];
/// How file systems say that they have no locks.
const NO_LOCKS: [Errno; 4] = [Errno::NOLCK, Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL];

/// All that one writer holds.
pub struct Locks {
    held: Vec<Lock>,
    warnings: Vec<String>,
}

impl Locks {
    /// Takes them for `purpose`. What people should know: where there can be no lock, one goes on without.
    pub fn take(places: &Places, purpose: &str) -> Result<(Self, Vec<String>)> {
        let mut locks = Self { held: Vec::new(), warnings: Vec::new() };
        let state = &places.state;
        locks.join(state, STATE, &format!("the state directory {}", state.display()), purpose, true)?;
        let is_elsewhere = places.output.is_some() || places.target != places.config;
        if let Some(home) = places.config.as_deref().filter(|_| !is_elsewhere) {
            let makes = IN_THE_HOME.contains(&purpose);
            locks.join(home, SHARED, &format!("the home {}", home.display()), purpose, makes)?;
        }
        let is_home = |backups: &&Path| places.config.as_deref() == Some(*backups);
        let backups = places.backups.as_deref().filter(|backups| !is_elsewhere && !is_home(backups));
        if let Some(backups) = backups {
            let what = format!("the backups in {}", backups.display());
            let makes = IN_THE_BACKUPS.contains(&purpose) && is_marked(backups);
            locks.join(backups, SHARED, &what, purpose, makes)?;
        }
        let warnings = std::mem::take(&mut locks.warnings);
        Ok((locks, warnings))
    }

    fn join(&mut self, directory: &Path, name: &str, what: &str, purpose: &str, makes: bool) -> Result<()> {
        let place = Place::new(directory, name, what);
        match place.lock(purpose, LOCK_WAIT, makes) {
            Ok(lock) => self.held.push(lock),
            Err(Failure::Impossible(error)) if is_absent(&error) && name == SHARED => {}
            Err(Failure::Impossible(error)) if name == SHARED || has_no_locks(&error) => {
                self.warnings.push(format!(
                    "{} cannot be locked ({}): nothing keeps another Larder from working on {what} meanwhile",
                    place.path().display(),
                    reason(&error)
                ));
            }
            Err(failure) => return Err(place.error(failure)),
        }
        Ok(())
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn has_no_locks(error: &io::Error) -> bool {
    Errno::from_io_error(error).is_some_and(|errno| NO_LOCKS.contains(&errno))
}
