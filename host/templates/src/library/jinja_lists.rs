//! Jinja's filters for items and lists: `first`, `last`, `length`, `join`, `reverse`, `batch`, `slice`, `default`, `attr`.

use super::attribute::{Getter, is_iterable, required_length};
use super::text::push;
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::format::display;
use crate::value::{Callable, Dict, Generator, Value};

pub const FILTERS: &[Builtin] = &[
    builtin("attr", "obj, name", attr),
    builtin("batch", "value, linecount, fill_with=", batch),
    builtin("count", "obj, /", length),
    builtin("d", "value, default_value=, boolean=", default),
    builtin("default", "value, default_value=, boolean=", default),
    builtin("first", "seq", first),
    builtin("items", "value", items),
    builtin("join", "value, d=, attribute=", join),
    builtin("last", "seq", last),
    builtin("length", "obj, /", length),
    builtin("list", "value", |args, context| Ok(Value::list(context.items(args.value(0))?))),
    builtin("reverse", "value", reverse),
    builtin("slice", "value, slices, fill_with=", slice),
];

/// The attribute of that name, but no item.
fn attr(args: &mut Args, context: &Context) -> Result<Value> {
    let (value, name) = (args.value(0), args.value(1));
    let Value::Text(name) = name else {
        let found = name.type_name();
        return Err(Error::type_error(format!("attribute name must be string, not '{found}'")));
    };
    let found = match value {
        // Without its items, a mapping has only attributes.
        Value::Dict(dict) => {
            let mut empty = Dict::new();
            empty.type_name = dict.type_name;
            let found = context.interpreter.attribute(&Value::dict(empty), name, context)?;
            match &found {
                Value::Callable(callable) if matches!(callable.as_ref(), Callable::Method(..)) => {
                    context.interpreter.attribute(value, name, context)?
                }
                _ => found,
            }
        }
        _ => context.interpreter.attribute(value, name, context)?,
    };
    Ok(found)
}

/// Lists of `linecount` items.
fn batch(args: &mut Args, context: &Context) -> Result<Value> {
    let size = args.value(1);
    let fill = args.get(2).filter(|fill| !fill.is_none());
    let mut batches = Vec::new();
    let mut batch = Vec::new();
    for item in context.items(args.value(0))? {
        if Value::from(batch.len()).equals(size) {
            batches.push(Value::list(std::mem::take(&mut batch)));
        }
        batch.push(item);
    }
    if let (Some(fill), false) = (fill, batch.is_empty()) {
        if Value::from(batch.len()).order(size, "<")? == Some(std::cmp::Ordering::Less) {
            let Some(size) = size.as_int() else {
                let name = size.type_name();
                return Err(Error::type_error(format!(
                    "can't multiply sequence by non-int of type '{name}'"
                )));
            };
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            context.reserve(size)?;
            context.spend(size as u64 / 4)?;
            batch.resize(size, fill.clone());
        }
    }
    if !batch.is_empty() {
        batches.push(Value::list(batch));
    }
    Ok(Generator::value("generator", batches))
}

/// As many lists as asked for, of nearly equal lengths.
fn slice(args: &mut Args, context: &Context) -> Result<Value> {
    let items = context.items(args.value(0))?;
    let slices = args.int(1)?.unwrap_or_default();
    let fill = args.get(2).filter(|fill| !fill.is_none());
    if slices == 0 {
        return Err(Error::new(ErrorKind::ZeroDivision, "division by zero"));
    }
    let slices = usize::try_from(slices.max(0)).unwrap_or(usize::MAX);
    context.reserve(slices)?;
    context.spend(slices as u64)?;
    let (each, longer) = match slices {
        0 => (0, 0),
        _ => (items.len() / slices, items.len() % slices),
    };
    let mut items = items.into_iter();
    let slices = (0..slices).map(|at| {
        let mut slice: Vec<_> = items.by_ref().take(each + usize::from(at < longer)).collect();
        slice.extend(fill.filter(|_| at >= longer).cloned());
        Value::list(slice)
    });
    Ok(Generator::value("generator", slices.collect()))
}

fn default(args: &mut Args, _: &Context) -> Result<Value> {
    let value = args.value(0);
    match value.is_undefined() || (args.flag(2, false) && !value.is_true()) {
        true => Ok(args.get(1).cloned().unwrap_or_else(|| Value::text(""))),
        false => Ok(args.take(0)),
    }
}

fn length(args: &mut Args, context: &Context) -> Result<Value> {
    Ok(required_length(args.value(0), context)?.into())
}

fn first(args: &mut Args, context: &Context) -> Result<Value> {
    let first = match args.value(0) {
        Value::Text(text) => text.chars().next().map(|c| Value::from(String::from(c))),
        Value::List(items) | Value::Tuple(items) => items.items.first().cloned(),
        Value::Dict(dict) => dict.keys().next().cloned(),
        value => context.items(value)?.into_iter().next(),
    };
    Ok(first.unwrap_or_else(|| Value::undefined("No first item, sequence was empty.")))
}

fn last(args: &mut Args, context: &Context) -> Result<Value> {
    let last = match args.value(0) {
        Value::Text(text) => text.chars().next_back().map(|c| Value::from(String::from(c))),
        Value::List(items) | Value::Tuple(items) => items.items.last().cloned(),
        Value::Dict(dict) => dict.keys().next_back().cloned(),
        value if reversed(value).is_some() => context.items(value)?.pop(),
        value => {
            let name = value.type_name();
            return Err(Error::type_error(format!("'{name}' object is not reversible")));
        }
    };
    Ok(last.unwrap_or_else(|| Value::undefined("No last item, sequence was empty.")))
}

/// The type of the iterator that Python's `reversed` makes of a value. `None` if it makes none.
fn reversed(value: &Value) -> Option<&'static str> {
    match value {
        Value::List(_) => Some("list_reverseiterator"),
        Value::Tuple(_) | Value::Text(_) | Value::Bytes(_) | Value::Undefined(_) => Some("reversed"),
        Value::Dict(_) => Some("dict_reversekeyiterator"),
        Value::Object(object) => match object.type_name() {
            "range" => Some("range_iterator"),
            "dict_keys" => Some("dict_reversekeyiterator"),
            "dict_values" => Some("dict_reversevalueiterator"),
            "dict_items" => Some("dict_reverseitemiterator"),
            "_GroupTuple" => Some("reversed"),
            _ => None,
        },
        _ => None,
    }
}

fn reverse(args: &mut Args, context: &Context) -> Result<Value> {
    let value = args.value(0);
    if let Value::Text(text) = value {
        context.reserve(text.len())?;
        return Ok(text.chars().rev().collect::<String>().into());
    }
    if !is_iterable(value) {
        return Err(Error::runtime("argument must be iterable"));
    }
    let mut items = context.items(value)?;
    items.reverse();
    Ok(match reversed(value) {
        Some(name) => Generator::value(name, items),
        None => Value::list(items),
    })
}

fn items(args: &mut Args, context: &Context) -> Result<Value> {
    let pairs = match args.value(0) {
        Value::Undefined(_) => Vec::new(),
        Value::Dict(dict) => {
            context.spend(dict.len() as u64 / 2)?;
            dict.iter().map(|(key, value)| Value::tuple(vec![key.value().clone(), value.clone()])).collect()
        }
        _ => return Err(Error::type_error("Can only get item pairs from a mapping.")),
    };
    Ok(Generator::value("generator", pairs))
}

fn join(args: &mut Args, context: &Context) -> Result<Value> {
    let getter = Getter::new(args.get(2), false);
    let separator = args.get(1).map(display).unwrap_or_default();
    let mut joined = String::new();
    for (at, item) in context.items(args.value(0))?.iter().enumerate() {
        let item = getter.get(item, context)?;
        context.spend(u64::from(item.extent().weight) / 4)?;
        let text = display(&item);
        if at > 0 {
            push(&mut joined, &separator, context)?;
        }
        push(&mut joined, &text, context)?;
    }
    Ok(joined.into())
}
