//! The rules that decide which contents of a backup can be restored here. `verify`, `restore` and `inspect` share them.
//!
//! Checks `backup.json`, the list of members and the summary of a finished walk. Reads no contents.

use crate::archive::{Summary, shown};
use crate::error::{Failure, Result};
use crate::model::Skipped;
use crate::stored_archive::Archive;

/// Refuses a backup without a Home Assistant configuration, by what `backup.json` says and by the members that exist.
pub fn must_be_restorable(outer: &Archive<'_>) -> Result<()> {
    let (code, why) = match (outer.manifest.homeassistant_version(), outer.home()) {
        (Some(_), Some(_)) => return Ok(()),
        (Some(_), None) => (
            "backup_damaged",
            "damaged archive: backup.json lists a Home Assistant configuration, but the archive contains none; it was \
             truncated or changed: use another copy of the backup"
                .to_owned(),
        ),
        (None, Some(home)) => (
            "backup_unsupported",
            format!(
                "backup.json names no Home Assistant version, so Home Assistant does not restore {}; neither does Larder, \
                 but `larder extract` can extract files from it",
                shown(home.name.as_bytes())
            ),
        ),
        (None, None) => (
            "backup_unsupported",
            "it contains no Home Assistant configuration, only what a Supervisor restores (add-ons, folders); `larder show` \
             lists it"
                .to_owned(),
        ),
    };
    Err(Failure::new(code, why))
}

/// Add-ons and folders that `backup.json` lists but the backup does not contain.
pub fn missing(outer: &Archive<'_>) -> Vec<Skipped> {
    let has = |stem: &str| outer.members.iter().any(|member| member.part_name() == Some(stem));
    let reason = |stem: &str| {
        format!("backup.json lists it, and the archive has no {}.tar.gz", shown(stem.as_bytes()))
    };
    let manifest = &outer.manifest;
    let addons = manifest.addons().iter().filter(|addon| !has(&addon.slug)).map(|addon| Skipped {
        path: format!("add-on {} {}", addon.name, addon.version),
        reason: reason(&addon.slug),
    });
    let folders = manifest.folders().filter_map(|folder| {
        let stem = folder.replace('/', "_");
        (!has(&stem)).then(|| Skipped { path: format!("folder {folder}"), reason: reason(&stem) })
    });
    addons.chain(folders).collect()
}

/// Members of a backup that cannot be restored here. Reads no contents.
pub fn not_restorable(outer: &Archive<'_>) -> Vec<Skipped> {
    let manifest = &outer.manifest;
    let needs = "only Home Assistant with a Supervisor restores it";
    let mut found = Vec::new();
    if outer.home().is_none() {
        let reason = "not in this backup: there is no Home Assistant configuration to restore".into();
        found.push(Skipped { path: "homeassistant".into(), reason });
    }
    let missing = missing(outer);
    let addons = manifest.addons().iter().map(|addon| format!("add-on {} {}", addon.name, addon.version));
    let folders = manifest.folders().map(|folder| format!("folder {folder}"));
    for path in addons.chain(folders).filter(|path| missing.iter().all(|missing| missing.path != *path)) {
        found.push(Skipped { path, reason: needs.into() });
    }
    let known = |name: &str| {
        let stem = name.strip_suffix(".gz").unwrap_or(name);
        let stem = stem.strip_suffix(".tar").unwrap_or(stem);
        let folder = manifest.folders().any(|folder| folder.replace('/', "_") == stem);
        stem == "homeassistant" || folder || manifest.addons().iter().any(|addon| addon.slug == stem)
    };
    for member in outer.members.iter().filter(|member| !known(&member.name)) {
        found.push(Skipped { path: member.name.clone(), reason: "unknown; it is left alone".into() });
    }
    found
}

/// Everything that a backup lists or contains but a restore does not bring back, and why.
pub fn left_out(outer: &Archive<'_>, summary: &Summary) -> Vec<Skipped> {
    let mut found = not_restorable(outer);
    found.extend(missing(outer));
    found.extend(left_out_of_part(summary));
    found
}

/// Entries of the inner tar that a restore does not bring back, and why.
pub fn left_out_of_part(summary: &Summary) -> Vec<Skipped> {
    lost(summary).into_iter().chain(outside_home(summary)).collect()
}

/// Entries of the home in the inner tar that cannot be restored, and why.
pub fn lost(summary: &Summary) -> Vec<Skipped> {
    let lost = summary.skipped.iter();
    lost.map(|odd| Skipped { path: shown(&odd.path), reason: odd.reason.clone() }).collect()
}

/// Entries of the inner tar outside the home.
pub fn outside_home(summary: &Summary) -> impl Iterator<Item = Skipped> {
    summary.outside.iter().map(|name| Skipped {
        path: shown(name),
        reason: "is outside data/ and belongs to the Supervisor".into(),
    })
}
