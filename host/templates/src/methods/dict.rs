//! The methods of mappings.

use std::sync::Arc;

use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::{Dict, DictView, Key, Part, Value};

pub const DICT: &[Builtin] = &[
    builtin("copy", "self, /", copy),
    builtin("fromkeys", "self, iterable, value=, /", from_keys),
    builtin("get", "self, key, default=, /", get),
    builtin("items", "self, /", |args, _| Ok(view(args, Part::Items))),
    builtin("keys", "self, /", |args, _| Ok(view(args, Part::Keys))),
    builtin("values", "self, /", |args, _| Ok(view(args, Part::Values))),
];

/// Those that change a mapping.
pub const REFUSED: &[&str] = &["clear", "pop", "popitem", "setdefault", "update"];

/// A key, with the error of a mapping if it cannot be hashed.
fn key(value: Value) -> Result<Key> {
    let name = value.type_name().to_owned();
    Key::new(value).map_err(|error| {
        Error::new(error.kind, format!("cannot use '{name}' as a dict key ({})", error.message))
    })
}

fn view(args: &mut Args, part: Part) -> Value {
    match args.take(0) {
        Value::Dict(dict) => DictView::value(part, dict),
        _ => DictView::value(part, Arc::default()),
    }
}

fn copy(args: &mut Args, context: &Context) -> Result<Value> {
    let Some(dict) = args.value(0).as_dict() else { return Ok(Value::None) };
    context.reserve(dict.len())?;
    Ok(Value::dict(dict.iter().map(|(key, value)| (key.clone(), value.clone())).collect()))
}

fn get(args: &mut Args, _: &Context) -> Result<Value> {
    let default = args.take(2);
    let key = key(args.take(1))?;
    let found = args.value(0).as_dict().and_then(|dict| dict.get(&key)).cloned();
    Ok(found.unwrap_or(default))
}

fn from_keys(args: &mut Args, context: &Context) -> Result<Value> {
    let keys = context.items(args.value(1))?;
    let value = args.take(2);
    // The same value again and again: its weight is counted each time.
    context.reserve(keys.len().saturating_mul(value.extent().weight as usize))?;
    let mut dict = Dict::new();
    for value_of_key in keys {
        dict.insert(key(value_of_key)?, value.clone());
    }
    Ok(Value::dict(dict))
}
