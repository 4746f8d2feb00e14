//! Values from JSON.

use serde_json::Value as Json;

use super::types::{Dict, Value};

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
