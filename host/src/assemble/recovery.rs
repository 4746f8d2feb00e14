//! Cleaning up after a process that was killed: interrupted restores, drafts of backups and documents, scratch files. Also
//! reports a state directory that was lost.
//!
//! Does not decide whether it may run: `build` takes the locks first.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::setup::HostSetup;
use crate::error::{Error, Result};
use crate::home::staging;
use crate::home::staging::Recovered;
use crate::storage::cache::Cache;
use crate::storage::directories::Directories;
use crate::storage::locations::{is_marked, remove_stale_drafts};

impl HostSetup {
    /// Completes or undoes an interrupted restore and says which. A restore that is still running holds its own lock.
    pub(super) fn recover_restores(&self, places: &Directories) -> Result<Vec<String>> {
        let mut notices = Vec::new();
        let other =
            places.target.as_ref().filter(|target| places.config.as_ref() != Some(target) && target.is_dir());
        for directory in places.config.iter().chain(other) {
            match staging::recover(directory, &self.steps)? {
                Recovered::Nothing => {}
                recovered => notices.push(recovered.to_string()),
            }
        }
        Ok(notices)
    }

    /// Removes drafts and scratch files. What cannot be removed only takes space, so a failure becomes a notice.
    pub(super) fn remove_leftovers(&self, places: &Directories) -> Vec<String> {
        let mut notices = remove_backup_drafts(places, &self.directories(places));
        for documents in [self.plugin_documents(places), self.host_documents(places)] {
            notices.extend(documents.remove_drafts().err().map(|error| error.to_string()));
        }
        Cache::new(places.state.join("cache")).remove_drafts();
        notices
    }
}

/// Removes drafts of backups, and scratch copies.
fn remove_backup_drafts(places: &Directories, others: &[PathBuf]) -> Vec<String> {
    let mut notices = Vec::new();
    let outputs = places.output.iter().filter_map(|output| output.parent());
    let all = places.backups.iter().chain(others).map(PathBuf::as_path).chain(outputs);
    for directory in all {
        let removed = |draft| format!("removed {draft}, the partial file of an interrupted backup");
        match remove_stale_drafts(directory) {
            Ok(drafts) => notices.extend(drafts.into_iter().map(removed)),
            Err(error) => notices.push(error.to_string()),
        }
    }
    let scratch = places.state.join("scratch");
    match fs::remove_dir_all(&scratch) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            notices.push(Error::from_io(format!("cannot remove {}", scratch.display()), &error).to_string());
        }
        _ => {}
    }
    notices
}

/// A notice when the state directory does not exist yet although backups were stored before: it says what was lost with the old one.
pub(super) fn lost_state(places: &Directories) -> Option<String> {
    let backups = places.backups.as_deref().filter(|backups| is_marked(backups))?;
    let is_new = !places.state.exists();
    is_new.then(|| {
        format!(
            "the state directory {} is new, but {} already holds backups. They are all still there, but the \
             automatic settings, the verification results and the history of automations are lost. If you have another state \
             directory, pass it with --state; otherwise run `larder adopt` or `larder settings set`, and `larder verify --all`",
            places.state.display(),
            backups.display()
        )
    })
}
