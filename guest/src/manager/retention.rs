//! Retention: deletes automatic backups, and those of schedules, that the settings do not keep.
//!
//! The rules are in `crate::retention`, and the job deletes. This file passes the settings and the manager's records of the
//! backups to the job.

use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::manager::job::{parsed, run};
use crate::manager::log;
use crate::manager::planning::home;
use crate::manager::state::{save, with};
use crate::ports::Host;
use crate::retention::Policy;

/// Deletes what the settings do not keep, and logs it. Does nothing if no rule is set.
pub async fn prune(host: &dyn Host) {
    let has_rule = with(|inner| {
        let config = inner.store.config();
        let of_agents = config.agents.values().filter_map(|agent| agent.retention.as_ref());
        of_agents.chain([&config.retention]).any(Policy::is_active)
            || inner.retentions().values().any(Policy::is_active)
    });
    if !has_rule {
        return;
    }
    match retain(host, false).await {
        Err(failure) => log::failed(host, "retention", &failure, false),
        Ok(done) => log::retained(host, &done),
    }
}

/// `backup.retention`.
pub async fn apply(host: &dyn Host, data: &str) -> Result<Value> {
    let request: Value = parsed(data)?;
    let dry_run = request.get("dry_run").and_then(Value::as_bool).unwrap_or(false);
    let done = retain(host, dry_run).await?;
    if !dry_run {
        log::retained(host, &done);
    }
    Ok(done)
}

async fn retain(host: &dyn Host, dry_run: bool) -> Result<Value> {
    let home = home(host);
    let input = with(|inner| {
        let config = inner.store.config();
        let agents = config.agents.iter().filter_map(|(id, agent)| Some((id, agent.retention.as_ref()?)));
        let policies: Map<String, Value> = agents.map(|(id, policy)| (id.clone(), json!(policy))).collect();
        let agents = inner.store.copied_agents().into_iter();
        let copies: Map<String, Value> =
            agents.map(|agent| (agent.clone(), inner.store.copies_in(&agent).into())).collect();
        let schedules: Map<String, Value> =
            inner.retentions().into_iter().map(|(name, policy)| (name.into(), json!(policy))).collect();
        json!({
            "dry_run": dry_run,
            "policy": config.retention,
            "policies": policies,
            "schedules": schedules,
            "verified": inner.store.verified(),
            "damaged": inner.store.damaged(),
            "kept": inner.store.kept(),
            "copies": copies,
            "instance_id": home.instance_id.clone().unwrap_or_else(|| inner.store.instance_id(host)),
        })
    });
    let done = run(host, "retention", &input.to_string()).await?;
    if !dry_run {
        let gone = done.get("gone").and_then(Value::as_array).cloned().unwrap_or_default();
        for gone in gone {
            let text = |key: &str| gone.get(key).and_then(Value::as_str).unwrap_or_default();
            with(|inner| inner.store.forget_copy(text("backup_id"), text("agent_id")));
        }
        save(host);
    }
    Ok(done)
}
