//! Home Assistant's functions for values of any kind: `iif`, `typeof`, `zip`, `combine`, `apply`, `random`.

use super::attribute::{contains, required_length};
use super::function::MacroFunction;
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Callable, Dict, Generator, Key, Table, Value};

pub const GLOBALS: &[Builtin] = &[
    APPLY,
    AS_FUNCTION,
    COMBINE,
    IIF,
    TYPEOF,
    builtin("merge_response", "value", merge_response),
    builtin("zip", "*iterables, strict=", zip),
];

pub const FILTERS: &[Builtin] = &[
    APPLY,
    AS_FUNCTION,
    COMBINE,
    CONTAINS,
    IIF,
    TYPEOF,
    builtin("is_defined", "value", is_defined),
    builtin("ord", "character, /", ord),
    builtin("random", "values", random),
];

pub const TESTS: &[Builtin] = &[APPLY, CONTAINS];

const APPLY: Builtin = builtin("apply", "value, fn, *args, **kwargs", apply);
const AS_FUNCTION: Builtin = builtin("as_function", "macro", |args, _| MacroFunction::value(args.take(0)));
const COMBINE: Builtin = builtin("combine", "*args, recursive=", combine);
const CONTAINS: Builtin = builtin("contains", "a, b, /", |args, context| {
    Ok(contains(args.value(0), args.value(1), context)?.into())
});
const IIF: Builtin = builtin("iif", "value, if_true=, if_false=, if_none=", iif);
const TYPEOF: Builtin = builtin("typeof", "value", typeof_value);

fn apply(args: &mut Args, context: &Context) -> Result<Value> {
    let function = args.take(1);
    let mut given = vec![args.take(0)];
    given.append(&mut args.rest);
    context.interpreter.call(&function, given, std::mem::take(&mut args.keywords), context)
}

/// The name of the type. What a template returned is wrapped, to keep its text.
fn typeof_value(args: &mut Args, _: &Context) -> Result<Value> {
    let value = args.value(0);
    let is_wrapped = match value {
        Value::List(items) | Value::Tuple(items) => items.text.is_some(),
        Value::Set(set) => set.text.is_some(),
        Value::Dict(dict) => dict.text.is_some(),
        _ => false,
    };
    if let Value::Callable(callable) = value
        && matches!(
            callable.as_ref(),
            Callable::Function(
                Table::Global,
                "cycler" | "dict" | "joiner" | "namespace" | "timedelta" | "zip"
            )
        )
    {
        return Ok("type".into());
    }
    Ok(match (is_wrapped, value) {
        (true, Value::Tuple(_)) => "TupleWrapper".into(),
        (true, _) => "Wrapper".into(),
        _ => value.type_name().into(),
    })
}

fn iif(args: &mut Args, _: &Context) -> Result<Value> {
    let value = args.value(0);
    let (place, otherwise) = match value {
        Value::None if args.get(3).is_some() => (3, Value::None),
        value if value.is_true() => (1, Value::Bool(true)),
        _ => (2, Value::Bool(false)),
    };
    Ok(args.get(place).cloned().unwrap_or(otherwise))
}

fn is_defined(args: &mut Args, _: &Context) -> Result<Value> {
    match args.value(0) {
        Value::Undefined(message) => Err(Error::undefined(message.as_ref())),
        _ => Ok(args.take(0)),
    }
}

fn ord(args: &mut Args, _: &Context) -> Result<Value> {
    let found = match args.value(0) {
        Value::Text(text) => {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => return Ok(u32::from(c).into()),
                _ => text.chars().count(),
            }
        }
        Value::Bytes(bytes) => match bytes.as_ref() {
            [byte] => return Ok(u32::from(*byte).into()),
            bytes => bytes.len(),
        },
        value => {
            let name = value.type_name();
            return Err(Error::type_error(format!("ord() expected string of length 1, but {name} found")));
        }
    };
    let kind = if args.value(0).as_str().is_some() { "string" } else { "byte string" };
    Err(Error::type_error(format!("ord() expected a character, but {kind} of length {found} found")))
}

fn random(args: &mut Args, context: &Context) -> Result<Value> {
    let value = args.value(0);
    let length = required_length(value, context)?;
    if length == 0 {
        return Err(Error::new(ErrorKind::Index, "Cannot choose from an empty sequence"));
    }
    let index = usize::try_from(context.random() % length as u64).unwrap_or_default();
    match value {
        Value::Set(_) => Err(Error::type_error("'set' object is not subscriptable")),
        Value::Dict(dict) => {
            let missing = || Error::new(ErrorKind::Key, index.to_string());
            dict.get(&Key::new(index.into())?).cloned().ok_or_else(missing)
        }
        value => Ok(context.items(value)?.into_iter().nth(index).unwrap_or(Value::None)),
    }
}

fn zip(args: &mut Args, context: &Context) -> Result<Value> {
    let strict = args.flag(0, false);
    let columns = args.rest.iter().map(|value| context.items(value)).collect::<Result<Vec<_>>>()?;
    let shortest = columns.iter().map(Vec::len).min().unwrap_or(0);
    let first = columns.first().filter(|_| strict).map(Vec::len);
    let other = columns.iter().enumerate().find(|(_, other)| first.is_some_and(|first| other.len() != first));
    if let Some((at, other)) = other {
        let how = if Some(other.len()) < first { "shorter" } else { "longer" };
        let others = if at == 1 { "argument 1".to_owned() } else { format!("arguments 1-{at}") };
        return Err(Error::value(format!("zip() argument {} is {how} than {others}", at + 1)));
    }
    context.spend((shortest as u64).saturating_mul(columns.len() as u64))?;
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    let rows = (0..shortest).map(|_| Value::tuple(columns.iter_mut().filter_map(Iterator::next).collect()));
    Ok(Generator::value("zip", rows.collect()))
}

fn combine(args: &mut Args, context: &Context) -> Result<Value> {
    let recursive = args.flag(0, false);
    if args.rest.is_empty() {
        return Err(Error::type_error("combine expected at least 1 argument, got 0"));
    }
    let mut combined = Dict::new();
    for value in &args.rest {
        let Value::Dict(dict) = value else {
            return Err(Error::type_error(format!("combine expected a dict, got {}", value.type_name())));
        };
        add(&mut combined, dict, recursive, context)?;
    }
    Ok(Value::dict(combined))
}

/// Values do not nest deeper than their limit.
fn add(to: &mut Dict, dict: &Dict, recursive: bool, context: &Context) -> Result<()> {
    context.spend(dict.len() as u64 + 1)?;
    for (key, value) in dict.iter() {
        let value = match (to.get(key), value) {
            (Some(Value::Dict(old)), Value::Dict(new)) if recursive => {
                let mut combined = Dict::new();
                add(&mut combined, old, true, context)?;
                add(&mut combined, new, true, context)?;
                Value::dict(combined)
            }
            _ => value.clone(),
        };
        to.insert(key.clone(), value);
    }
    Ok(())
}

/// One list of what an action returned for each entity.
fn merge_response(args: &mut Args, context: &Context) -> Result<Value> {
    let no_dict = || Error::type_error("Response is not a dictionary");
    let mut merged = Vec::new();
    for (entity_id, response) in args.value(0).as_dict().ok_or_else(no_dict)?.iter() {
        let response = response.as_dict().ok_or_else(no_dict)?;
        context.spend(response.len() as u64 + 1)?;
        let only = response.iter().next().filter(|_| response.len() == 1);
        match only {
            Some((key, Value::List(items))) => {
                context.spend(items.items.len() as u64)?;
                for item in &items.items {
                    merged.push(match item {
                        Value::Dict(dict) => with_entity(dict, entity_id, Some(key))?,
                        item => item.clone(),
                    });
                }
            }
            _ => merged.push(with_entity(response, entity_id, None)?),
        }
    }
    Ok(Value::list(merged))
}

fn with_entity(dict: &Dict, entity_id: &Key, key: Option<&Key>) -> Result<Value> {
    if dict.get_text("entity_id").is_some() {
        return Err(Error::value("Response dictionary already contains key 'entity_id'"));
    }
    let mut dict: Dict = dict.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    dict.insert(Key::text("entity_id"), entity_id.value().clone());
    if let Some(key) = key {
        dict.insert(Key::text("value_key"), key.value().clone());
    }
    Ok(Value::dict(dict))
}
