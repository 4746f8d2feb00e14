//! Casts of values: `bool`, `float`, `int`, and what can be cast.

use super::number::{self, CAUGHT, no_default, or_default};
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{ErrorKind, Result};
use crate::value::Value;

pub const GLOBALS: &[Builtin] = &[
    builtin("bool", "value, default=", bool_),
    builtin("float", "value, default=", float),
    builtin("int", "value, default=, base=", int),
    builtin("is_number", "value", is_number),
];

pub const FILTERS: &[Builtin] = GLOBALS;

pub const TESTS: &[Builtin] =
    &[builtin("is_number", "value", is_number), builtin("string_like", "value", string_like)];

fn bool_(args: &mut Args, _: &Context) -> Result<Value> {
    let (value, default) = (args.value(0), args.get(1));
    match (boolean(value), default) {
        (Some(flag), _) => Ok(Value::Bool(flag)),
        (None, Some(default)) => Ok(default.clone()),
        (None, None) => Err(no_default("bool", value)),
    }
}

/// The boolean of a value as Home Assistant's configuration reads it: `on`, `yes`, `1`.
pub fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Text(text) => match text.to_lowercase().trim() {
            "1" | "true" | "yes" | "on" | "enable" => Some(true),
            "0" | "false" | "no" | "off" | "disable" => Some(false),
            _ => None,
        },
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => Some(value.is_true()),
        _ => None,
    }
}

fn float(args: &mut Args, _: &Context) -> Result<Value> {
    let value = args.value(0);
    or_default("float", value, number::float(value).map(Value::Float), args.get(1), CAUGHT)
}

fn int(args: &mut Args, _: &Context) -> Result<Value> {
    let value = args.value(0);
    let base = args.get(2).map_or(Some(10), Value::as_int);
    // A base that is no integer fails like a text that is none.
    let number = match (value, base) {
        (Value::Text(_), None) => whole(value),
        _ => number::int(value, base).or_else(|error| match error.kind {
            ErrorKind::Type | ErrorKind::Value => whole(value),
            _ => Err(error),
        }),
    };
    or_default("int", value, number.map(Value::Int), args.get(1), CAUGHT)
}

fn whole(value: &Value) -> Result<i128> {
    number::float(value).and_then(number::int_of)
}

fn is_number(args: &mut Args, _: &Context) -> Result<Value> {
    match number::float(args.value(0)) {
        Ok(number) => Ok(Value::Bool(number.is_finite())),
        Err(error) if CAUGHT.contains(&error.kind) => Ok(Value::Bool(false)),
        Err(error) => Err(error),
    }
}

fn string_like(args: &mut Args, _: &Context) -> Result<Value> {
    Ok(Value::Bool(matches!(args.value(0), Value::Text(_) | Value::Bytes(_))))
}
