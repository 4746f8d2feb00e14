//! Converts JSON variables to template values: states become state objects, times in `trigger` become times.

use std::fmt;
use std::sync::Arc;

use chrono::DateTime;
use minijinja::Value;
use minijinja::value::{Object, ObjectRepr};
use serde_json::Value as Json;

use super::times::{Moment, Span};
use crate::automation::home::Entity;
use crate::automation::{literals, zone};

/// Converts a variable. The fields of `trigger` and `wait` become objects where Home Assistant has objects.
pub fn variable(name: &str, json: &Json) -> Value {
    match json {
        Json::Object(fields) if name == "trigger" || name == "wait" => {
            Value::from_pairs(fields.iter().map(|(key, json)| (key.clone(), field(key, json))))
        }
        json => value(json),
    }
}

fn field(key: &str, json: &Json) -> Value {
    let text = json.as_str();
    match (key, text) {
        ("now", Some(text)) => Moment::parse(text).map_or(Value::from(text), Value::from_object),
        ("for", Some(_)) => match literals::period(json) {
            Ok(span) => Value::from_object(Span(span)),
            Err(_) => value(json),
        },
        ("trigger", None) => variable("trigger", json),
        _ => value(json),
    }
}

/// Converts an attribute. `last_triggered` becomes a time, as in Home Assistant.
pub fn attribute(name: &str, json: &Json) -> Value {
    match json.as_str().filter(|_| name == "last_triggered").and_then(Moment::parse) {
        Some(moment) => Value::from_object(moment),
        None => value(json),
    }
}

/// Converts any value. The JSON form of a state becomes a state object.
pub fn value(json: &Json) -> Value {
    match json {
        Json::Object(fields) => match state(fields) {
            Some(state) => Value::from_object(state),
            None => Value::from_pairs(fields.iter().map(|(key, json)| (key.clone(), attribute(key, json)))),
        },
        Json::Array(items) => Value::from(items.iter().map(value).collect::<Vec<_>>()),
        Json::Null => Value::from(()),
        Json::Bool(flag) => Value::from(*flag),
        Json::String(text) => Value::from(text.as_str()),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Value::from(whole),
            (None, Some(whole)) => Value::from(whole),
            (None, None) => Value::from(number.as_f64().unwrap_or_default()),
        },
    }
}

fn state(fields: &serde_json::Map<String, Json>) -> Option<StateObject> {
    let text = |name: &str| fields.get(name).and_then(Json::as_str);
    let time = |name: &str| {
        let time = DateTime::parse_from_rfc3339(text(name)?).ok()?;
        Some(zone::timestamp(time.to_utc()))
    };
    let entity = Entity {
        state: text("state")?.to_owned(),
        attributes: fields.get("attributes").filter(|it| it.is_object())?.clone(),
        last_changed: time("last_changed")?,
        last_updated: time("last_updated")?,
    };
    Some(StateObject { id: text("entity_id")?.to_owned(), entity: Arc::new(entity) })
}

/// The state object of one entity.
#[derive(Debug)]
pub struct StateObject {
    pub id: String,
    pub entity: Arc<Entity>,
}

impl Object for StateObject {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let (domain, object) = self.id.split_once('.').unwrap_or(("", &self.id));
        let attribute = |name: &str| self.entity.attributes.get(name).and_then(|it| it.as_str());
        Some(match key.as_str()? {
            "entity_id" => Value::from(self.id.clone()),
            "domain" => Value::from(domain),
            "object_id" => Value::from(object),
            "state" => Value::from(self.entity.state.clone()),
            "attributes" => value(&self.entity.attributes),
            "name" => {
                let made = || object.replace('_', " ");
                Value::from(attribute("friendly_name").map_or_else(made, str::to_owned))
            }
            "state_with_unit" => Value::from(match attribute("unit_of_measurement") {
                Some(unit) => format!("{} {unit}", self.entity.state),
                None => self.entity.state.clone(),
            }),
            "last_changed" => Value::from_object(Moment::of_utc(self.entity.last_changed)),
            "last_updated" | "last_reported" => Value::from_object(Moment::of_utc(self.entity.last_updated)),
            _ => return None,
        })
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<state {}={}>", self.id, self.entity.state)
    }
}
