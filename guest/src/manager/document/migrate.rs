//! Migrates older versions of the document to the newest, step by step, as Home Assistant does.
//!
//! Does not validate: missing or malformed values stay as they are, and the check that follows reports them.

use serde_json::{Map, Value, json};

type Fields = Map<String, Value>;
/// Migrates `data` to one version from the one before.
type Step = fn(&mut Value);

/// Migrates `data` from the given version to the newest.
pub(super) fn to_newest(data: &mut Value, version: u64, minor: u64) {
    if version == 1 {
        let steps: [(u64, Step); 6] = [
            (3, to_recurrence),
            (4, to_unlimited),
            (5, to_configured),
            (6, to_agent_retention),
            (7, to_failed_parts),
            // Version 8 only made Home Assistant rewrite its file with stricter permissions.
            (9, to_size),
        ];
        steps.iter().filter(|(to, _)| minor < *to).for_each(|(_, step)| step(data));
    }
    // Unused since version 1.3, removed in version 2.
    if let Some(schedule) = object(data, "/config/schedule") {
        schedule.remove("state");
    }
}

/// 1.3: settings of single locations, a time, and several days instead of one `state`.
fn to_recurrence(data: &mut Value) {
    if let Some(config) = object(data, "/config") {
        config.insert("agents".into(), json!({}));
    }
    let Some(schedule) = object(data, "/config/schedule") else {
        return;
    };
    schedule.insert("time".into(), Value::Null);
    let Some(state) = schedule.get("state").cloned() else {
        return;
    };
    let (days, recurrence) = match state.as_str() {
        Some("daily" | "never") => (json!([]), state),
        _ => (json!([state]), json!("custom_days")),
    };
    schedule.insert("days".into(), days);
    schedule.insert("recurrence".into(), recurrence);
}

/// 1.4: Home Assistant's page had written 0 for "no limit".
fn to_unlimited(data: &mut Value) {
    for limit in ["/config/retention/copies", "/config/retention/days"] {
        if let Some(limit) = data.pointer_mut(limit).filter(|limit| limit.as_u64() == Some(0)) {
            *limit = Value::Null;
        }
    }
}

/// 1.5: whether automatic backups are set up.
fn to_configured(data: &mut Value) {
    let has_password =
        data.pointer("/config/create_backup/password").is_some_and(|password| !password.is_null());
    if let Some(config) = object(data, "/config") {
        config.insert("automatic_backups_configured".into(), has_password.into());
    }
}

/// 1.6: retention of single locations.
fn to_agent_retention(data: &mut Value) {
    let agents = object(data, "/config/agents").into_iter().flat_map(Fields::values_mut);
    for agent in agents.filter_map(Value::as_object_mut) {
        agent.insert("retention".into(), Value::Null);
    }
}

/// 1.7: the add-ons and folders that a backup lacks.
fn to_failed_parts(data: &mut Value) {
    let backups = data.pointer_mut("/backups").and_then(Value::as_array_mut).into_iter().flatten();
    for backup in backups.filter_map(Value::as_object_mut) {
        backup.insert("failed_addons".into(), json!([]));
        backup.insert("failed_folders".into(), json!([]));
    }
}

/// 1.9: the size of the last automatic backup.
fn to_size(data: &mut Value) {
    if let Some(config) = object(data, "/config") {
        config.insert("last_completed_automatic_backup_size".into(), Value::Null);
    }
}

fn object<'a>(data: &'a mut Value, place: &str) -> Option<&'a mut Fields> {
    data.pointer_mut(place)?.as_object_mut()
}
