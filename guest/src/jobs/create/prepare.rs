//! The preparation of a backup: its home, location, name and plan, and every check that needs no data to be written.

use serde_json::{Map, Value};

use crate::archive::{Exclude, Instant, Manifest, backup_id, shown};
use crate::error::{Failure, Result};
use crate::home::Home;
use crate::home::recorder;
use crate::jobs::create::name::BackupName;
use crate::jobs::create::plan::Plan;
use crate::jobs::stored_backups::LOCAL;
use crate::model::{Copy, CreateRequest, SCHEDULE, Skipped};
use crate::ports::{Finding, Host, Location, STAGING, Snapshot};

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
    /// Where it is made: the local location, or the staging area.
    pub location: Location,
    /// The other locations that get a copy.
    pub copies: Vec<Copy>,
    /// What protects it where it is made.
    pub is_protected: bool,
    pub failed_agent_ids: Vec<String>,
    pub plan: Plan,
    /// Irregularities of the home or the name that do not prevent the backup.
    pub warnings: Vec<String>,
}

/// Runs all checks that need no data to be written.
pub fn prepare(host: &dyn Host, request: &CreateRequest) -> Result<Prepared> {
    let Places { location, copies, failed_agent_ids } = places(host, request)?;
    let is_protected = is_protected(request, &location, &copies);
    check_parts(request)?;
    let snapshot = host.snapshot();
    let home = Home::read(host, snapshot.as_ref());
    home.must_be_one(snapshot.as_ref())?;
    let now = host.now();
    let BackupName { name, date, file, warning } = BackupName::of(request, &home, now)?;
    let elsewhere = recorder::elsewhere(snapshot.as_ref());
    let plain = unprotected(request, &copies);
    let warnings = home.version_note.iter().cloned().chain(warning).chain(elsewhere).chain(plain).collect();
    let exclude = Exclude::standard(request.include_database)
        .with(&request.exclude)
        .map_err(|error| Failure::invalid(error.to_string()))?;
    host.report("home_assistant", 0, None);
    let plan = Plan::make(snapshot.as_ref(), &exclude)?;
    Ok(Prepared {
        snapshot,
        home,
        now,
        date,
        name,
        file,
        location,
        copies,
        is_protected,
        failed_agent_ids,
        plan,
        warnings,
    })
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

/// Where a new backup goes.
struct Places {
    location: Location,
    copies: Vec<Copy>,
    /// Requested locations that do not exist.
    failed_agent_ids: Vec<String>,
}

/// The backup is made in the local location if that is wanted, else in the staging area, and copied from there.
fn places(host: &dyn Host, request: &CreateRequest) -> Result<Places> {
    let local = [LOCAL.to_owned()];
    let wanted = request.agent_ids.as_deref().unwrap_or(&local);
    let available: Vec<_> =
        host.locations().into_iter().filter(|l| l.writable && wanted.contains(&l.id)).collect();
    let is_missing = |id: &&String| available.iter().all(|location| location.id != **id);
    let failed_agent_ids = wanted.iter().filter(is_missing).cloned().collect();
    if available.is_empty() {
        // Home Assistant's message, with its notation of a list.
        let got: Vec<_> = wanted.iter().map(|id| format!("'{id}'")).collect();
        let got = got.join(", ");
        return Err(refused(format!("At least one available backup agent must be selected, got [{got}]")));
    }
    let others = available.iter().filter(|location| location.id != LOCAL);
    let copies = others
        .map(|location| Copy {
            agent_id: location.id.clone(),
            is_protected: is_to_be_protected(request, &location.id),
        })
        .collect();
    let location = match available.into_iter().find(|location| location.id == LOCAL) {
        Some(local) => local,
        None => host.place(STAGING)?,
    };
    Ok(Places { location, copies, failed_agent_ids })
}

fn is_to_be_protected(request: &CreateRequest, agent_id: &str) -> bool {
    request.protect_in(agent_id).is_some_and(|protect| protect.password.is_given())
}

/// In the staging area it is protected if any copy is.
fn is_protected(request: &CreateRequest, location: &Location, copies: &[Copy]) -> bool {
    match location.id == STAGING {
        true => copies.iter().any(|copy| copy.is_protected),
        false => is_to_be_protected(request, &location.id),
    }
}

/// A warning about copies on other machines that nobody decided to leave unprotected.
fn unprotected(request: &CreateRequest, copies: &[Copy]) -> Option<String> {
    let is_meant = |copy: &&Copy| request.unprotected_agent_ids.contains(&copy.agent_id);
    let plain: Vec<_> = copies.iter().filter(|copy| !copy.is_protected && !is_meant(copy)).collect();
    let names: Vec<_> = plain.iter().map(|copy| copy.agent_id.as_str()).collect();
    (!names.is_empty()).then(|| {
        let meant: Vec<_> = names.iter().map(|name| format!("agents.{name}.protected=false")).collect();
        format!(
            "the copy in {} is not protected: anyone with access to it can read the home and its passwords; set a password, or {} if \
             that is meant",
            names.join(", "),
            meant.join(" and ")
        )
    })
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
    Ok(manifest.with_protected(prepared.is_protected)?)
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
