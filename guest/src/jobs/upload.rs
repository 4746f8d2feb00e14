//! Stores a copy of a backup in another location: the archive, its proof, then the record.
//!
//! The order guarantees that nothing is listed that is not whole. An interrupted copy is continued where the location can.

use crate::archive::Manifest;
use crate::error::{Failure, Result};
use crate::jobs::records;
use crate::jobs::stored_backups::{self, Opened};
use crate::layout::{self, Layout, Record};
use crate::model::{AbandonRequest, AgentRequest, CleanRequest, Copied, CopyRequest};
use crate::ports::{Cause, Check, Content, Host, Object, Place, Stored};
use crate::progress::Progress;
use crate::protection::Protection;
use crate::stored_archive;
use serde_json::{Value, json};

/// Bytes that are compared at once.
const PIECE: u32 = 1024 * 1024;

/// Stores a copy.
pub fn upload(host: &dyn Host, request: &CopyRequest) -> Result<Copied> {
    let place = host.place(&request.to)?;
    let layout = records::layout(&place)?;
    let opened = stored_backups::open(host, &request.backup)?;
    let mut outer = opened.archive()?;
    let protected = Protection::of_first_part(&mut outer)?.version.is_some();
    let manifest = outer.manifest.clone();
    drop(outer);
    if !request.is_new
        && let Some(there) = stored_backups::with_id(host, &place.id, manifest.slug())?
    {
        let size = opened.content.size();
        return match request.is_resumed && there.object.size == size {
            true => Ok(found(&manifest, protected, &place.id, there.object)),
            false => Err(Failure::new(
                "exists",
                format!(
                    "{} already has the backup {}, as {}; nothing was copied",
                    place.id,
                    manifest.slug(),
                    there.object.name
                ),
            )),
        };
    }
    let names =
        layout::names(layout, manifest.name(), manifest.date_text(), manifest.slug()).map_err(|error| {
            Failure::new("invalid_backup_filename", format!("{}: {error}", opened.object.name))
        })?;
    let size = opened.content.size();
    let stored = store(host, &place.id, &names.archive, &opened)?;
    if let Some(name) = &names.record {
        let record = Record::new(&manifest, size, protected);
        let bytes = layout::record_bytes(layout, &record, &names.archive, &place.directory);
        put_record(host, &place.id, name, &bytes)?;
    }
    // If it cannot be asked for now, a later change is noticed by the size alone.
    let modified =
        host.open_object(&place.id, &names.archive).map_or(0, |content| content.modified().seconds);
    Ok(Copied {
        modified,
        backup_id: manifest.slug().to_owned(),
        name: manifest.name().to_owned(),
        date: manifest.date_text().to_owned(),
        agent_id: place.id,
        file: names.archive,
        size,
        protected,
        proof: stored.proof,
        notes: stored.notes,
    })
}

/// What an earlier attempt stored, with its record, before it was cut off.
fn found(manifest: &Manifest, protected: bool, agent_id: &str, there: Object) -> Copied {
    Copied {
        modified: there.modified,
        backup_id: manifest.slug().to_owned(),
        name: manifest.name().to_owned(),
        date: manifest.date_text().to_owned(),
        agent_id: agent_id.to_owned(),
        file: there.name,
        size: there.size,
        protected,
        // The record is written after the proof, but which proof it was is lost.
        proof: "size",
        notes: Vec::new(),
    }
}

/// Stores the archive. If one of that name is there, it is what an interrupted attempt left; it counts when it has the same bytes.
fn store(host: &dyn Host, to: &str, name: &str, opened: &Opened) -> Result<Stored> {
    match host.store(to, name, opened.content.as_ref()) {
        Err(fault) if fault.cause == Cause::Exists => {
            let there = host.open_object(to, name)?;
            match same_bytes(host, opened.content.as_ref(), there.as_ref())? {
                true => Ok(Stored { proof: "full", notes: Vec::new() }),
                // What an earlier attempt with another encryption left: nobody lists it.
                false if is_unrecorded(host, to, name)? && is_same_backup(opened, there.as_ref(), name) => {
                    host.delete_object(to, name)?;
                    Ok(host.store(to, name, opened.content.as_ref())?)
                }
                false => Err(Failure::new(
                    "exists",
                    format!(
                        "{to} already has another file {name}; nothing was replaced: delete it there, or keep it and this backup elsewhere"
                    ),
                )),
            }
        }
        stored => Ok(stored?),
    }
}

/// Whether no record leads to an archive.
fn is_unrecorded(host: &dyn Host, to: &str, name: &str) -> Result<bool> {
    let listed = stored_backups::list(host, to)?;
    Ok(listed.iter().any(|it| {
        it.object.name == name && it.backup.as_ref().is_err_and(|it| it.code == records::INCOMPLETE)
    }))
}

fn is_same_backup(opened: &Opened, there: &dyn Content, name: &str) -> bool {
    let theirs = stored_archive::open(there, name).map(|outer| outer.manifest.slug().to_owned());
    opened.archive().is_ok_and(|ours| theirs.is_ok_and(|theirs| theirs == ours.manifest.slug()))
}

/// Deletes what was stored of a copy that is not wanted any more: its archive, while it has no record.
pub fn abandon(host: &dyn Host, copy: &AbandonRequest) -> Result<Value> {
    let layout = records::layout(&host.place(&copy.agent_id)?)?;
    let names = layout::names(layout, &copy.name, &copy.date, &copy.backup_id).map_err(Failure::invalid)?;
    let is_ours = names.record.is_some() && is_unrecorded(host, &copy.agent_id, &names.archive)?;
    if is_ours {
        host.delete_object(&copy.agent_id, &names.archive)?;
    }
    Ok(json!({"deleted": is_ours}))
}

fn put_record(host: &dyn Host, to: &str, name: &str, bytes: &[u8]) -> Result<()> {
    match host.put(to, name, bytes) {
        Err(fault) if fault.cause == Cause::Exists => {
            let there = host.open_object(to, name)?;
            match there.size() == bytes.len() as u64 && there.read(0, PIECE)? == bytes {
                true => Ok(()),
                false => Err(Failure::new("exists", format!("{to} already has another record {name}"))),
            }
        }
        put => Ok(put?),
    }
}

fn same_bytes(host: &dyn Host, ours: &dyn Content, theirs: &dyn Content) -> Result<bool> {
    let size = ours.size();
    if theirs.size() != size {
        return Ok(false);
    }
    let mut progress = Progress::new(host, "verify", size);
    ours.ahead(0, size);
    theirs.ahead(0, size);
    let mut offset = 0;
    while offset < size {
        let theirs = theirs.read(offset, PIECE)?;
        let count = u32::try_from(theirs.len()).unwrap_or(PIECE);
        let place = Place { content: ours, offset, count };
        if theirs.is_empty() || place.read()? != theirs {
            return Ok(false);
        }
        offset = offset.saturating_add(count.into());
        progress.add(count.into());
    }
    progress.finish();
    Ok(true)
}

/// Gives up the interrupted uploads of a location that nobody wants any more.
pub fn clean(host: &dyn Host, request: &CleanRequest) -> Result<Value> {
    Ok(json!({"messages": host.clean(&request.agent_id, &request.wanted)?}))
}

/// Tests a location.
pub fn test(host: &dyn Host, request: &AgentRequest) -> Result<Value> {
    let outward = |Check { what, found }: Check| match found {
        Ok(seen) => json!({"what": what, "found": seen, "error": null}),
        Err(error) => json!({"what": what, "found": null, "error": error}),
    };
    let checks = host.test_location(&request.agent_id)?;
    let is_good = checks.iter().all(|check| check.found.is_ok());
    let layout = records::layout(&host.place(&request.agent_id)?)?;
    Ok(json!({
        "agent_id": request.agent_id,
        "good": is_good,
        "layout": layout.name(),
        "records": layout != Layout::Local,
        "checks": checks.into_iter().map(outward).collect::<Vec<_>>(),
    }))
}
