//! Methods of texts that look for a part of them, or replace it.

use super::receiver::{read, wanted};
use crate::call::Args;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::Value;

/// A part of the receiver between two positions.
struct Window {
    text: String,
    /// Where it begins, in characters.
    start: usize,
    /// Whether it begins behind the end of the receiver: then not even the empty text is in it.
    outside: bool,
}

fn window(args: &Args, context: &Context) -> Result<Window> {
    let text = read(args, context)?;
    let length = if text.is_ascii() { text.len() } else { text.chars().count() };
    let at = |at, default: usize| -> Result<usize> {
        let number = match args.get(at) {
            None | Some(Value::None) => return Ok(default),
            Some(value) => value.as_int().ok_or_else(|| {
                Error::type_error("slice indices must be integers or None or have an __index__ method")
            })?,
        };
        let number = if number < 0 { number.saturating_add(length as i128).max(0) } else { number };
        Ok(usize::try_from(number).unwrap_or(usize::MAX))
    };
    let (start, end) = (at(2, 0)?, at(3, length)?.min(length));
    if start == 0 && end == length {
        return Ok(Window { text: text.to_string(), start: 0, outside: false });
    }
    let part = match text.is_ascii() {
        true => text.get(start..end).unwrap_or_default().to_owned(),
        false => text.chars().skip(start).take(end.saturating_sub(start)).collect(),
    };
    Ok(Window { text: part, start, outside: start > end })
}

/// Where the part is in the receiver, in characters.
fn position(args: &Args, method: &str, last: bool, context: &Context) -> Result<Option<usize>> {
    let sub = wanted(args, 1, method)?;
    let window = window(args, context)?;
    if window.outside {
        return Ok(None);
    }
    let found = if last { window.text.rfind(sub) } else { window.text.find(sub) };
    let before = |at| window.text.get(..at).unwrap_or_default().chars().count();
    Ok(found.map(|at| window.start + before(at)))
}

fn or_minus_one(position: Option<usize>) -> Value {
    position.map_or(Value::Int(-1), Value::from)
}

fn or_error(position: Option<usize>) -> Result<Value> {
    position.map(Value::from).ok_or_else(|| Error::value("substring not found"))
}

pub fn find(args: &mut Args, context: &Context) -> Result<Value> {
    position(args, "find", false, context).map(or_minus_one)
}

pub fn rfind(args: &mut Args, context: &Context) -> Result<Value> {
    position(args, "rfind", true, context).map(or_minus_one)
}

pub fn index(args: &mut Args, context: &Context) -> Result<Value> {
    position(args, "index", false, context).and_then(or_error)
}

pub fn rindex(args: &mut Args, context: &Context) -> Result<Value> {
    position(args, "rindex", true, context).and_then(or_error)
}

pub fn count(args: &mut Args, context: &Context) -> Result<Value> {
    let sub = wanted(args, 1, "count")?;
    let window = window(args, context)?;
    let count = if window.outside { 0 } else { window.text.matches(sub).count() };
    Ok(Value::from(count))
}

/// Whether one of the texts fits.
fn affix(args: &Args, method: &str, context: &Context, fits: fn(&str, &str) -> bool) -> Result<Value> {
    let affixes = match args.value(1) {
        Value::Text(_) => std::slice::from_ref(args.value(1)),
        Value::Tuple(items) => items.items.as_slice(),
        other => {
            let name = other.type_name();
            let what = format!("{method} first arg must be str or a tuple of str, not {name}");
            return Err(Error::type_error(what));
        }
    };
    let window = window(args, context)?;
    for affix in affixes {
        let Some(affix) = affix.as_str() else {
            let name = affix.type_name();
            let what = format!("tuple for {method} must only contain str, not {name}");
            return Err(Error::type_error(what));
        };
        context.spend(1)?;
        if !window.outside && fits(&window.text, affix) {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

pub fn startswith(args: &mut Args, context: &Context) -> Result<Value> {
    affix(args, "startswith", context, |text, prefix| text.starts_with(prefix))
}

pub fn endswith(args: &mut Args, context: &Context) -> Result<Value> {
    affix(args, "endswith", context, |text, suffix| text.ends_with(suffix))
}

pub fn removeprefix(args: &mut Args, context: &Context) -> Result<Value> {
    let text = read(args, context)?;
    let prefix = argument(args, "removeprefix")?;
    Ok(Value::text(text.strip_prefix(prefix).unwrap_or(&text)))
}

pub fn removesuffix(args: &mut Args, context: &Context) -> Result<Value> {
    let text = read(args, context)?;
    let suffix = argument(args, "removesuffix")?;
    Ok(Value::text(text.strip_suffix(suffix).unwrap_or(&text)))
}

/// The only argument of a method.
fn argument<'a>(args: &'a Args, method: &str) -> Result<&'a str> {
    let value = args.value(1);
    let name = value.type_name();
    let wrong = || Error::type_error(format!("{method}() argument must be str, not {name}"));
    value.as_str().ok_or_else(wrong)
}

pub fn replace(args: &mut Args, context: &Context) -> Result<Value> {
    let text = read(args, context)?;
    let (old, new) = (wanted(args, 1, "replace")?, wanted(args, 2, "replace")?);
    let most = args.int(3)?.unwrap_or(-1);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let matches = text.matches(old).take(most).count();
    context.reserve(text.len().saturating_add(matches.saturating_mul(new.len())))?;
    Ok(Value::from(text.replacen(old, new, matches)))
}
