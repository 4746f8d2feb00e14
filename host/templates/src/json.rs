//! Values from JSON and to JSON.

use serde_json::Value as Json;

use crate::format::display;
use crate::value::{Dict, Value};

/// The value of a JSON document.
pub fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::None,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Value::from(whole),
            (None, Some(whole)) => Value::Int(i128::from(whole)),
            (None, None) => Value::Float(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::text(text),
        Json::Array(items) => Value::list(items.iter().map(from_json).collect()),
        Json::Object(fields) => {
            let mut dict = Dict::new();
            fields.iter().for_each(|(key, value)| dict.insert_text(key, from_json(value)));
            Value::dict(dict)
        }
    }
}

/// The value as JSON: tuples and sets as lists, times as ISO 8601, everything else as its text.
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Undefined(_) | Value::None => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(number) => match (i64::try_from(*number), u64::try_from(*number)) {
            (Ok(number), _) => Json::from(number),
            (_, Ok(number)) => Json::from(number),
            #[allow(clippy::cast_precision_loss, reason = "JSON has no larger integers")]
            _ => Json::from(*number as f64),
        },
        Value::Float(number) => Json::from(*number),
        Value::Text(text) => Json::from(&**text),
        Value::List(items) | Value::Tuple(items) => items.items.iter().map(to_json).collect(),
        Value::Set(set) => set.iter().map(to_json).collect(),
        Value::Dict(dict) => {
            let fields = dict.iter().map(|(key, value)| (key_text(key.value()), to_json(value)));
            Json::Object(fields.collect())
        }
        Value::Moment(moment) => Json::from(moment.iso('T')),
        Value::State(state) => Json::from(&*state.state),
        other => Json::from(display(other)),
    }
}

fn key_text(key: &Value) -> String {
    match key {
        Value::Text(text) => text.to_string(),
        Value::Bool(true) => "true".into(),
        Value::Bool(false) => "false".into(),
        Value::None => "null".into(),
        key => display(key),
    }
}
