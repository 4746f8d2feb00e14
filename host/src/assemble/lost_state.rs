//! A state directory that is made anew beside backups of before: people are told what is gone with the old one.

use super::Places;
use crate::storage::locations::is_marked;

/// What is gone with a state directory that is made anew beside backups that were stored before.
pub(super) fn lost_state(places: &Places) -> Option<String> {
    let backups = places.backups.as_deref().filter(|backups| is_marked(backups))?;
    let is_new = !places.state.exists();
    is_new.then(|| {
        format!(
            "the state directory {} is new, though backups were stored in {} before. They are all there, and retention counts them; the \
             automatic settings, what was verified and what automations did are not known any more. If there is another state \
             directory, name it with --state; else run `larder adopt` or `larder settings set`",
            places.state.display(),
            backups.display()
        )
    })
}
