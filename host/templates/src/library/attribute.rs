//! Attributes by path, `a.b.0`, and what else the filters of lists share.

use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Key, Value};

/// Reads an attribute of each item, by its path.
pub struct Getter {
    parts: Vec<Value>,
    fold: bool,
    default: Option<Value>,
}

impl Getter {
    /// Without an attribute, or with none, the item itself. `fold`: texts become lower case.
    pub fn new(attribute: Option<&Value>, fold: bool) -> Self {
        Self { parts: parts(attribute), fold, default: None }
    }

    /// A value for missing attributes, unless it is none.
    #[must_use]
    pub fn or(self, default: Option<&Value>) -> Self {
        Self { default: default.filter(|value| !value.is_none()).cloned(), ..self }
    }

    pub fn get(&self, item: &Value, context: &Context) -> Result<Value> {
        context.spend(self.parts.len() as u64)?;
        let mut item = item.clone();
        for part in &self.parts {
            item = context.interpreter.item(&item, part, context)?;
            if let (true, Some(default)) = (item.is_undefined(), &self.default) {
                item = default.clone();
            }
        }
        match (self.fold, &item) {
            (true, Value::Text(text)) => {
                context.spend(text.len() as u64 / 32)?;
                Ok(Value::from(text.to_lowercase()))
            }
            _ => Ok(item),
        }
    }
}

/// Getters for attributes that are separated by commas: `a,b.c`.
pub fn getters(attribute: Option<&Value>, fold: bool) -> Vec<Getter> {
    match attribute {
        Some(Value::Text(paths)) => {
            paths.split(',').map(|path| Getter::new(Some(&Value::text(path)), fold)).collect()
        }
        _ => vec![Getter::new(attribute, fold)],
    }
}

fn parts(attribute: Option<&Value>) -> Vec<Value> {
    match attribute {
        None | Some(Value::None) => Vec::new(),
        Some(Value::Text(path)) => path.split('.').map(part).collect(),
        Some(index) => vec![index.clone()],
    }
}

/// Digits are an index.
fn part(part: &str) -> Value {
    let index = part.parse::<i128>().ok().filter(|_| part.bytes().all(|byte| byte.is_ascii_digit()));
    index.map_or_else(|| Value::text(part), Value::Int)
}

/// The pairs of a mapping, as its method `items` gives them.
pub fn pairs(value: &Value) -> Result<Vec<(Value, Value)>> {
    match value {
        Value::Dict(dict) => {
            Ok(dict.iter().map(|(key, value)| (key.value().clone(), value.clone())).collect())
        }
        _ => Err(no_attribute(value, "items")),
    }
}

/// The error of an attribute that is not there, where Python code needs it.
pub fn no_attribute(value: &Value, name: &str) -> Error {
    match value {
        Value::Undefined(message) => Error::undefined(message.as_ref()),
        _ => Error::new(
            ErrorKind::Attribute,
            format!("'{}' object has no attribute '{name}'", value.type_name()),
        ),
    }
}

/// The two values of a pair that is unpacked.
pub fn pair(value: &Value, context: &Context) -> Result<(Value, Value)> {
    let Some(length) = length(value, context)? else {
        let name = value.type_name();
        return match is_iterable(value) {
            true => unpacked(context.items(value)?),
            false => Err(Error::type_error(format!("cannot unpack non-iterable {name} object"))),
        };
    };
    match length {
        0..=2 => unpacked(context.items(value)?),
        _ => Err(Error::value(format!("too many values to unpack (expected 2, got {length})"))),
    }
}

fn unpacked(items: Vec<Value>) -> Result<(Value, Value)> {
    let length = items.len();
    let mut items = items.into_iter();
    match (items.next(), items.next(), items.next()) {
        (Some(one), Some(other), None) => Ok((one, other)),
        (_, _, Some(_)) => Err(Error::value(format!("too many values to unpack (expected 2, got {length})"))),
        _ => Err(Error::value(format!("not enough values to unpack (expected 2, got {length})"))),
    }
}

/// Python's `len`, if the value has one.
pub fn length(value: &Value, context: &Context) -> Result<Option<usize>> {
    Ok(match value {
        Value::Undefined(_) => Some(0),
        Value::Text(text) => {
            context.spend(text.len() as u64 / 32)?;
            Some(text.chars().count())
        }
        Value::Bytes(bytes) => Some(bytes.len()),
        Value::List(items) | Value::Tuple(items) => Some(items.items.len()),
        Value::Set(set) => Some(set.len()),
        Value::Dict(dict) => Some(dict.len()),
        Value::States(domain) => Some(context.states(domain.as_deref())?.len()),
        Value::Object(object) => object.length(),
        _ => None,
    })
}

/// Python's `len`.
pub fn required_length(value: &Value, context: &Context) -> Result<usize> {
    let without = || Error::type_error(format!("object of type '{}' has no len()", value.type_name()));
    length(value, context)?.ok_or_else(without)
}

/// Whether it can be iterated. It is not.
pub fn is_iterable(value: &Value) -> bool {
    match value {
        Value::Undefined(_) | Value::Text(_) | Value::Bytes(_) | Value::States(_) => true,
        Value::List(_) | Value::Tuple(_) | Value::Set(_) | Value::Dict(_) => true,
        Value::Object(object) => {
            value.downcast::<crate::value::Generator>().is_some()
                || object.length().is_some()
                || object.items().is_some()
        }
        _ => false,
    }
}

/// A member of a set. The error is that of Python's sets.
pub fn member(value: Value) -> Result<Key> {
    hashed(value, "a set element")
}

/// A key of a mapping. The error is that of Python's mappings.
pub fn dict_key(value: Value) -> Result<Key> {
    hashed(value, "a dict key")
}

fn hashed(value: Value, purpose: &str) -> Result<Key> {
    Key::new(value.clone()).map_err(|_| {
        let (outer, inner) = (value.type_name(), unhashable(&value));
        Error::type_error(format!("cannot use '{outer}' as {purpose} (unhashable type: '{inner}')"))
    })
}

fn unhashable(value: &Value) -> String {
    match value {
        Value::Tuple(items) => items
            .items
            .iter()
            .find(|item| Key::new((*item).clone()).is_err())
            .map_or_else(|| "tuple".into(), unhashable),
        _ => value.type_name().into(),
    }
}

/// Counts the steps of putting this value into a set of `size` members. Values of some types share one hash.
pub fn spend_on_hash(value: &Value, size: usize, context: &Context) -> Result<()> {
    let weight = u64::from(value.extent().weight) / 16;
    context.spend(weight + if has_own_hash(value) { 0 } else { size as u64 / 8 })
}

fn has_own_hash(value: &Value) -> bool {
    match value {
        Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::Bytes(_) | Value::None => true,
        Value::Date(_) | Value::Span(_) | Value::Undefined(_) => true,
        Value::Float(number) => number.is_finite(),
        Value::Tuple(items) => items.items.iter().all(has_own_hash),
        _ => false,
    }
}

/// Python's `value in container`.
pub fn contains(container: &Value, value: &Value, context: &Context) -> Result<bool> {
    match container {
        Value::Text(text) => match value {
            Value::Text(part) => {
                context.spend(text.len() as u64 / 32)?;
                Ok(text.contains(part.as_ref()))
            }
            _ => Err(Error::type_error(format!(
                "'in <string>' requires string as left operand, not {}",
                value.type_name()
            ))),
        },
        Value::Dict(dict) => Ok(dict.get(&dict_key(value.clone())?).is_some()),
        Value::Set(set) => Ok(set.contains(&member(value.clone())?)),
        _ if !is_iterable(container) => Err(Error::type_error(format!(
            "argument of type '{}' is not a container or iterable",
            container.type_name()
        ))),
        _ => {
            context.spend(u64::from(container.extent().weight) / 16)?;
            Ok(context.items(container)?.iter().any(|item| item.equals(value)))
        }
    }
}
