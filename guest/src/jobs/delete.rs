//! Deletes a backup, or a file in its location that cannot be read as one.

use serde_json::Value;

use crate::error::Result;
use crate::jobs::inspect::{answer, found};
use crate::jobs::stored_backups::{self, Listing};
use crate::model::BackupRef;
use crate::ports::Host;

/// Deletes one backup, or, by its file name, an object that cannot be read as one. Returns the name of the file, or `null` if
/// there is none.
pub fn delete(host: &dyn Host, request: &BackupRef) -> Result<Value> {
    let (agent_id, file) = match found(stored_backups::open(host, request))? {
        Some(opened) => (opened.agent_id, opened.object.name),
        None => match unreadable(host, request)? {
            Some(found) => found,
            None => return Ok(answer("file", Value::Null)),
        },
    };
    host.delete_object(&agent_id, &file)?;
    Ok(answer("file", file.into()))
}

/// The location and name of an object that cannot be read as a backup.
fn unreadable(host: &dyn Host, request: &BackupRef) -> Result<Option<(String, String)>> {
    let agent_id = request.agent_id.as_deref().unwrap_or(stored_backups::LOCAL);
    let is_meant = |listing: &Listing| {
        listing.backup.is_err() && request.backup_id.as_ref() == Some(&listing.object.name)
    };
    let found = stored_backups::list(host, agent_id)?.into_iter().find(is_meant);
    Ok(found.map(|listing| (listing.agent_id, listing.object.name)))
}
