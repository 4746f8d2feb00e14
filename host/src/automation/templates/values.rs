//! The variables that Home Assistant gives as objects: states, times, and spans in `trigger`, `wait`, and `this`.

use std::sync::Arc;

use chrono::DateTime;
use larder_templates::{Dict, Key, Moment, State, Value, from_json};
use serde_json::Value as Json;

use crate::automation::home::Entity;
use crate::automation::{literals, zone};

/// The variable `trigger`.
pub fn trigger(json: &Json) -> Value {
    fields(json, |key, value| match (key, value) {
        ("to_state" | "from_state", value) => state_or_value(value),
        ("now", Json::String(text)) => moment(text),
        ("for", Json::String(_)) => literals::period(value).map_or_else(|_| from_json(value), Value::Span),
        ("event", value) => event(value),
        (_, value) => from_json(value),
    })
}

/// The variable `wait`.
pub fn wait(json: &Json) -> Value {
    fields(json, |key, value| match (key, value) {
        ("trigger", Json::Object(_)) => trigger(value),
        (_, value) => from_json(value),
    })
}

/// The variable `this`, and an attribute of a state: `last_triggered` is a time.
pub fn described(json: &Json) -> Value {
    fields(json, |key, value| match (key, value) {
        ("attributes", value) => attributes(value),
        (_, value) => from_json(value),
    })
}

/// The state object of an entity, from its JSON form.
pub fn state(json: &Json) -> Option<Value> {
    let text = |name: &str| json.get(name).and_then(Json::as_str);
    let time = |name: &str| Some(DateTime::parse_from_rfc3339(text(name)?).ok()?.to_utc());
    let state = State {
        entity_id: text("entity_id")?.into(),
        state: text("state")?.into(),
        attributes: attributes(json.get("attributes").filter(|it| it.is_object())?),
        last_changed: time("last_changed")?,
        last_reported: time("last_updated")?,
        last_updated: time("last_updated")?,
        context: [None, None, None],
    };
    Some(Value::State(Arc::new(state)))
}

/// The state object of an entity.
pub fn state_of(id: &str, entity: &Entity) -> Arc<State> {
    Arc::new(State {
        entity_id: id.into(),
        state: entity.state.as_str().into(),
        attributes: attributes(&entity.attributes),
        last_changed: zone::utc(entity.last_changed),
        last_reported: zone::utc(entity.last_updated),
        last_updated: zone::utc(entity.last_updated),
        context: [None, None, None],
    })
}

fn state_or_value(json: &Json) -> Value {
    state(json).unwrap_or_else(|| from_json(json))
}

fn event(json: &Json) -> Value {
    fields(json, |key, value| match (key, value) {
        ("time_fired", Json::String(text)) => moment(text),
        ("data", value) => fields(value, |key, value| match key {
            "old_state" | "new_state" => state_or_value(value),
            _ => from_json(value),
        }),
        (_, value) => from_json(value),
    })
}

fn attributes(json: &Json) -> Value {
    let mut dict = Dict::read_only();
    for (key, value) in json.as_object().into_iter().flatten() {
        let value = match (key.as_str(), value) {
            ("last_triggered", Json::String(text)) => moment(text),
            _ => from_json(value),
        };
        dict.insert(Key::text(key), value);
    }
    Value::dict(dict)
}

fn moment(text: &str) -> Value {
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Value::Moment(Arc::new(Moment::of_fixed(time))),
        Err(_) => Value::from(text),
    }
}

fn fields(json: &Json, value: impl Fn(&str, &Json) -> Value) -> Value {
    match json {
        Json::Object(fields) => {
            let fields = fields.iter().map(|(key, json)| (Key::text(key), value(key, json)));
            Value::dict(fields.collect::<Dict>())
        }
        json => from_json(json),
    }
}
