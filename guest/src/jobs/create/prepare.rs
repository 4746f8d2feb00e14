//! The preparation of a backup: its home, location, name and plan, and every check that needs no data to be written.

use serde_json::{Map, Value};

use crate::archive::{Exclude, Instant, Manifest, backup_id, shown};
use crate::error::{Failure, Result};
use crate::home::Home;
use crate::home::recorder;
use crate::jobs::create::name::BackupName;
use crate::jobs::create::plan::Plan;
use crate::jobs::stored_backups::LOCAL;
use crate::model::{CreateRequest, SCHEDULE, Skipped};
use crate::ports::{Finding, Host, Location, Snapshot};

/// Everything that is known about a backup before anything is written.
pub struct Prepared {
    pub snapshot: Box<dyn Snapshot>,
    pub home: Home,
    pub now: Instant,
    /// ISO 8601, in the home's zone.
    pub date: String,
    pub name: String,
    /// The object's name in its location.
    pub file: String,
    pub location: Location,
    pub failed_agent_ids: Vec<String>,
    pub plan: Plan,
    /// Irregularities of the home or the name that do not prevent the backup.
    pub warnings: Vec<String>,
}

/// Runs all checks that need no data to be written.
pub fn prepare(host: &dyn Host, request: &CreateRequest) -> Result<Prepared> {
    let (location, failed_agent_ids) = locations(host, request)?;
    check_parts(request)?;
    let snapshot = host.snapshot();
    let home = Home::read(host, snapshot.as_ref());
    home.must_be_one(snapshot.as_ref())?;
    let now = host.now();
    let BackupName { name, date, file, warning } = BackupName::of(request, &home, now)?;
    let elsewhere = recorder::elsewhere(snapshot.as_ref());
    let warnings = home.version_note.iter().cloned().chain(warning).chain(elsewhere).collect();
    let exclude = Exclude::standard(request.include_database)
        .with(&request.exclude)
        .map_err(|error| Failure::invalid(error.to_string()))?;
    host.report("home_assistant", 0, None);
    let plan = Plan::make(snapshot.as_ref(), &exclude)?;
    Ok(Prepared { snapshot, home, now, date, name, file, location, failed_agent_ids, plan, warnings })
}

/// Refuses add-ons and folders, which only a Supervisor backs up.
fn check_parts(request: &CreateRequest) -> Result<()> {
    let names_any = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|list| !list.is_empty());
    let (addons, folders) = (names_any(&request.include_addons), names_any(&request.include_folders));
    match (request.include_all_addons, addons, folders) {
        (true, true, _) => Err(refused("Cannot include all addons and specify specific addons")),
        (false, false, false) if request.include_homeassistant => Ok(()),
        (false, false, false) => Err(refused("Home Assistant must be included in backup")),
        _ => Err(refused("Addons and folders are not supported by core backup")),
    }
}

/// A refusal that Home Assistant's manager makes before any work begins.
fn refused(message: impl Into<String>) -> Failure {
    Failure::new("home_assistant_error", message)
}

/// The location to store in, and the requested locations that do not exist.
fn locations(host: &dyn Host, request: &CreateRequest) -> Result<(Location, Vec<String>)> {
    let local = [LOCAL.to_owned()];
    let wanted = request.agent_ids.as_deref().unwrap_or(&local);
    let available: Vec<_> =
        host.locations().into_iter().filter(|l| l.writable && wanted.contains(&l.id)).collect();
    let is_missing = |id: &&String| available.iter().all(|location| location.id != **id);
    let missing = wanted.iter().filter(is_missing).cloned().collect();
    match available.into_iter().next() {
        Some(location) => Ok((location, missing)),
        None => {
            // Home Assistant's message, with its notation of a list.
            let got: Vec<_> = wanted.iter().map(|id| format!("'{id}'")).collect();
            let got = got.join(", ");
            Err(refused(format!("At least one available backup agent must be selected, got [{got}]")))
        }
    }
}

/// The `backup.json` of the new backup.
pub fn manifest(prepared: &Prepared, request: &CreateRequest) -> Result<Manifest> {
    let mut extra = Map::new();
    if let Some(id) = prepared.home.instance_id.as_ref().or(request.instance_id.as_ref()) {
        extra.insert("instance_id".into(), id.clone().into());
    }
    extra.insert("with_automatic_settings".into(), Value::Bool(request.automatic));
    if let Some(name) = request.schedule {
        extra.insert(SCHEDULE.into(), name.as_str().into());
    }
    let date = &prepared.date;
    let id = backup_id(date, &prepared.name);
    let (version, database) = (prepared.home.version_or_unknown(), prepared.plan.has_database);
    let manifest = Manifest::new(&id, &prepared.name, date, version, database, extra)?;
    let protect = request.protect_in(&prepared.location.id);
    let is_protected = protect.is_some_and(|protect| protect.password.is_given());
    Ok(manifest.with_protected(is_protected)?)
}

/// Warnings about the password. A planned backup has none: they were given when the password was set.
pub fn doubts(request: &CreateRequest) -> Vec<String> {
    if request.is_planned() { Vec::new() } else { request.protect.password.doubts() }
}

/// A damaged database, or one that could not be checked.
pub fn damaged(finding: Finding) -> Skipped {
    let path = if finding.path.is_empty() { "databases".to_owned() } else { shown(&finding.path) };
    Skipped { path, reason: finding.reason }
}
