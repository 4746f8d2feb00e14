//! Restoring a home, or only its database, from a backup into a staged target.
//!
//! Everything is checked while it is staged. A backup is put in place only if it was good to its last byte.

pub mod selection;
pub mod space_check;
pub mod staging;

use crate::archive::{Summary, shown};
use crate::error::{Failure, Result, UNREADABLE};
use crate::home::Home;
use crate::home::links;
use crate::home::recorder::DATABASE;
use crate::home::version::is_newer;
use crate::jobs::part::unlock_home;
use crate::jobs::restore::selection::Selection;
use crate::jobs::restore::space_check::SpaceCheck;
use crate::jobs::restore::staging::{Staging, stage_all};
use crate::jobs::{lost_attributes, restorable, stored_backups};
use crate::model::{RestoreRequest, Restored, Skipped};
use crate::ports::{Committed, Host, Target};
use crate::progress::Progress;
use crate::stored_archive::Archive;

/// Bytes read back at once: some seconds of a slow disk.
const CHECKED: u64 = 128 << 20;

/// The stage of progress in which the home's files are replaced.
pub const PUT_IN_PLACE: &str = "put_in_place";
/// Home Assistant's own message.
const OF_A_SUPERVISOR: &str = "Addons and folders are not supported in core restore";

/// Refuses add-ons and folders, which only a Supervisor restores.
fn check_parts(request: &RestoreRequest) -> Result<()> {
    match request.restore_addons.is_empty() && request.restore_folders.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(UNREADABLE, OF_A_SUPERVISOR)),
    }
}

/// Restores everything that the request selects, or nothing.
pub fn restore(host: &dyn Host, request: &RestoreRequest) -> Result<Restored> {
    let opened = stored_backups::open(host, &request.read.backup)?;
    check_parts(request)?;
    let mut outer = opened.archive()?;
    let selection = Selection::of(request, outer.manifest.database_included())?;
    let name = &opened.object.name;
    restorable::must_be_restorable(&outer).map_err(|failure| failure.about(name))?;
    check_manifest(host, request, &outer, selection)?;
    let mut home = unlock_home(&mut outer, &request.read.unlock, name)?;
    let wanted = |path: &[u8]| selection.includes(path);
    let scope = selection.scope(request.elsewhere);
    let (target, available) = match request.dry_run {
        true => (None, host.dry_run_target(&scope, request.force)?),
        false => {
            let target = host.target(&scope, request.force)?;
            let available = target.available();
            (Some(target), available)
        }
    };
    let space = SpaceCheck { what: "the restore", available };
    let is_dry_run = target.is_none();
    if !is_dry_run {
        space.must_fit(host, &mut outer, &mut home, name, Staging::new(None, &wanted))?;
    }
    let mut staging = Staging::new(target, &wanted);
    let progress = Progress::new(host, "home_assistant", home.member.size);
    let staged = stage_all(host, &mut outer, &mut home, name, progress, &mut staging);
    let summary = staged.map_err(|failure| {
        space.explain(failure, host, &mut outer, &mut home, name, Staging::new(None, &wanted))
    })?;
    if is_dry_run {
        space.must_be_at_least(staging.need.total())?;
    }
    if selection == Selection::Database {
        must_hold_database(&staging, name)?;
    }
    let mut notes = lost_attributes::sentences(&summary, |path| staging.seen.contains_key(path));
    let (only_links, dangling) = match staging.take_target() {
        Some(target) => {
            let committed = put_in_place(host, target, staging.totals.bytes)?;
            notes.extend(committed.losses);
            dangling(committed.dangling, &staging)
        }
        None => Default::default(),
    };
    let mut left_behind = left_behind(request, &outer, &summary);
    left_behind.extend(only_links);
    let keeps_own = request.restore_database && selection == Selection::WithoutDatabase;
    left_behind.extend(staging.unwanted_link.take().filter(|_| keeps_own));
    let restored = restored(&outer, selection, request.dry_run, home.label, &staging, left_behind);
    let warnings = home.note.into_iter().chain(summary.notes).collect();
    Ok(Restored { warnings, notes, dangling, ..restored })
}

/// Reads back what was staged, then puts it in place.
pub fn put_in_place(host: &dyn Host, target: Box<dyn Target>, bytes: u64) -> Result<Committed> {
    let mut progress = Progress::new(host, PUT_IN_PLACE, bytes);
    loop {
        match target.check(CHECKED)? {
            0 => break,
            checked => progress.add(checked),
        }
    }
    progress.finish();
    Ok(target.commit()?)
}

/// Refuses a backup with a symbolic link instead of the database: the link's destination is not in the backup.
fn must_hold_database(staging: &Staging<'_>, name: &str) -> Result<()> {
    let why = match staging.links.get(DATABASE) {
        Some(target) => format!("the database in this backup is only a symbolic link to {}", shown(target)),
        None if staging.seen.contains_key(DATABASE) => return Ok(()),
        None => "there is no database in this backup".to_owned(),
    };
    Err(Failure::new("backup_unsupported", format!("{name}: {why}")))
}

/// Restored links that lead nowhere: those that the home needs, and the others.
fn dangling(paths: Vec<Vec<u8>>, staging: &Staging<'_>) -> (Vec<Skipped>, Vec<Skipped>) {
    let (needed, others): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| links::is_important(path));
    let named = |paths: Vec<Vec<u8>>| {
        let says = |path: &Vec<u8>| staging.links.get(path).map(Vec::as_slice).unwrap_or_default();
        paths.iter().map(|path| Skipped { path: shown(path), reason: links::dangling(says(path)) }).collect()
    };
    (named(needed), named(others))
}

/// Refuses a backup without what was selected, and, unless forced, one that is newer than the home.
fn check_manifest(
    host: &dyn Host,
    request: &RestoreRequest,
    outer: &Archive<'_>,
    selection: Selection,
) -> Result<()> {
    let manifest = &outer.manifest;
    let version = manifest.homeassistant_version().unwrap_or_default();
    if selection == Selection::Database && !manifest.database_included() {
        return Err(Failure::new(
            "backup_unsupported",
            format!(
                "{} was made without the database, or with nothing but a symbolic link to it",
                shown(manifest.name().as_bytes())
            ),
        ));
    }
    if request.elsewhere || request.force {
        return Ok(());
    }
    match &Home::read(host, host.snapshot().as_ref()).version? {
        Some(own) if is_newer(version, own) => {
            let message = format!(
                "{} was made by Home Assistant {}, this home runs {own}: update the home first, or restore with --force",
                shown(manifest.name().as_bytes()),
                shown(version.as_bytes())
            );
            Err(Failure::new("backup_too_new", message))
        }
        _ => Ok(()),
    }
}

/// Requested things that are not restored. A request for only a part of the home does not ask for add-ons and folders.
fn left_behind(request: &RestoreRequest, outer: &Archive<'_>, summary: &Summary) -> Vec<Skipped> {
    match (request.restore_homeassistant, request.restore_database) {
        (true, true) => restorable::left_out(outer, summary),
        (true, false) => restorable::left_out_of_part(summary),
        (false, _) => Vec::new(),
    }
}

fn restored(
    outer: &Archive<'_>,
    selection: Selection,
    dry_run: bool,
    key: Option<String>,
    staging: &Staging<'_>,
    skipped: Vec<Skipped>,
) -> Restored {
    let manifest = &outer.manifest;
    Restored {
        backup_id: manifest.slug().to_owned(),
        name: manifest.name().to_owned(),
        date: manifest.date_text().to_owned(),
        dry_run,
        totals: staging.totals,
        homeassistant_version: manifest.homeassistant_version().map(str::to_owned),
        restored_homeassistant: selection != Selection::Database,
        // The manifest only says whether a database was excluded, not whether there was one.
        restored_database: staging.seen.contains_key(DATABASE) && !staging.links.contains_key(DATABASE),
        key,
        skipped,
        warnings: Vec::new(),
        damaged: None,
        notes: Vec::new(),
        dangling: Vec::new(),
    }
}
