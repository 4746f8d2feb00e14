//! Texts of other values: `ordinal`, `slugify`, and the query of a URL.

use super::number;
use super::slug::slug;
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::display;
use crate::value::Value;

const SLUGIFY: Builtin = builtin("slugify", "value, separator=", slugify);

pub const GLOBALS: &[Builtin] = &[SLUGIFY, builtin("urlencode", "value", urlencode)];

pub const FILTERS: &[Builtin] = &[SLUGIFY, builtin("ordinal", "value", ordinal)];

fn ordinal(args: &mut Args, _: &Context) -> Result<Value> {
    let text = display(args.value(0));
    let last = |count: usize| {
        let start = text.char_indices().rev().nth(count - 1).map_or(0, |(at, _)| at);
        let digits = text.get(start..).unwrap_or_default();
        number::int(&Value::text(digits), None)
    };
    let suffix = match last(2)?.rem_euclid(100) {
        11..=13 => "th",
        _ => match last(1)? {
            1 => "st",
            2 => "nd",
            3 => "rd",
            _ => "th",
        },
    };
    Ok(Value::from(format!("{text}{suffix}")))
}

fn slugify(args: &mut Args, context: &Context) -> Result<Value> {
    let separator = match args.get(1) {
        None => "_",
        Some(Value::Text(separator)) => separator,
        Some(other) => {
            let name = other.type_name();
            return Err(Error::type_error(format!("replace() argument 2 must be str, not {name}")));
        }
    };
    let text = display(args.value(0));
    context.reserve(text.len().saturating_mul(separator.len().max(4)))?;
    context.spend(text.len() as u64 / 8)?;
    let slug = slug(&text, separator);
    context.reserve(slug.len())?;
    Ok(Value::from(slug))
}

/// Python's `urlencode` of a mapping, or of a list of pairs.
fn urlencode(args: &mut Args, context: &Context) -> Result<Value> {
    let value = args.value(0);
    let wrong = || Error::type_error("not a valid non-string sequence or mapping object");
    let pairs: Vec<(Value, Value)> = match value {
        Value::Undefined(message) => return Err(Error::undefined(message.as_ref())),
        Value::Dict(dict) => dict.iter().map(|(key, value)| (key.value().clone(), value.clone())).collect(),
        Value::List(_) | Value::Tuple(_) => {
            let items = value.as_sequence().unwrap_or_default();
            if items.first().is_some_and(|first| !matches!(first, Value::Tuple(_))) {
                return Err(wrong());
            }
            items.iter().map(|item| pair(item, context)).collect::<Result<_>>()?
        }
        Value::Text(text) if text.is_empty() => Vec::new(),
        Value::Set(set) if set.is_empty() => Vec::new(),
        _ => return Err(wrong()),
    };
    let mut query = String::new();
    for (at, (key, value)) in pairs.iter().enumerate() {
        if at > 0 {
            query.push('&');
        }
        quote(key, &mut query, context)?;
        query.push('=');
        quote(value, &mut query, context)?;
    }
    Ok(Value::from(query))
}

fn pair(item: &Value, context: &Context) -> Result<(Value, Value)> {
    let items = context.items(item)?;
    match <[Value; 2]>::try_from(items) {
        Ok([key, value]) => Ok((key, value)),
        Err(items) if items.len() > 2 => Err(Error::value("too many values to unpack (expected 2)")),
        Err(items) => {
            Err(Error::value(format!("not enough values to unpack (expected 2, got {})", items.len())))
        }
    }
}

/// Python's `quote_plus`.
fn quote(value: &Value, to: &mut String, context: &Context) -> Result<()> {
    let bytes = match value {
        Value::Bytes(bytes) => bytes.to_vec(),
        value => display(value).into_bytes(),
    };
    context.reserve(to.len().saturating_add(bytes.len().saturating_mul(3)))?;
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => to.push(char::from(byte)),
            b' ' => to.push('+'),
            byte => to.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(())
}
