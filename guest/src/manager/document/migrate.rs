//! Older forms of the document, made into the newest step by step as Home Assistant does it.
//!
//! Changes what is there and invents nothing: what is missing or strange stays so, and the check behind it says where.

use serde_json::{Map, Value, json};

type Fields = Map<String, Value>;
/// Makes `data` that of the version that it is called for.
type Step = fn(&mut Value);

/// `data` of the given version as one of the newest.
pub(super) fn to_newest(data: &mut Value, version: u64, minor: u64) {
    if version == 1 {
        let steps: [(u64, Step); 6] = [
            (3, to_recurrence),
            (4, to_unlimited),
            (5, to_configured),
            (6, to_agent_retention),
            (7, to_failed_parts),
            // 8 only made Home Assistant write its file once more, for its owner alone.
            (9, to_size),
        ];
        steps.iter().filter(|(to, _)| minor < *to).for_each(|(_, step)| step(data));
    }
    // Unused since version 1.3, gone in version 2.
    if let Some(schedule) = object(data, "/config/schedule") {
        schedule.remove("state");
    }
}

/// Settings of single locations, a time, and several days instead of one `state`.
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

/// Home Assistant's page once wrote 0 for "without limit".
fn to_unlimited(data: &mut Value) {
    for limit in ["/config/retention/copies", "/config/retention/days"] {
        if let Some(limit) = data.pointer_mut(limit).filter(|limit| limit.as_u64() == Some(0)) {
            *limit = Value::Null;
        }
    }
}

fn to_configured(data: &mut Value) {
    let has_password =
        data.pointer("/config/create_backup/password").is_some_and(|password| !password.is_null());
    if let Some(config) = object(data, "/config") {
        config.insert("automatic_backups_configured".into(), has_password.into());
    }
}

fn to_agent_retention(data: &mut Value) {
    let agents = object(data, "/config/agents").into_iter().flat_map(Fields::values_mut);
    for agent in agents.filter_map(Value::as_object_mut) {
        agent.insert("retention".into(), Value::Null);
    }
}

fn to_failed_parts(data: &mut Value) {
    let backups = data.pointer_mut("/backups").and_then(Value::as_array_mut).into_iter().flatten();
    for backup in backups.filter_map(Value::as_object_mut) {
        backup.insert("failed_addons".into(), json!([]));
        backup.insert("failed_folders".into(), json!([]));
    }
}

fn to_size(data: &mut Value) {
    if let Some(config) = object(data, "/config") {
        config.insert("last_completed_automatic_backup_size".into(), Value::Null);
    }
}

fn object<'a>(data: &'a mut Value, place: &str) -> Option<&'a mut Fields> {
    data.pointer_mut(place)?.as_object_mut()
}
