//! The stored backups: which objects of a location are backups, and which one a request refers to.
//!
//! Where a location has records beside its archives, the records are read; elsewhere headers, `backup.json` and the start of each part. Contents are
//! never read.

use serde_json::Value;

use crate::archive::{Limits, Manifest, Outer, shown};
use crate::error::{Failure, Result, UNREADABLE};
use crate::jobs::listing::Listing;
use crate::jobs::records;
use crate::layout::Layout;
use crate::model::BackupRef;
use crate::ports::{Content, Host, Location, Object};
use crate::protection::Protection;
use crate::settings::required;
use crate::stored_archive::{self, Archive, Reader};

/// The id of the local location.
pub const LOCAL: &str = "backup.local";

/// The id of the location of a file that was named on the command line.
pub const FILE: &str = "larder.file";

/// An opened backup.
pub struct Opened {
    pub agent_id: String,
    pub object: Object,
    pub content: Box<dyn Content>,
}

impl Opened {
    /// Its outer tar.
    pub fn archive(&self) -> Result<Archive<'_>> {
        stored_archive::open(self.content.as_ref(), &self.object.name)
    }
}

/// Lists every backup of one location, and every object that should be one.
pub fn list(host: &dyn Host, agent_id: &str) -> Result<Vec<Listing>> {
    let place = host.place(agent_id)?;
    let objects = host.objects(agent_id)?;
    listings(host, &place, objects)
}

/// As [`list`], from what the host remembers of a location that cannot be reached.
pub fn list_remembered(host: &dyn Host, agent_id: &str) -> Result<Vec<Listing>> {
    let place = host.place(agent_id)?;
    let objects = host.remembered(agent_id)?;
    listings(host, &place, objects)
}

fn listings(host: &dyn Host, place: &Location, objects: Vec<Object>) -> Result<Vec<Listing>> {
    match records::layout(place)? {
        Layout::Local => {
            let read = |object: Object| {
                let backup = look(host, &place.id, &object.name);
                Listing { agent_id: place.id.clone(), files: vec![object.name.clone()], object, backup }
            };
            Ok(objects.into_iter().map(read).collect())
        }
        layout => records::list(host, &place.id, layout, objects),
    }
}

fn look(host: &dyn Host, agent_id: &str, name: &str) -> Result<(Manifest, Protection)> {
    let content = host.open_object(agent_id, name)?;
    let mut outer = Outer::open(Reader::for_headers(content.as_ref()), &Limits::default())
        .map_err(|error| Failure::archive(name, error))?;
    let protection = Protection::of_first_part(&mut outer).map_err(|failure| failure.about(name))?;
    Ok((outer.manifest, protection))
}

/// Opens the backup with the given id, or the location's only object.
pub fn open(host: &dyn Host, wanted: &BackupRef) -> Result<Opened> {
    let agent_id = wanted.agent_id.as_deref().unwrap_or(LOCAL).to_owned();
    let object = match (&wanted.file, &wanted.backup_id) {
        (Some(file), _) => Object { name: file.clone(), size: 0, modified: 0 },
        (None, Some(id)) => find(host, &agent_id, id)?.object,
        // An id may only be left out for a file named on the command line.
        (None, None) if agent_id == LOCAL => return Err(Failure::invalid(required("backup_id"))),
        (None, None) => only(host, &agent_id)?,
    };
    let content = host.open_object(&agent_id, &object.name)?;
    let object = Object { size: content.size(), ..object };
    let opened = Opened { agent_id, object, content };
    if let (Some(id), None) = (&wanted.backup_id, &wanted.file) {
        must_be(host, &opened, id)?;
    }
    Ok(opened)
}

/// Refuses an archive that is another backup than its record says: it was replaced, and would be restored in place of the right one.
fn must_be(host: &dyn Host, opened: &Opened, id: &str) -> Result<()> {
    if records::layout(&host.place(&opened.agent_id)?)? == Layout::Local {
        return Ok(());
    }
    let found = opened.archive()?.manifest;
    match found.slug() == id {
        true => Ok(()),
        false => Err(Failure::new(
            "backup_damaged",
            format!(
                "{} in {} holds the backup {}, but its record names {id}: it was replaced; use another copy, and delete this one",
                opened.object.name,
                opened.agent_id,
                shown(found.slug().as_bytes())
            ),
        )),
    }
}

/// The size of a backup in bytes in one location, by its description.
pub fn stored_size(backup: &Value, agent_id: &str) -> Option<u64> {
    backup.get("agents")?.get(agent_id)?.get("size")?.as_u64()
}

/// The backup with that id, if the location has it.
pub fn with_id(host: &dyn Host, agent_id: &str, id: &str) -> Result<Option<Listing>> {
    let has_id = |listing: &Listing| listing.backup.as_ref().is_ok_and(|(manifest, _)| manifest.slug() == id);
    Ok(list(host, agent_id)?.into_iter().find(has_id))
}

/// Finds the backup `id`.
pub fn find(host: &dyn Host, agent_id: &str, id: &str) -> Result<Listing> {
    let has_id = |listing: &Listing| listing.backup.as_ref().is_ok_and(|(manifest, _)| manifest.slug() == id);
    let mut listings = list(host, agent_id)?;
    if let Some(at) = listings.iter().position(has_id) {
        return Ok(listings.swap_remove(at));
    }
    // An object that cannot be read right now may be the one, so "not found" would be wrong.
    if let Some(failure) = listings.into_iter().filter_map(|listing| listing.backup.err()).find(is_refusal) {
        let message =
            format!("{}; it may be the backup {id}: try again once it can be read", failure.message);
        return Err(Failure { message, ..failure });
    }
    let message = format!("there is no backup {id} in {agent_id}; `larder list` shows all backups");
    Err(Failure::new("backup_not_found", message))
}

/// Whether the system could not read a file, as opposed to a file with bad contents.
fn is_refusal(failure: &Failure) -> bool {
    failure.code == UNREADABLE
}

fn only(host: &dyn Host, agent_id: &str) -> Result<Object> {
    match <[Object; 1]>::try_from(host.objects(agent_id)?) {
        Ok([object]) => Ok(object),
        Err(objects) => Err(Failure::invalid(format!(
            "{agent_id} holds {} backups: choose one with backup_id",
            objects.len()
        ))),
    }
}
