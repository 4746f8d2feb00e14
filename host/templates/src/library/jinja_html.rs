//! Jinja's filters for HTML and addresses: `escape`, `striptags`, `xmlattr`, `urlencode`.

use super::attribute::{is_iterable, pair, pairs};
use super::entity::unescape;
use super::text::{is_space, push, text_of};
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::repr;
use crate::value::Value;

pub const FILTERS: &[Builtin] = &[
    builtin("e", "s, /", escape),
    builtin("escape", "s, /", escape),
    builtin("forceescape", "value", escape),
    builtin("safe", "value", |args, context| Ok(text_of(args.value(0), context)?.into())),
    builtin("striptags", "value", striptags),
    builtin("urlencode", "value", urlencode),
    builtin("xmlattr", "d, autospace=", xmlattr),
];

fn escape(args: &mut Args, context: &Context) -> Result<Value> {
    let text = text_of(args.value(0), context)?;
    context.reserve(text.len())?;
    Ok(escaped(&text).into())
}

/// The text with the characters escaped that HTML knows.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\'' => escaped.push_str("&#39;"),
            '"' => escaped.push_str("&#34;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Without comments and tags, with single spaces.
fn striptags(args: &mut Args, context: &Context) -> Result<Value> {
    let text = text_of(args.value(0), context)?;
    context.spend(text.len() as u64 / 8)?;
    let text = without(&text, "<!--", "-->");
    let text = without(&text, "<", ">");
    let words: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
    Ok(unescape(&words.join(" ")).into())
}

/// The text without what stands between two marks. What has no end stays.
fn without(text: &str, start: &str, end: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(start) {
        let Some((_, next)) = after.split_once(end) else { break };
        kept.push_str(before);
        rest = next;
    }
    kept.push_str(rest);
    kept
}

fn urlencode(args: &mut Args, context: &Context) -> Result<Value> {
    let value = args.value(0);
    if value.as_str().is_some() || !is_iterable(value) {
        let text = text_of(value, context)?;
        context.reserve(text.len().saturating_mul(3))?;
        return Ok(quoted(&text, false).into());
    }
    let mut encoded = String::new();
    let mut add = |key: &Value, value: &Value| {
        let (key, value) = (text_of(key, context)?, text_of(value, context)?);
        if !encoded.is_empty() {
            encoded.push('&');
        }
        push(&mut encoded, &quoted(&key, true), context)?;
        encoded.push('=');
        push(&mut encoded, &quoted(&value, true), context)
    };
    match value {
        Value::Dict(_) => pairs(value)?.iter().try_for_each(|(key, value)| add(key, value))?,
        _ => {
            for item in context.items(value)? {
                let (key, value) = pair(&item, context)?;
                add(&key, &value)?;
            }
        }
    }
    Ok(encoded.into())
}

/// Percent encoding: of a path, or of a query.
fn quoted(text: &str, query: bool) -> String {
    let mut quoted = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => {
                quoted.push(char::from(byte));
            }
            b'/' if !query => quoted.push('/'),
            b' ' if query => quoted.push('+'),
            byte => quoted.push_str(&format!("%{byte:02X}")),
        }
    }
    quoted
}

fn xmlattr(args: &mut Args, context: &Context) -> Result<Value> {
    let mut attributes = String::new();
    let space = args.flag(1, true);
    for (key, value) in pairs(args.value(0))? {
        if value.is_none() || value.is_undefined() {
            continue;
        }
        let Value::Text(name) = &key else {
            let found = key.type_name();
            return Err(Error::type_error(format!("expected string or bytes-like object, got '{found}'")));
        };
        if name.contains(|c| matches!(c, '\t'..='\r' | ' ' | '/' | '>' | '=')) {
            return Err(Error::value(format!("Invalid character in attribute name: {}", repr(&key))));
        }
        if space || !attributes.is_empty() {
            attributes.push(' ');
        }
        push(&mut attributes, &escaped(name), context)?;
        attributes.push_str("=\"");
        push(&mut attributes, &escaped(&text_of(&value, context)?), context)?;
        attributes.push('"');
    }
    Ok(attributes.into())
}
