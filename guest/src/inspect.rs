//! What is there: lists, describes and deletes backups.
//!
//! Answers have Home Assistant's shape (`backup/info`, `backup/details`).

use serde_json::{Map, Value, json};

use crate::archive::Manifest;
use crate::error::Result;
use crate::library::{self, Listing};
use crate::model::{BackupRef, Info, Skipped};
use crate::ports::Outside;
use crate::verify;

/// The backups of every location, or of one, newest first.
pub fn info(outside: &dyn Outside, request: &BackupRef) -> Result<Info> {
    let wanted = |id: &String| request.agent_id.as_ref().is_none_or(|agent| agent == id);
    let ids = outside.locations().into_iter().map(|location| location.id).filter(wanted);
    let mut info = Info { backups: Vec::new(), agent_errors: Map::new(), unreadable: Vec::new() };
    for id in ids {
        match library::list(outside, &id) {
            Ok(listings) => listings.into_iter().for_each(|listing| add(&mut info, listing)),
            Err(failure) => {
                info.agent_errors.insert(id, failure.message.into());
            }
        }
    }
    let date = |backup: &Value| backup.get("date").and_then(Value::as_str).map(str::to_owned);
    info.backups.sort_by_key(|backup| std::cmp::Reverse(date(backup)));
    Ok(info)
}

fn add(info: &mut Info, listing: Listing) {
    match &listing.manifest {
        Ok(manifest) => info.backups.push(record(&listing, manifest)),
        Err(failure) => {
            let path = listing.object.name.clone();
            info.unreadable.push(Skipped { path, reason: failure.message.clone() });
        }
    }
}

/// One backup, with its file's name and what it holds that cannot be restored here.
pub fn details(outside: &dyn Outside, request: &BackupRef) -> Result<Value> {
    let opened = library::open(outside, request)?;
    let outer = verify::outer(&opened)?;
    let not_restorable = verify::not_restorable(&outer);
    let listing = Listing {
        agent_id: opened.agent_id.clone(),
        object: opened.object.clone(),
        manifest: Ok(outer.manifest.clone()),
    };
    let mut backup = record(&listing, &outer.manifest);
    if let Some(fields) = backup.as_object_mut() {
        let members = outer.members.iter().map(|m| json!({"name": m.name, "size": m.size}));
        fields.insert("members".into(), members.collect());
        fields.insert("not_restorable".into(), json!(not_restorable));
    }
    Ok(json!({"agent_errors": {}, "backup": backup}))
}

/// Deletes one backup. Only what can be read as that backup is deleted.
pub fn delete(outside: &dyn Outside, request: &BackupRef) -> Result<Value> {
    let opened = library::open(outside, request)?;
    outside.delete_object(&opened.agent_id, &opened.object.name)?;
    Ok(json!({"agent_errors": {}, "file": opened.object.name}))
}

/// A backup as Home Assistant describes it, and the name of its file.
fn record(listing: &Listing, manifest: &Manifest) -> Value {
    let addons: Vec<_> = manifest
        .addons()
        .iter()
        .map(|addon| json!({"name": addon.name, "slug": addon.slug, "version": addon.version}))
        .collect();
    let extra = manifest.extra().cloned().unwrap_or_default();
    let automatic = extra.get("with_automatic_settings").cloned().unwrap_or(Value::Null);
    json!({
        "addons": addons,
        "agents": {&listing.agent_id: {"protected": manifest.protected(), "size": listing.object.size}},
        "backup_id": manifest.slug(),
        "date": manifest.date_text(),
        "database_included": manifest.database_included(),
        "extra_metadata": extra,
        "failed_addons": [],
        "failed_agent_ids": [],
        "failed_folders": [],
        "file": listing.object.name,
        "folders": manifest.folders().collect::<Vec<_>>(),
        "homeassistant_included": manifest.homeassistant_version().is_some(),
        "homeassistant_version": manifest.homeassistant_version(),
        "name": manifest.name(),
        "with_automatic_settings": automatic,
    })
}
