//! Creating a backup, by hand or with the automatic settings, and Home Assistant's events around the job.
//!
//! Owns the values that the job gets in addition to the request, and what is recorded of a new backup.

use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::jobs::stored_backups::LOCAL;
use crate::manager::announce::{self, Announcement, Stages, announce};
use crate::manager::entities::Trigger;
use crate::manager::histories::Which;
use crate::manager::job::{job, parsed};
use crate::manager::operation::{begin, conclude};
use crate::manager::planning::{home, upcoming};
use crate::manager::state::{State, save, with};
use crate::manager::uploads::{self, Outcome};
use crate::manager::{log, retention, schedules};
use crate::ports::Host;
use crate::settings::{CreateBackup, Moment};

/// `backup.create` and `backup.generate`. The job gets the request, an instance id for a home that has none, and the key of the
/// index.
pub async fn manual(host: &dyn Host, data: &str) -> Result<Value> {
    let mut data: Value = parsed(data)?;
    let (id, key) = with(|inner| (inner.store.instance_id(host), inner.store.index_key(host)));
    // Home Assistant's settings of the other locations count for manual backups, too.
    let unprotected: Vec<String> = with(|inner| {
        let agents = inner.store.config().agents.iter();
        agents.filter(|(id, agent)| !agent.protected && *id != LOCAL).map(|(id, _)| id.clone()).collect()
    });
    if let Some(data) = data.as_object_mut() {
        let mut unprotected = unprotected;
        protect_copies(data, &mut unprotected);
        data.insert("unprotected_agent_ids".into(), unprotected.into());
        data.insert("instance_id".into(), id.into());
        data.insert("index_key".into(), key.into());
    }
    create(host, Trigger::Manual, &data.to_string()).await
}

/// A manual backup without a password stays readable in the home, and its copies elsewhere get the password of the settings: what leaves the
/// home is plain only where the settings say so.
fn protect_copies(data: &mut Map<String, Value>, unprotected: &mut Vec<String>) {
    let is_given = |key: &str| data.get(key).is_some_and(|value| !value.is_null());
    let wanted = data.get("agent_ids").and_then(Value::as_array).cloned().unwrap_or_default();
    if is_given("password") || is_given("key") || wanted.iter().all(|id| id == LOCAL) {
        return;
    }
    with(|inner| {
        let create = &inner.store.config().create_backup;
        let Some(password) = create.password.as_ref() else { return };
        data.insert("password".into(), password.reveal().into());
        data.insert("securetar".into(), create.securetar.unwrap_or(3).into());
        unprotected.push(LOCAL.into());
    });
}

/// `backup.create_automatic`, also called by the timer: creates a backup with the automatic settings.
pub async fn automatic(host: &dyn Host) -> Result<Value> {
    let settings = with(|inner| inner.store.config().create_backup.clone());
    planned(host, None, settings).await
}

/// `backup.create_scheduled`.
pub async fn by_name(host: &dyn Host, data: &str) -> Result<Value> {
    let request: Value = parsed(data)?;
    scheduled(host, request.get("schedule").and_then(Value::as_str).unwrap_or_default()).await
}

/// Creates a backup with the settings of a schedule of `larder.toml`.
pub async fn scheduled(host: &dyn Host, name: &str) -> Result<Value> {
    let (name, settings) = schedules::named(name)?;
    planned(host, Some(name), settings).await
}

/// Creates a backup for a schedule. Home Assistant's retention must not count those of `larder.toml`, so they are not `automatic`.
async fn planned(host: &dyn Host, which: Which, create: CreateBackup) -> Result<Value> {
    let data = with(|inner| {
        let agents = inner.store.config().agents.iter();
        let unprotected: Vec<_> =
            agents.filter(|(_, agent)| !agent.protected).map(|(id, _)| id.clone()).collect();
        json!({
            "agent_ids": create.agent_ids,
            "name": create.name,
            "include_database": create.include_database,
            "include_all_addons": create.include_all_addons,
            "include_addons": create.include_addons,
            "include_folders": create.include_folders,
            "exclude": create.exclude,
            "password": create.password.as_ref().map(|password| password.reveal()),
            "securetar": create.securetar.unwrap_or(3),
            "automatic": which.is_none(),
            "schedule": which,
            "instance_id": inner.store.instance_id(host),
            "index_key": inner.store.index_key(host),
            "unprotected_agent_ids": unprotected,
        })
    });
    self::create(host, Trigger::of(which), &data.to_string()).await
}

async fn create(host: &dyn Host, trigger: Trigger, data: &str) -> Result<Value> {
    begin(host, State::CreateBackup, Some(trigger))?;
    let started = host.now();
    let mut stages = Stages::new(host, trigger, is_local(data));
    uploads::start();
    let mut result = create_job(host, data, &mut stages).await;
    if let Ok(created) = &mut result {
        // Saved before it is announced: an interruption must not undo what was announced.
        remember(host, created);
        log::made(host, trigger, created, started);
        let outcomes = uploads::store_all(host, trigger, created, data, &mut stages).await;
        add_outcomes(created, outcomes);
        if let Some(which) = trigger.schedule().filter(|_| uploads_failed(created).is_none()) {
            completed(host, which, created);
        }
        announce(host, State::CreateBackup, Some(trigger), Announcement::stage(Some("cleaning_up")));
        if trigger != Trigger::Manual {
            retention::prune(host).await;
        }
    }
    uploads::end(host);
    let reason = match &result {
        Ok(created) => uploads_failed(created),
        Err(failure) => {
            log::failed(host, &log::kind(trigger), failure, true);
            Some(announce::reason(failure))
        }
    };
    conclude(host, State::CreateBackup, Some(trigger), reason);
    if let Some(which) = trigger.schedule() {
        log::info(host, &upcoming(host, which));
    }
    result.iter_mut().for_each(add_unsaved);
    result
}

/// Whether the request names the local location, or none.
fn is_local(data: &str) -> bool {
    let request: Value = parsed(data).unwrap_or_default();
    let wanted = request.get("agent_ids").and_then(Value::as_array);
    wanted.is_none_or(|ids| ids.iter().any(|id| id == LOCAL))
}

async fn create_job(host: &dyn Host, data: &str, stages: &mut Stages<'_>) -> Result<Value> {
    let answer =
        job(host, "create", data, &mut |stage, done, total| stages.progress(stage, done, total)).await?;
    let created = parsed(&answer)?;
    stages.finish(&created);
    Ok(created)
}

/// Saves the record of a new backup, which the job has verified. Copies that are still to be stored count as failed until they are.
fn remember(host: &dyn Host, created: &Value) {
    let now = Moment::new(home(host).local(host.now()));
    let id = created.get("backup_id").and_then(Value::as_str).unwrap_or_default();
    let size = created.get("size").and_then(Value::as_u64).unwrap_or(0);
    let failed = created.get("failed_agent_ids").cloned().unwrap_or_default();
    let mut failed: Vec<String> = serde_json::from_value(failed).unwrap_or_default();
    if !failed.is_empty() {
        log::not_stored(host, id, &failed);
    }
    let copies = created.get("copies").and_then(Value::as_array).into_iter().flatten();
    failed.extend(copies.filter_map(|copy| Some(copy.get("agent_id")?.as_str()?.to_owned())));
    with(|inner| {
        inner.store.add_backup(id, failed);
        if created.get("agent_id").and_then(Value::as_str) == Some(LOCAL) {
            inner.store.set_verified(id, size, now);
        }
    });
    save(host);
}

/// An automatic backup is stored wherever Home Assistant would have stored it.
fn completed(host: &dyn Host, which: Which, created: &Value) {
    let now = Moment::new(home(host).local(host.now()));
    let size = created.get("size").and_then(Value::as_u64).unwrap_or(0);
    with(|inner| inner.store.set_completed(which, now, size));
    save(host);
}

/// Adds to the answer what came of the copies: `stored` has those that succeeded, `agent_errors` says why others failed.
fn add_outcomes(created: &mut Value, outcomes: Vec<Outcome>) {
    let (mut stored, mut errors, mut failed) = (Vec::new(), Map::new(), Vec::new());
    for Outcome { agent_id, result } in outcomes {
        match result {
            Ok(copied) => stored.push(copied),
            Err(failure) => {
                failed.push(Value::from(agent_id.clone()));
                errors.insert(agent_id, failure.message.into());
            }
        }
    }
    let Some(fields) = created.as_object_mut().filter(|_| !stored.is_empty() || !errors.is_empty()) else {
        return;
    };
    if let Some(Value::Array(ids)) = fields.get_mut("failed_agent_ids") {
        ids.extend(failed);
    }
    fields.remove("copies");
    fields.insert("stored".into(), stored.into());
    fields.insert("agent_errors".into(), errors.into());
}

/// Home Assistant's reason when a location could not store the backup. A location that does not exist is no reason, as there.
fn uploads_failed(created: &Value) -> Option<&'static str> {
    let errors = created.get("agent_errors").and_then(Value::as_object)?;
    (!errors.is_empty()).then_some("upload_failed")
}

/// Adds a note to the answer if the state could not be saved: the backup is good, but not recorded.
fn add_unsaved(created: &mut Value) {
    let Some(unsaved) = with(|inner| inner.unsaved.clone()) else { return };
    let note = format!(
        "the backup is good, but after a restart Larder will not know that it was verified, nor when the last automatic backup \
         ran: {unsaved}"
    );
    let notes = created.as_object_mut().map(|fields| fields.entry("notes").or_insert_with(|| json!([])));
    if let Some(Value::Array(notes)) = notes {
        notes.push(note.into());
    }
}
