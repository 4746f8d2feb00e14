//! Creating a backup, by hand or with the automatic settings, and Home Assistant's events around the job.
//!
//! Owns the values that the job gets in addition to the request, and what is recorded of a new backup.

use serde_json::{Value, json};

use crate::error::Result;
use crate::manager::announce::{self, Announcement, Stages, announce};
use crate::manager::entities::Trigger;
use crate::manager::histories::Which;
use crate::manager::job::{job, parsed};
use crate::manager::operation::{begin, conclude};
use crate::manager::planning::{home, upcoming};
use crate::manager::state::{State, save, with};
use crate::manager::{log, retention, schedules};
use crate::ports::Host;
use crate::settings::{CreateBackup, Moment};

/// `backup.create` and `backup.generate`. The job gets the request, an instance id for a home that has none, and the key of the
/// index.
pub async fn manual(host: &dyn Host, data: &str) -> Result<Value> {
    let mut data: Value = parsed(data)?;
    let (id, key) = with(|inner| (inner.store.instance_id(host), inner.store.index_key(host)));
    if let Some(data) = data.as_object_mut() {
        data.insert("instance_id".into(), id.into());
        data.insert("index_key".into(), key.into());
    }
    create(host, Trigger::Manual, &data.to_string()).await
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
    let mut result = create_job(host, trigger, data).await;
    match &result {
        Ok(created) => {
            // Saved before it is announced: an interruption must not undo what was announced.
            remember(host, trigger, created);
            log::made(host, trigger, created, started);
            announce(host, State::CreateBackup, Some(trigger), Announcement::stage(Some("cleaning_up")));
            if trigger != Trigger::Manual {
                retention::prune(host).await;
            }
        }
        Err(failure) => log::failed(host, &log::kind(trigger), failure, true),
    }
    conclude(host, State::CreateBackup, Some(trigger), result.as_ref().err().map(announce::reason));
    if let Some(which) = trigger.schedule() {
        log::info(host, &upcoming(host, which));
    }
    result.iter_mut().for_each(add_unsaved);
    result
}

async fn create_job(host: &dyn Host, trigger: Trigger, data: &str) -> Result<Value> {
    let mut stages = Stages::new(host, trigger);
    let answer =
        job(host, "create", data, &mut |stage, done, total| stages.progress(stage, done, total)).await?;
    let created = parsed(&answer)?;
    stages.finish(&created);
    Ok(created)
}

/// Saves the record of a new backup, which the job has verified.
fn remember(host: &dyn Host, trigger: Trigger, created: &Value) {
    let now = Moment::new(home(host).local(host.now()));
    let id = created.get("backup_id").and_then(Value::as_str).unwrap_or_default();
    let size = created.get("size").and_then(Value::as_u64).unwrap_or(0);
    let failed = created.get("failed_agent_ids").cloned().unwrap_or_default();
    let failed: Vec<String> = serde_json::from_value(failed).unwrap_or_default();
    if !failed.is_empty() {
        log::not_stored(host, id, &failed);
    }
    with(|inner| {
        inner.store.add_backup(id, failed);
        inner.store.set_verified(id, size, now);
        if let Some(which) = trigger.schedule() {
            inner.store.set_completed(which, now, size);
        }
    });
    save(host);
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
