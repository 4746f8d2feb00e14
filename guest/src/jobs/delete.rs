//! Deletes a backup, or a file in its location that cannot be read as one.

use serde_json::Value;

use crate::error::Result;
use crate::jobs::inspect::answer;
use crate::jobs::listing::Listing;
use crate::jobs::stored_backups;
use crate::model::BackupRef;
use crate::ports::Host;

/// Deletes one backup, or, by its file name, an object that cannot be read as one. Returns the name of the file, or `null` if
/// there is none. The record goes first: without it, nobody lists the archive.
pub fn delete(host: &dyn Host, request: &BackupRef) -> Result<Value> {
    let agent_id = request.agent_id.as_deref().unwrap_or(stored_backups::LOCAL);
    let found = match &request.backup_id {
        Some(id) => located(stored_backups::find(host, agent_id, id))?,
        None => {
            let opened = stored_backups::open(host, request)?;
            Some((opened.object.name.clone(), vec![opened.object.name]))
        }
    };
    let found = match found {
        Some(found) => Some(found),
        None => unreadable(host, agent_id, request)?,
    };
    let Some((file, files)) = found else { return Ok(answer("file", Value::Null)) };
    for file in &files {
        host.delete_object(agent_id, file)?;
    }
    Ok(answer("file", file.into()))
}

/// The archive and all files of a backup. `None` if it does not exist.
fn located(found: Result<Listing>) -> Result<Option<(String, Vec<String>)>> {
    match found {
        Ok(listing) => Ok(Some((listing.object.name, listing.files))),
        Err(failure) if failure.code == "backup_not_found" => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// An object that cannot be read as a backup, by its name.
fn unreadable(host: &dyn Host, agent_id: &str, request: &BackupRef) -> Result<Option<(String, Vec<String>)>> {
    let is_meant = |listing: &Listing| {
        listing.backup.is_err() && request.backup_id.as_ref() == Some(&listing.object.name)
    };
    let found = stored_backups::list(host, agent_id)?.into_iter().find(is_meant);
    Ok(found.map(|listing| (listing.object.name, listing.files)))
}
