//! The methods of lists and tuples.

use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::Value;

/// Those of a list.
pub const LIST: &[Builtin] = &[
    builtin("copy", "self, /", copy),
    builtin("count", "self, value, /", count),
    builtin("index", "self, value, start=, stop=, /", index),
];

/// Those of a tuple.
pub const TUPLE: &[Builtin] =
    &[builtin("count", "self, value, /", count), builtin("index", "self, value, start=, stop=, /", index)];

/// Those that change a list.
pub const REFUSED: &[&str] = &["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"];

fn items(args: &Args) -> &[Value] {
    args.value(0).as_sequence().unwrap_or_default()
}

fn copy(args: &mut Args, context: &Context) -> Result<Value> {
    let items = items(args);
    context.reserve(items.len())?;
    Ok(Value::list(items.to_vec()))
}

fn count(args: &mut Args, context: &Context) -> Result<Value> {
    let (items, wanted) = (items(args), args.value(1));
    spend(items, wanted, context)?;
    Ok(Value::from(items.iter().filter(|item| item.equals(wanted)).count()))
}

fn index(args: &mut Args, context: &Context) -> Result<Value> {
    let (items, wanted) = (items(args), args.value(1));
    let at = |number: i128| {
        let number = if number < 0 { number.saturating_add(items.len() as i128) } else { number };
        usize::try_from(number.max(0)).unwrap_or(usize::MAX)
    };
    let start = bound(args, 2)?.map_or(0, at);
    let stop = bound(args, 3)?.map_or(usize::MAX, at);
    spend(items, wanted, context)?;
    let found = items.iter().take(stop).enumerate().skip(start).find(|(_, item)| item.equals(wanted));
    let name = args.value(0).type_name();
    let missing = || Error::value(format!("{name}.index(x): x not in {name}"));
    found.map(|(at, _)| Value::from(at)).ok_or_else(missing)
}

fn bound(args: &Args, at: usize) -> Result<Option<i128>> {
    args.int(at).map_err(|_| Error::type_error("slice indices must be integers or have an __index__ method"))
}

/// Comparing takes as long as the smaller value is large.
fn spend(items: &[Value], wanted: &Value, context: &Context) -> Result<()> {
    let weight = u64::from(wanted.extent().weight);
    let steps: u64 = items.iter().map(|item| u64::from(item.extent().weight).min(weight)).sum();
    context.spend(steps / 4)
}
