//! Lists locations and backups. Adds the manager's records to what the jobs read from the files.
//!
//! Changes nothing.

use serde_json::{Value, json};

use crate::error::Result;
use crate::home::{Home, iso};
use crate::manager::job::run;
use crate::manager::state::with;
use crate::ports::Host;

/// `backup.info`: the job's list, and the manager's state.
pub async fn info(host: &dyn Host, data: &str) -> Result<Value> {
    let mut info = run(host, "info", data).await?;
    let snapshot = host.snapshot();
    let home = Home::read(host, snapshot.as_ref());
    let no_home = home.must_be_one(snapshot.as_ref()).err().map(|failure| failure.message);
    with(|inner| {
        if let Some(backups) = info.get_mut("backups").and_then(Value::as_array_mut) {
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
    let agents: Vec<_> = host
        .locations()
        .into_iter()
        .map(|location| json!({"agent_id": location.id, "name": location.name}))
        .collect();
    json!({"agents": agents})
}
