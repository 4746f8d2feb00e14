//! Recovery at start: completes or rolls back an interrupted restore, and says which.
//!
//! Does not touch the staging area of a live owner, and does not guess when a journal is damaged.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::area::{DONE, JOURNAL, NEW, STAGING, StagingArea};
use super::journal::Journal;
use super::swap::{self, Outcome, finish_root};
use crate::error::{Error, Result};
use crate::steps::Steps;

/// The result of `recover`. `what` is a clause about what had happened, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// No restore was interrupted.
    Nothing,
    /// The directory is as it was before the restore.
    RolledBack { what: String },
    /// The directory is in the restored state.
    Completed { what: String },
}

impl fmt::Display for Recovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => write!(f, "No restore was interrupted."),
            Self::RolledBack { what } => {
                write!(f, "{what}. It was rolled back: everything is as it was before that restore.")
            }
            Self::Completed { what } => {
                write!(f, "{what}. It was completed: the restored state is in place.")
            }
        }
    }
}

/// Completes or rolls back an interrupted restore into `directory`. Must be called before the directory is used.
///
/// `InUse` while another process restores into it, `Invalid` when its journal is damaged, `Io` when the system allows
/// neither completing nor rolling back. In these cases nothing is lost, and a later call tries again.
pub fn recover(directory: &Path, steps: &Steps) -> Result<Recovered> {
    let Some(area) = StagingArea::existing(directory)? else { return Ok(Recovered::Nothing) };
    if area.has(DONE)? {
        return Ok(completed(&area, Journal::read(&area, DONE).ok().as_ref(), steps));
    }
    if area.has(JOURNAL)? {
        let journal = Journal::read(&area, JOURNAL)?;
        return match swap::run(&area, &journal, steps)? {
            Outcome::Completed => Ok(completed(&area, Some(&journal), steps)),
            Outcome::RolledBack(why) => rolled_back(&area, Some(&why), steps),
        };
    }
    // Without `new`, the restore had not begun, or its removal was nearly done.
    if area.has(NEW)? {
        return rolled_back(&area, None, steps);
    }
    area.clear(steps)?;
    Ok(Recovered::Nothing)
}

/// Whether a restore was interrupted or is in progress. Changes nothing.
pub fn was_interrupted(directory: &Path) -> bool {
    directory.join(OsStr::from_bytes(STAGING)).is_dir()
}

fn rolled_back(area: &StagingArea, why: Option<&Error>, steps: &Steps) -> Result<Recovered> {
    area.clear(steps)?;
    let what = match why {
        None => format!("A restore into {} was interrupted before anything was put in place", area.name),
        Some(why) => format!("A restore into {} was interrupted and cannot be completed ({why})", area.name),
    };
    Ok(Recovered::RolledBack { what })
}

/// The restore counts as completed even if its leftovers cannot be removed.
fn completed(area: &StagingArea, journal: Option<&Journal>, steps: &Steps) -> Recovered {
    let mut what = format!("A restore into {} was interrupted while its files were put in place", area.name);
    let cleared =
        area.clear(steps).and_then(|()| finish_root(area, journal.and_then(|journal| journal.root.as_ref())));
    if let Err(error) = cleared {
        what.push_str(&format!(" ({error}; remove what is left of .larder-restore by hand)"));
    }
    Recovered::Completed { what }
}
