//! Python's `&`, `|`, and `^`: of integers, sets, and mappings.

use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::{Dict, Key, Set, Value};

pub const GLOBALS: &[Builtin] = &[
    builtin("bitwise_and", "first_value, second_value", and),
    builtin("bitwise_or", "first_value, second_value", or),
    builtin("bitwise_xor", "first_value, second_value", xor),
];

pub const FILTERS: &[Builtin] = GLOBALS;

fn and(args: &mut Args, context: &Context) -> Result<Value> {
    let (one, other) = (args.value(0), args.value(1));
    match (one, other) {
        (Value::Bool(one), Value::Bool(other)) => Ok(Value::Bool(*one && *other)),
        (Value::Set(one), Value::Set(other)) => {
            members(context, one, other, |in_one, in_other| in_one && in_other)
        }
        _ => integers("&", one, other, |one, other| one & other),
    }
}

fn or(args: &mut Args, context: &Context) -> Result<Value> {
    let (one, other) = (args.value(0), args.value(1));
    match (one, other) {
        (Value::Bool(one), Value::Bool(other)) => Ok(Value::Bool(*one || *other)),
        (Value::Set(one), Value::Set(other)) => members(context, one, other, |_, _| true),
        (Value::Dict(one), Value::Dict(other)) => {
            context.reserve(one.len() + other.len())?;
            let pairs = one.iter().chain(other.iter());
            let merged: Dict = pairs.map(|(key, value)| (key.clone(), value.clone())).collect();
            Ok(Value::dict(merged))
        }
        _ => integers("|", one, other, |one, other| one | other),
    }
}

fn xor(args: &mut Args, context: &Context) -> Result<Value> {
    let (one, other) = (args.value(0), args.value(1));
    match (one, other) {
        (Value::Bool(one), Value::Bool(other)) => Ok(Value::Bool(one != other)),
        (Value::Set(one), Value::Set(other)) => {
            members(context, one, other, |in_one, in_other| in_one != in_other)
        }
        _ => integers("^", one, other, |one, other| one ^ other),
    }
}

/// The members of two sets that `keep` takes, by whether they are in the first and in the second.
fn members(context: &Context, one: &Set, other: &Set, keep: fn(bool, bool) -> bool) -> Result<Value> {
    context.reserve(one.len() + other.len())?;
    let mut kept = Vec::new();
    for (value, is_first) in
        one.iter().map(|value| (value, true)).chain(other.iter().map(|value| (value, false)))
    {
        let key = Key::new(value.clone())?;
        if keep(is_first || one.contains(&key), !is_first || other.contains(&key)) {
            kept.push(value.clone());
        }
    }
    Set::new(kept).map(Value::set)
}

fn integers(sign: &str, one: &Value, other: &Value, bits: fn(i128, i128) -> i128) -> Result<Value> {
    let integers = one.as_int().zip(other.as_int());
    integers.map(|(one, other)| Value::Int(bits(one, other))).ok_or_else(|| {
        Error::type_error(format!(
            "unsupported operand type(s) for {sign}: '{}' and '{}'",
            one.type_name(),
            other.type_name()
        ))
    })
}
