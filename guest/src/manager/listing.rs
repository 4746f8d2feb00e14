//! Lists locations and backups. Adds the manager's records to what the jobs read from the files.
//!
//! Changes nothing.

use serde_json::{Value, json};

use crate::error::{Failure, Result};
use crate::home::{Home, iso};
use crate::jobs::stored_backups::LOCAL;
use crate::manager::document::PendingCopy;
use crate::manager::entities::milliseconds;
use crate::manager::job::{parsed, run};
use crate::manager::merged::Merged;
use crate::manager::state::with;
use crate::manager::together::{self, Work};
use crate::ports::{Host, Location, STAGING};

/// `backup.info`: the lists of all locations, read side by side, and the manager's state.
pub async fn info(host: &dyn Host, data: &str) -> Result<Value> {
    let mut info = lists(host, data).await?;
    let snapshot = host.snapshot();
    let home = Home::read(host, snapshot.as_ref());
    let no_home = home.must_be_one(snapshot.as_ref()).err().map(|failure| failure.message);
    with(|inner| {
        if let Some(backups) = info.get_mut("backups").and_then(Value::as_array_mut) {
            add_waiting(backups, inner.store.pending());
            backups.iter_mut().for_each(|backup| inner.store.describe(backup));
        }
        let config = inner.store.config();
        let next = inner.next.at.map(|at| iso(&home.local_time(at)));
        let own = json!({
            "last_attempted_automatic_backup": config.last_attempted_automatic_backup,
            "last_completed_automatic_backup": config.last_completed_automatic_backup,
            "last_action_event": inner.last_action,
            "next_automatic_backup": next,
            "next_automatic_backup_additional": inner.next.additional,
            "state": inner.state.name(),
            "no_home": no_home,
        });
        if let (Some(info), Value::Object(own)) = (info.as_object_mut(), own) {
            info.extend(own);
        }
    });
    Ok(info)
}

/// Adds the backups that are stored nowhere yet: they exist in the staging area.
fn add_waiting(backups: &mut Vec<Value>, pending: &[PendingCopy]) {
    for copy in pending.iter().filter(|copy| copy.from == STAGING) {
        if backups.iter().all(|backup| backup.get("backup_id") != Some(&copy.backup_id.clone().into())) {
            backups.push(json!({
                "backup_id": copy.backup_id,
                "name": copy.name,
                "date": copy.date,
                "agents": {},
                "extra_metadata": {},
                "with_automatic_settings": copy.automatic,
                "addons": [], "folders": [], "failed_addons": [], "failed_agent_ids": [], "failed_folders": [],
                "file": copy.file, "securetar": null, "database_included": null, "homeassistant_included": true, "homeassistant_version": null,
            }));
        }
    }
    backups.sort_by_key(|backup| {
        std::cmp::Reverse(backup.get("date").and_then(Value::as_str).map(str::to_owned))
    });
}

/// Locations that are asked at once. Each takes a job.
const AT_ONCE: usize = 8;

/// The backups of every location, or of the one that is asked for. A location that does not answer delays no other.
async fn lists(host: &dyn Host, data: &str) -> Result<Value> {
    let request: Value = parsed(data)?;
    let ids: Vec<String> = host.locations().into_iter().map(|location| location.id).collect();
    if ids.len() < 2 || request.get("agent_id").is_some_and(Value::is_string) {
        return run(host, "info", data).await;
    }
    let is_refreshed = request.get("refresh") == Some(&Value::Bool(true));
    let mut found = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        let work = some.iter().map(|id| -> Work<'_, Result<Value>> {
            let asked = json!({"agent_id": id, "refresh": is_refreshed});
            Box::pin(async move { run(host, "info", &asked.to_string()).await })
        });
        found.extend(together::all(work.collect()).await);
    }
    let mut merged = Merged::default();
    for (id, found) in ids.iter().zip(found) {
        match found {
            Ok(info) => merged.add(info),
            Err(failure) => merged.fail(id, failure.message),
        }
    }
    Ok(merged.finish())
}

/// The description of a backup, wherever it is stored. The other locations are asked only if the home's own lacks it.
pub async fn find(host: &dyn Host, id: &str) -> Result<Value> {
    let asked = json!({"agent_id": LOCAL, "backup_id": id}).to_string();
    let mut details = run(host, "details", &asked).await?;
    let local = details.get_mut("backup").map(Value::take).unwrap_or_default();
    if !local.is_null() {
        return Ok(local);
    }
    let mut info = lists(host, "{}").await?;
    let backups = info.get_mut("backups").and_then(Value::as_array_mut).into_iter().flatten();
    if let Some(found) = backups.into_iter().find(|backup| backup.get("backup_id") == Some(&json!(id))) {
        return Ok(found.take());
    }
    let failed = info.get("agent_errors").and_then(Value::as_object).into_iter().flatten().next();
    Err(match failed {
        Some((agent, error)) => Failure::new(
            "unreachable",
            format!(
                "whether there is a backup {id} is unknown: {agent}: {}",
                error.as_str().unwrap_or_default()
            ),
        ),
        None => Failure::new(
            "backup_not_found",
            format!("there is no backup {id}; `larder list` shows all backups"),
        ),
    })
}

/// `backup.details`.
pub async fn details(host: &dyn Host, data: &str) -> Result<Value> {
    let mut details = run(host, "details", data).await?;
    if let Some(backup) = details.get_mut("backup") {
        with(|inner| inner.store.describe(backup));
    }
    Ok(details)
}

/// `backup.agents.info`.
pub fn agents(host: &dyn Host) -> Value {
    let pending = with(|inner| inner.store.pending().to_vec());
    let describe = |location: Location| {
        let waiting = pending.iter().filter(|it| it.agent_id == location.id).count();
        let as_of = location.knowledge.as_of.map(milliseconds);
        json!({
            "agent_id": location.id,
            "name": location.name,
            "layout": location.layout,
            "remote": location.remote,
            "available": location.available,
            "as_of": as_of,
            "error": location.knowledge.problem,
            "adopts": location.adopts,
            "pending": waiting,
        })
    };
    let agents: Vec<_> = host.locations().into_iter().map(describe).collect();
    json!({"agents": agents})
}
