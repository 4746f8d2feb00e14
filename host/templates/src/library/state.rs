//! The objects of states: `states`, `states.sensor`, the state of an entity, and its context.
//!
//! A lookup is noted as a read of the entity, whether there is one or not.

use std::any::Any;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::times::Moment;
use crate::value::{Dict, Key, Object, State, Value};

/// The methods of a state.
pub const METHODS: &[Builtin] =
    &[builtin("as_dict", "self", as_dict), builtin("format_state", "self, rounded, with_unit", format_state)];

/// `value.name`, which is also `value['name']`, of a state, of `states`, and of a domain. `None` if there is no such attribute; methods
/// are in `METHODS`.
pub fn attribute(value: &Value, name: &str, context: &Context) -> Result<Option<Value>> {
    match value {
        Value::State(state) => Ok(of_state(state, name)),
        Value::States(_) if is_private(name) => {
            let text = format!("access to attribute '{name}' of '{}' object is unsafe.", value.type_name());
            Ok(Some(Value::undefined(text)))
        }
        Value::States(_) => item(value, name, context),
        _ => Ok(None),
    }
}

/// `value[name]`. Items are attributes, without what the sandbox hides.
pub fn item(value: &Value, name: &str, context: &Context) -> Result<Option<Value>> {
    match value {
        Value::States(Some(domain)) => entity(&format!("{domain}.{name}"), context).map(Some),
        Value::States(None) => of_all(name, context),
        Value::State(state) => Ok(of_state(state, name)),
        _ => Ok(None),
    }
}

/// What the sandbox hides.
fn is_private(name: &str) -> bool {
    name.starts_with("__") || matches!(name, "_hass" | "_domain") || name.starts_with("_collect")
}

fn of_all(name: &str, context: &Context) -> Result<Option<Value>> {
    if name.contains('.') {
        return entity(name, context).map(Some);
    }
    if matches!(name, "contextfunction" | "evalcontextfunction" | "environmentfunction" | "jinja_pass_arg") {
        return Ok(Some(Value::None));
    }
    match is_domain(name) {
        true => Ok(Some(Value::States(Some(Arc::from(name))))),
        false => Err(Error::runtime(format!("Invalid domain name '{name}'"))),
    }
}

/// The state of an entity, or none. An error if it is no ID.
fn entity(entity_id: &str, context: &Context) -> Result<Value> {
    match by_id(entity_id, context) {
        Some(state) => Ok(Value::State(state)),
        None if is_entity_id(entity_id) => Ok(Value::None),
        None => Err(Error::runtime(format!("Invalid entity ID '{entity_id}'"))),
    }
}

fn by_id(entity_id: &str, context: &Context) -> Option<Arc<State>> {
    let exact = context.state(entity_id);
    exact.or_else(|| {
        let lower = entity_id.to_lowercase();
        if lower == entity_id { None } else { context.state(&lower) }
    })
}

/// The state of an entity by a value that should be its ID.
pub fn find(entity_id: &Value, context: &Context) -> Result<Option<Arc<State>>> {
    match entity_id {
        Value::Text(entity_id) => Ok(by_id(entity_id, context)),
        Value::Undefined(message) => Err(Error::undefined(message.as_ref())),
        other => {
            Key::new(other.clone())?;
            let name = other.type_name();
            Err(Error::new(ErrorKind::Attribute, format!("'{name}' object has no attribute 'lower'")))
        }
    }
}

/// Whether a text can be the domain of an entity.
fn is_domain(name: &str) -> bool {
    !name.contains("__") && is_object_id(name)
}

fn is_entity_id(entity_id: &str) -> bool {
    // A second dot is no letter of an object ID.
    entity_id.split_once('.').is_some_and(|(domain, object_id)| is_domain(domain) && is_object_id(object_id))
}

fn is_object_id(name: &str) -> bool {
    static OBJECT_ID: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\A[\da-z_]+\z").ok());
    let is_name = OBJECT_ID.as_ref().is_some_and(|pattern| pattern.is_match(name));
    is_name && !name.starts_with('_') && !name.ends_with('_')
}

fn of_state(state: &Arc<State>, name: &str) -> Option<Value> {
    let (domain, object_id) = state.entity_id.split_once('.').unwrap_or(("", &state.entity_id));
    Some(match name {
        "entity_id" => Value::Text(Arc::clone(&state.entity_id)),
        "state" => Value::Text(Arc::clone(&state.state)),
        "attributes" => state.attributes.clone(),
        "last_changed" => Value::Moment(Arc::new(Moment::of_utc(state.last_changed))),
        "last_reported" => Value::Moment(Arc::new(Moment::of_utc(state.last_reported))),
        "last_updated" => Value::Moment(Arc::new(Moment::of_utc(state.last_updated))),
        "last_changed_timestamp" => Value::Float(timestamp(state.last_changed)),
        "last_reported_timestamp" => Value::Float(timestamp(state.last_reported)),
        "context" => Value::object(StateContext(state.context.clone())),
        "domain" => Value::text(domain),
        "object_id" => Value::text(object_id),
        "name" => name_of(state, object_id),
        "state_with_unit" => Value::from(with_unit(state)),
        _ => return None,
    })
}

fn name_of(state: &State, object_id: &str) -> Value {
    let name = state.attributes.as_dict().and_then(|attributes| attributes.get_text("friendly_name"));
    match name.filter(|name| name.is_true()) {
        Some(name) => name.clone(),
        None => Value::from(object_id.replace('_', " ")),
    }
}

#[allow(clippy::cast_precision_loss, reason = "microseconds of this age are below 2^53")]
fn timestamp(time: chrono::DateTime<chrono::Utc>) -> f64 {
    time.timestamp_micros() as f64 / 1e6
}

fn as_dict(args: &mut Args, _: &Context) -> Result<Value> {
    let Value::State(state) = args.value(0) else { return Ok(Value::None) };
    let iso = |time| Value::from(Moment::of_utc(time).iso('T'));
    let mut dict = read_only();
    dict.insert_text("entity_id", Value::Text(Arc::clone(&state.entity_id)));
    dict.insert_text("state", Value::Text(Arc::clone(&state.state)));
    dict.insert_text("attributes", state.attributes.clone());
    dict.insert_text("last_changed", iso(state.last_changed));
    dict.insert_text("last_reported", iso(state.last_reported));
    dict.insert_text("last_updated", iso(state.last_updated));
    dict.insert_text("context", StateContext(state.context.clone()).as_dict());
    Ok(Value::dict(dict))
}

fn format_state(args: &mut Args, _: &Context) -> Result<Value> {
    let Value::State(state) = args.value(0) else { return Ok(Value::None) };
    Ok(match args.flag(2, false) {
        true => Value::from(with_unit(state)),
        false => Value::Text(Arc::clone(&state.state)),
    })
}

/// The state with its unit, if it has one.
pub fn with_unit(state: &State) -> String {
    let unit = state.attributes.as_dict().and_then(|attributes| attributes.get_text("unit_of_measurement"));
    match unit.filter(|unit| unit.is_true()) {
        Some(unit) => format!("{} {}", state.state, crate::format::display(unit)),
        None => state.state.to_string(),
    }
}

fn read_only() -> Dict {
    let mut dict = Dict::new();
    dict.type_name = "ReadOnlyDict";
    dict
}

/// The context of a state: its ID, its parent's, and the user's.
#[derive(Debug)]
struct StateContext([Option<Arc<str>>; 3]);

impl StateContext {
    fn part(&self, at: usize) -> Value {
        self.0.get(at).cloned().flatten().map_or(Value::None, Value::Text)
    }

    fn as_dict(&self) -> Value {
        let mut dict = read_only();
        dict.insert_text("id", self.part(0));
        dict.insert_text("parent_id", self.part(1));
        dict.insert_text("user_id", self.part(2));
        Value::dict(dict)
    }
}

impl Object for StateContext {
    fn type_name(&self) -> &str {
        "Context"
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "id" => Some(self.part(0)),
            "parent_id" => Some(self.part(1)),
            "user_id" => Some(self.part(2)),
            "origin_event" => Some(Value::None),
            _ => None,
        }
    }

    fn methods(&self) -> &'static [&'static str] {
        &["as_dict"]
    }

    fn call(&self, method: &str, args: &[Value]) -> Result<Value> {
        match (method, args) {
            ("as_dict", []) => Ok(self.as_dict()),
            ("as_dict", _) => Err(Error::type_error("Context.as_dict() takes no arguments")),
            ("", _) => Err(Error::type_error("'Context' object is not callable")),
            (name, _) => Err(Error::undefined(format!("'Context object' has no attribute '{name}'"))),
        }
    }

    fn equals(&self, other: &Value) -> bool {
        other.downcast::<Self>().is_some_and(|other| self.0.first() == other.0.first())
    }

    fn repr(&self) -> String {
        "<homeassistant.core.Context object>".to_owned()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
