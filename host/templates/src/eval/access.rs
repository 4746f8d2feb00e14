//! Attributes, items, and slices of values, by the rules of Jinja's sandbox.

use std::sync::Arc;

use super::run::Run;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::repr;
use crate::library::{self, Range};
use crate::methods;
use crate::value::{Callable, Key, Table, Value};

impl Run<'_> {
    /// `value.name`: the attribute, else the item, else undefined.
    pub fn attribute_of(&self, value: &Value, name: &str, context: &Context) -> Result<Value> {
        if let Value::Undefined(message) = value {
            // Jinja lets Python look for these.
            return match name.starts_with("__") && !message.starts_with("access to") {
                true => Ok(missing(value, &Value::from(name))),
                false => Err(Error::undefined(message.as_ref())),
            };
        }
        if let Some(found) = self.own_attribute(value, name, context)? {
            return Ok(found);
        }
        match own_item(value, &Value::from(name), context)? {
            Some(found) => Ok(found),
            None => Ok(missing(value, &Value::from(name))),
        }
    }

    /// `value[key]`: the item, else the attribute, else undefined.
    pub fn item_of(&self, value: &Value, key: &Value, context: &Context) -> Result<Value> {
        if let Value::Undefined(message) = value {
            return Err(Error::undefined(message.as_ref()));
        }
        // It is hashed, and shown if there is none.
        context.charge(key)?;
        context.charge(key)?;
        if let Some(found) = own_item(value, key, context)? {
            return Ok(found);
        }
        if let Value::Text(name) = key
            && let Some(found) = self.own_attribute(value, name, context)?
        {
            return Ok(found);
        }
        Ok(missing(value, key))
    }

    /// `value[start:end:step]`.
    pub fn slice_of(&self, value: &Value, bounds: &[Value; 3], context: &Context) -> Result<Value> {
        if let Value::Undefined(message) = value {
            return Err(Error::undefined(message.as_ref()));
        }
        if let Some(tuple) = value.named_tuple() {
            return self.slice_of(&tuple, bounds, context);
        }
        let mut numbers = [None; 3];
        for (bound, number) in bounds.iter().zip(numbers.iter_mut()) {
            *number = match (bound, bound.as_int()) {
                (Value::None, _) => None,
                (_, Some(bound)) => Some(bound),
                (_, None) => return Ok(Value::undefined("slice indices must be integers")),
            };
        }
        match value {
            Value::Text(text) => {
                let chars: Vec<char> = text.chars().collect();
                context.reserve(chars.len())?;
                let places = places(chars.len(), numbers)?;
                Ok(Value::from(places.filter_map(|at| chars.get(at)).collect::<String>()))
            }
            Value::Bytes(bytes) => {
                context.reserve(bytes.len())?;
                let places = places(bytes.len(), numbers)?;
                let kept: Vec<u8> = places.filter_map(|at| bytes.get(at).copied()).collect();
                Ok(Value::Bytes(kept.into()))
            }
            Value::List(items) | Value::Tuple(items) => {
                context.reserve(items.items.len())?;
                let places = places(items.items.len(), numbers)?;
                let kept = places.filter_map(|at| items.items.get(at).cloned()).collect();
                Ok(if matches!(value, Value::List(_)) { Value::list(kept) } else { Value::tuple(kept) })
            }
            value => match value.downcast::<Range>() {
                Some(range) => range.slice(numbers),
                None => Ok(Value::undefined(format!("'{} object' has no element slice", value.type_name()))),
            },
        }
    }

    /// An attribute or method.
    fn own_attribute(&self, value: &Value, name: &str, context: &Context) -> Result<Option<Value>> {
        let is_item = || matches!(value, Value::Dict(dict) if dict.get_text(name).is_some());
        if name.starts_with("__") && !is_item() {
            return Ok(Some(refused(value, name)));
        }
        let found = match value {
            Value::State(_) | Value::States(_) => library::state_attribute(value, name, context)?,
            Value::Object(object) => object.attribute(name).or_else(|| {
                let method = object.methods().iter().find(|method| **method == name)?;
                Some(Value::Callable(Arc::new(Callable::Method(value.clone(), method))))
            }),
            Value::Callable(callable) => match (callable.as_ref(), name) {
                (Callable::Macro(number, _), name) => self.macro_attribute(*number, name),
                (Callable::Function(Table::Global, function), name) => {
                    methods::class_attribute(function, name)
                }
                _ => None,
            },
            value => methods::attribute(value, name),
        };
        if found.is_some() {
            return Ok(found);
        }
        if let Some(entry) = methods::find(value.kind(), name) {
            return Ok(Some(Value::Callable(Arc::new(Callable::Method(value.clone(), entry.builtin.name)))));
        }
        Ok(methods::is_refused(value.kind(), name).then(|| refused(value, name)))
    }
}

/// What the sandbox gives instead of an attribute that it refuses: an error only when it is used.
fn refused(value: &Value, name: &str) -> Value {
    let type_name = value.type_name();
    Value::undefined(format!("access to attribute '{name}' of '{type_name}' object is unsafe."))
}

/// The places of a slice.
fn places(length: usize, [start, end, step]: [Option<i128>; 3]) -> Result<impl Iterator<Item = usize>> {
    let length = i128::try_from(length).unwrap_or(i128::MAX);
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(Error::value("slice step cannot be zero"));
    }
    let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let clamped = |bound: Option<i128>, default: i128| match bound {
        None => default,
        Some(bound) if bound < 0 => bound.saturating_add(length).clamp(low, high),
        Some(bound) => bound.clamp(low, high),
    };
    let (start, end) = match step > 0 {
        true => (clamped(start, low), clamped(end, high)),
        false => (clamped(start, high), clamped(end, low)),
    };
    let mut at = start;
    Ok(std::iter::from_fn(move || {
        let is_inside = if step > 0 { at < end } else { at > end };
        let place = usize::try_from(at).ok().filter(|_| is_inside);
        at = at.saturating_add(step);
        place
    }))
}

fn missing(value: &Value, key: &Value) -> Value {
    let name = match value {
        Value::None => "None".to_owned(),
        value => format!("{} object", value.type_name()),
    };
    Value::undefined(match key {
        Value::Text(key) => format!("'{name}' has no attribute '{key}'"),
        key => format!("'{name}' has no element {}", repr(key)),
    })
}

/// An item.
fn own_item(value: &Value, key: &Value, context: &Context) -> Result<Option<Value>> {
    match value {
        Value::Dict(dict) => Ok(Key::new(key.clone()).ok().and_then(|key| dict.get(&key).cloned())),
        Value::List(items) | Value::Tuple(items) => {
            Ok(place(items.items.len(), key).and_then(|at| items.items.get(at).cloned()))
        }
        Value::Text(text) => {
            if key.as_int().is_none() {
                return Ok(None);
            }
            context.spend(text.len() as u64 / 64)?;
            let found = match key.as_int() {
                Some(at) if at >= 0 => usize::try_from(at).ok().and_then(|at| text.chars().nth(at)),
                Some(at) => usize::try_from(-(at + 1)).ok().and_then(|at| text.chars().rev().nth(at)),
                None => None,
            };
            Ok(found.map(|c| Value::text(c.encode_utf8(&mut [0; 4]))))
        }
        Value::Bytes(bytes) => {
            let byte = place(bytes.len(), key).and_then(|at| bytes.get(at).copied());
            Ok(byte.map(|byte| Value::from(i64::from(byte))))
        }
        Value::State(_) | Value::States(_) => match key {
            Value::Text(name) => library::state_item(value, name, context),
            _ => Ok(None),
        },
        Value::Object(object) => Ok(object.item(key)),
        _ => Ok(None),
    }
}

/// The place of an index, which may count from the end.
fn place(length: usize, key: &Value) -> Option<usize> {
    let at = key.as_int()?;
    let at = if at < 0 { at.checked_add(i128::try_from(length).ok()?)? } else { at };
    usize::try_from(at).ok()
}
