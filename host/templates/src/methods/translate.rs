//! `str.translate` and its tables.

use super::receiver::read;
use crate::call::Args;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::grow::push;
use crate::value::{Dict, Key, Value};

pub fn translate(args: &mut Args, context: &Context) -> Result<Value> {
    let text = read(args, context)?;
    let table = args.value(1);
    let mut result = String::new();
    for c in text.chars() {
        match looked_up(table, c)? {
            None => result.push(c),
            Some(Value::None) => {}
            Some(Value::Text(text)) => push(&text, &mut result, context)?,
            Some(Value::Int(number)) => {
                let c = u32::try_from(number).ok().and_then(char::from_u32);
                let wrong = || Error::value("character mapping must be in range(0x110000)");
                result.push(c.ok_or_else(wrong)?);
            }
            Some(_) => {
                return Err(Error::type_error("character mapping must return integer, None or str"));
            }
        }
    }
    context.reserve(result.len())?;
    Ok(Value::from(result))
}

/// What a table has for a character; `None` if it stays.
fn looked_up(table: &Value, c: char) -> Result<Option<Value>> {
    let at = c as usize;
    match table {
        Value::Dict(dict) => Ok(dict.get(&Key::new(Value::from(at))?).cloned()),
        Value::List(items) | Value::Tuple(items) => Ok(items.items.get(at).cloned()),
        Value::Text(text) if text.is_ascii() => {
            Ok(text.as_bytes().get(at).map(|byte| Value::text(char::from(*byte).encode_utf8(&mut [0; 4]))))
        }
        Value::Undefined(message) => Err(Error::undefined(message.as_ref())),
        other => Err(Error::type_error(format!("'{}' object is not subscriptable", other.type_name()))),
    }
}

pub fn maketrans(args: &mut Args, context: &Context) -> Result<Value> {
    let mut table = Dict::new();
    let key = |c: char| Key::new(Value::from(u32::from(c)));
    let Some(to) = args.get(2) else {
        let Some(dict) = args.value(1).as_dict() else {
            let what = "if you give only one argument to maketrans it must be a dict";
            return Err(Error::type_error(what));
        };
        context.reserve(dict.len())?;
        for (from, value) in dict.iter() {
            let from = match from.value() {
                Value::Text(text) => {
                    let mut chars = text.chars();
                    let (Some(c), None) = (chars.next(), chars.next()) else {
                        let what = "string keys in translatetable must be of length 1";
                        return Err(Error::value(what));
                    };
                    key(c)?
                }
                Value::Int(_) | Value::Bool(_) => from.clone(),
                _ => {
                    let what = "keys in translate table mustbe strings or integers";
                    return Err(Error::type_error(what));
                }
            };
            table.insert(from, value.clone());
        }
        return Ok(Value::dict(table));
    };
    let Some(from) = args.value(1).as_str() else {
        let what = "first maketrans argument must be a string if there is a second argument";
        return Err(Error::type_error(what));
    };
    let to = text(to, "argument 2")?;
    let removed = args.get(3).map(|value| text(value, "argument 3")).transpose()?.unwrap_or_default();
    if from.chars().count() != to.chars().count() {
        return Err(Error::value("the first two maketrans arguments must have equal length"));
    }
    context.spend((from.len() + removed.len()) as u64)?;
    for (from, to) in from.chars().zip(to.chars()) {
        table.insert(key(from)?, Value::from(u32::from(to)));
    }
    for c in removed.chars() {
        table.insert(key(c)?, Value::None);
    }
    Ok(Value::dict(table))
}

fn text<'a>(value: &'a Value, which: &str) -> Result<&'a str> {
    let name = value.type_name();
    let wrong = || Error::type_error(format!("maketrans() {which} must be str, not {name}"));
    value.as_str().ok_or_else(wrong)
}
