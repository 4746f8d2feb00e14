//! A request to change the settings: checked as a whole, then taken as a whole or not at all.
//!
//! What Home Assistant does not know (`exclude`, `securetar`, `keep_…`) stays as it is unless named, so that its page, which
//! sends what it knows, takes nothing away.

use serde_json::{Map, Value, json};

use super::parts::{parse_time, time_text};
use super::rules::BODY;
use super::schema::{Complaint, Purpose, check};
use super::{Config, Invalid};

type Fields = Map<String, Value>;

impl Config {
    /// The settings after the body of `backup/config/update`; these stay as they are when a value in it is wrong.
    ///
    /// As Home Assistant merges: of `create_backup` and of each of `agents` the keys that are given change (a new location is
    /// `protected` and has no retention of its own unless it says so). `schedule` and every `retention` are replaced: what is
    /// not given there is as if it had never been set. For a single value of those there is [`Config::assigned`].
    pub fn update(&self, body: &Value) -> Result<Self, Invalid> {
        let complaints = check(&BODY, body, "", Purpose::Update);
        if !complaints.is_empty() {
            return Err(Invalid::new(complaints.iter().map(Complaint::line).collect()));
        }
        let mut settings = self.stored();
        if let (Value::Object(settings), Value::Object(changes)) = (&mut settings, body) {
            changes.iter().for_each(|(key, change)| merge(settings, key, change));
        }
        // What was checked fits; the error of one that does not could repeat the password.
        serde_json::from_value(settings)
            .map_err(|_| Invalid::one("the settings do not fit together; give them one by one"))
    }

    /// The settings after assignments of a command line: [`super::from_assignments`]. One value changes, its neighbours stay.
    pub fn assigned(&self, assignments: &[String]) -> Result<Self, Invalid> {
        self.update(&self.completed(super::from_assignments(assignments)?))
    }

    /// A body with the neighbours of what it changes, where Home Assistant would replace them.
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

/// Replaces what Home Assistant knows of a `retention`, and only that.
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

/// Changes the object at `key`, which becomes one if it is none.
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
