//! Changes the settings by a request, which is checked and applied as a whole or not at all.
//!
//! Keys that Home Assistant does not have (`exclude`, `securetar`, `keep_…`) stay unless the request names them: Home Assistant's
//! page sends only the keys that it knows, and must not reset the others.

use serde_json::{Map, Value, json};

use super::checker::{Complaint, check};
use super::moment::{parse_time, time_text};
use super::rule::Purpose;
use super::schema::BODY;
use super::{Config, Invalid};

type Fields = Map<String, Value>;

impl Config {
    /// The settings after the body of `backup/config/update`, or every error in it.
    ///
    /// Merges as Home Assistant does. In `create_backup` and in each of `agents` only the given keys change; a new location is
    /// `protected` and has no retention, unless given. `schedule` and every `retention` are replaced: keys that are not given get
    /// their defaults. To change a single value of those use [`Config::assigned`].
    pub fn update(&self, body: &Value) -> Result<Self, Invalid> {
        let complaints = check(&BODY, body, "", Purpose::Update);
        if !complaints.is_empty() {
            return Err(Invalid::new(complaints.iter().map(Complaint::line).collect()));
        }
        let mut settings = self.stored();
        if let (Value::Object(settings), Value::Object(changes)) = (&mut settings, body) {
            changes.iter().for_each(|(key, change)| merge(settings, key, change));
        }
        // Cannot happen after the check. The error of serde could quote the password.
        serde_json::from_value(settings)
            .map_err(|_| Invalid::one("the settings do not fit together; change them one by one"))
    }

    /// The settings after assignments of a command line ([`super::from_assignments`]). Each changes one value only.
    pub fn assigned(&self, assignments: &[String]) -> Result<Self, Invalid> {
        self.update(&self.completed(super::from_assignments(assignments)?))
    }

    /// Adds to a body the current values that Home Assistant would otherwise replace by defaults.
    fn completed(&self, mut body: Value) -> Value {
        let settings = self.stored();
        let complete = |change: Option<&mut Value>, place: &str| {
            if let (Some(Value::Object(change)), Some(Value::Object(now))) = (change, settings.pointer(place))
            {
                let given = std::mem::replace(change, now.clone());
                change.extend(given);
            }
        };
        complete(body.get_mut("retention"), "/retention");
        complete(body.get_mut("schedule"), "/schedule");
        if let Some(Value::Object(agents)) = body.get_mut("agents") {
            for (id, agent) in agents {
                let id = id.replace('~', "~0").replace('/', "~1");
                complete(agent.get_mut("retention"), &format!("/agents/{id}/retention"));
            }
        }
        body
    }
}

fn merge(settings: &mut Fields, key: &str, change: &Value) {
    match (key, change) {
        ("create_backup", Value::Object(change)) => within(settings, key, |now| now.extend(change.clone())),
        ("retention", change) => replace_policy(settings, change),
        ("schedule", Value::Object(change)) => within(settings, key, |schedule| {
            schedule.extend(fields(json!({"days": [], "recurrence": "never", "time": null})));
            schedule.extend(change.clone());
            if let Some(time) = schedule.get("time").and_then(Value::as_str).and_then(parse_time) {
                schedule.insert("time".into(), time_text(time).into());
            }
        }),
        ("agents", Value::Object(agents)) => within(settings, key, |now| {
            agents.iter().for_each(|(id, change)| merge_agent(now, id, change));
        }),
        (key, change) => {
            settings.insert(key.to_owned(), change.clone());
        }
    }
}

fn merge_agent(agents: &mut Fields, id: &str, change: &Value) {
    if !agents.contains_key(id) {
        agents.insert(id.to_owned(), json!({"protected": true, "retention": null}));
    }
    within(agents, id, |agent| {
        if let Some(protected) = change.get("protected") {
            agent.insert("protected".into(), protected.clone());
        }
        if let Some(retention) = change.get("retention") {
            replace_policy(agent, retention);
        }
    });
}

/// Replaces the keys of a `retention` that Home Assistant knows, and no others.
fn replace_policy(settings: &mut Fields, change: &Value) {
    match change {
        Value::Object(change) => within(settings, "retention", |policy| {
            policy.extend(fields(json!({"copies": null, "days": null})));
            policy.extend(change.clone());
        }),
        other => {
            settings.insert("retention".into(), other.clone());
        }
    }
}

/// Changes the object at `key`. A value that is not an object is replaced by an empty one first.
fn within(settings: &mut Fields, key: &str, change: impl FnOnce(&mut Fields)) {
    let mut inner = fields(settings.remove(key).unwrap_or_default());
    change(&mut inner);
    settings.insert(key.to_owned(), Value::Object(inner));
}

fn fields(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        _ => Fields::new(),
    }
}
