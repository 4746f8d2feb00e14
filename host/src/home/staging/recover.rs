//! At start: completes or undoes what a cut left in the staging place, and says which.
//!
//! Refuses to touch the staging of a live owner, and to guess where a plan is damaged.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::area::{DONE, NEW, PLAN, Place, STAGING};
use super::journal::Plan;
use super::swap::{self, Outcome, finish_root};
use crate::error::{Error, Result};
use crate::steps::Steps;

/// What `recover` found, and what the directory is now. `what` says what had happened, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// No restore was interrupted.
    Nothing,
    /// The directory is as it was before the restore.
    Undone { what: String },
    /// The directory is the restored one.
    Completed { what: String },
}

impl fmt::Display for Recovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => write!(f, "No restore was interrupted."),
            Self::Undone { what } => {
                write!(f, "{what}. It was undone: everything is as it was before that restore.")
            }
            Self::Completed { what } => {
                write!(f, "{what}. It was completed: what is there now is the restored state.")
            }
        }
    }
}

/// Puts right what an interrupted restore left in `directory`. To be called before the directory is used.
///
/// `InUse` while another process restores into it; `Invalid` when the plan it left is damaged; `Io` when the system lets it be
/// neither completed nor undone. Then nothing was lost and a later call tries again.
pub fn recover(directory: &Path, steps: &Steps) -> Result<Recovered> {
    let Some(place) = Place::existing(directory)? else { return Ok(Recovered::Nothing) };
    if place.has(DONE)? {
        return Ok(completed(&place, Plan::read(&place, DONE).ok().as_ref(), steps));
    }
    if place.has(PLAN)? {
        let plan = Plan::read(&place, PLAN)?;
        return match swap::run(&place, &plan, steps)? {
            Outcome::New => Ok(completed(&place, Some(&plan), steps)),
            Outcome::Old(why) => undone(&place, Some(&why), steps),
        };
    }
    // Without it the staging was not begun, or its removal nearly ended.
    if place.has(NEW)? {
        return undone(&place, None, steps);
    }
    place.clear(steps)?;
    Ok(Recovered::Nothing)
}

/// Whether there is something to recover, or a restore is under way. Only looks.
pub fn was_interrupted(directory: &Path) -> bool {
    directory.join(OsStr::from_bytes(STAGING)).is_dir()
}

fn undone(place: &Place, why: Option<&Error>, steps: &Steps) -> Result<Recovered> {
    place.clear(steps)?;
    let what = match why {
        None => format!("A restore into {} was interrupted before anything was put in place", place.name),
        Some(why) => format!("A restore into {} was interrupted and cannot be completed ({why})", place.name),
    };
    Ok(Recovered::Undone { what })
}

/// The restore counts as done even when its leftovers cannot be removed.
fn completed(place: &Place, plan: Option<&Plan>, steps: &Steps) -> Recovered {
    let mut what = format!("A restore into {} was interrupted while it was put in place", place.name);
    let cleared =
        place.clear(steps).and_then(|()| finish_root(place, plan.and_then(|plan| plan.root.as_ref())));
    if let Err(error) = cleared {
        what.push_str(&format!(" ({error}; remove what is left of .larder-restore by hand)"));
    }
    Recovered::Completed { what }
}
