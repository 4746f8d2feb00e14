//! The methods of bytes that templates use.

use std::sync::Arc;

use super::encode::decode;
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::Value;

pub const BYTES: &[Builtin] = &[
    builtin("decode", "self, /, encoding=, errors=", decode),
    builtin("endswith", "self, suffix, /", |args, context| {
        affix(args, context, "endswith", <[u8]>::ends_with)
    }),
    builtin("hex", "self, sep=, bytes_per_sep=", hex),
    builtin("isascii", "self, /", |args, _| Ok(Value::Bool(receiver(args).is_ascii()))),
    builtin("lower", "self, /", |args, _| Ok(of(receiver(args).to_ascii_lowercase()))),
    builtin("startswith", "self, prefix, /", |args, context| {
        affix(args, context, "startswith", <[u8]>::starts_with)
    }),
    builtin("upper", "self, /", |args, _| Ok(of(receiver(args).to_ascii_uppercase()))),
];

fn of(bytes: Vec<u8>) -> Value {
    Value::Bytes(bytes.into())
}

fn receiver(args: &Args) -> Arc<[u8]> {
    match args.value(0) {
        Value::Bytes(bytes) => Arc::clone(bytes),
        _ => Arc::default(),
    }
}

fn affix(args: &Args, context: &Context, method: &str, fits: fn(&[u8], &[u8]) -> bool) -> Result<Value> {
    let affixes = match args.value(1) {
        Value::Bytes(_) => std::slice::from_ref(args.value(1)),
        Value::Tuple(items) => items.items.as_slice(),
        other => {
            let name = other.type_name();
            let what = format!("{method} first arg must be bytes or a tuple of bytes, not {name}");
            return Err(Error::type_error(what));
        }
    };
    for affix in affixes {
        context.spend(1)?;
        let Value::Bytes(affix) = affix else {
            let name = affix.type_name();
            return Err(Error::type_error(format!("a bytes-like object is required, not '{name}'")));
        };
        if fits(&receiver(args), affix) {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn hex(args: &mut Args, context: &Context) -> Result<Value> {
    let bytes = receiver(args);
    let separator = match args.get(1) {
        None => None,
        Some(Value::Text(text)) if text.is_ascii() && text.len() == 1 => Some(text.to_string()),
        Some(Value::Text(text)) if text.chars().count() == 1 => {
            return Err(Error::value("sep must be ASCII."));
        }
        Some(Value::Text(_)) => return Err(Error::value("sep must be length 1.")),
        Some(_) => return Err(Error::type_error("sep must be str or bytes.")),
    };
    let group = args.int(2)?.unwrap_or(1);
    context.reserve(bytes.len().saturating_mul(3))?;
    let size = usize::try_from(group.unsigned_abs()).unwrap_or(usize::MAX);
    let mut text = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        // Groups are counted from the right, or from the left if the number is negative.
        let place = if group > 0 { bytes.len() - at } else { at };
        if let Some(separator) = separator.as_ref().filter(|_| at > 0 && size > 0 && place % size == 0) {
            text.push_str(separator);
        }
        text.push_str(&format!("{byte:02x}"));
    }
    Ok(Value::from(text))
}
