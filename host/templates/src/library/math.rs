//! Trigonometry, logarithms, roots, and sums with a default.

use std::f64::consts;

use chrono::TimeDelta;

use super::number::{self, CAUGHT, division_by_zero, no_default, or_default};
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::value::Value;

/// Globals that are numbers.
pub const CONSTANTS: &[(&str, f64)] = &[("e", consts::E), ("pi", consts::PI), ("tau", consts::TAU)];

const SHARED: [Builtin; 9] = [
    builtin("sin", "value, default=", sin),
    builtin("cos", "value, default=", cos),
    builtin("tan", "value, default=", tan),
    builtin("asin", "value, default=", asin),
    builtin("acos", "value, default=", acos),
    builtin("atan", "value, default=", atan),
    builtin("atan2", "*args, default=", atan2),
    builtin("log", "value, base=, default=", log),
    builtin("sqrt", "value, default=", sqrt),
];

pub const GLOBALS: &[Builtin] = &SHARED;

pub const FILTERS: &[Builtin] = &{
    let [sin, cos, tan, asin, acos, atan, atan2, log, sqrt] = SHARED;
    let add = builtin("add", "value, amount, default=", add);
    let multiply = builtin("multiply", "value, amount, default=", multiply);
    [sin, cos, tan, asin, acos, atan, atan2, log, sqrt, add, multiply]
};

fn sin(args: &mut Args, _: &Context) -> Result<Value> {
    of_one("sin", args, f64::sin)
}

fn cos(args: &mut Args, _: &Context) -> Result<Value> {
    of_one("cos", args, f64::cos)
}

fn tan(args: &mut Args, _: &Context) -> Result<Value> {
    of_one("tan", args, f64::tan)
}

fn asin(args: &mut Args, _: &Context) -> Result<Value> {
    of_one("asin", args, f64::asin)
}

fn acos(args: &mut Args, _: &Context) -> Result<Value> {
    of_one("acos", args, f64::acos)
}

fn atan(args: &mut Args, _: &Context) -> Result<Value> {
    of_one("atan", args, f64::atan)
}

fn sqrt(args: &mut Args, _: &Context) -> Result<Value> {
    of_one("sqrt", args, f64::sqrt)
}

/// A function of one number. A result that is none, of an argument that is one, is Python's domain error.
fn of_one(name: &str, args: &Args, function: fn(f64) -> f64) -> Result<Value> {
    let value = args.value(0);
    let result = number::float(value).and_then(|value| {
        let result = function(value);
        match result.is_nan() && !value.is_nan() {
            true => Err(Error::value("math domain error")),
            false => Ok(Value::Float(result)),
        }
    });
    or_default(name, value, result, args.get(1), CAUGHT)
}

fn log(args: &mut Args, _: &Context) -> Result<Value> {
    let (value, default) = (args.value(0), args.get(2));
    let e = Value::Float(consts::E);
    let base = args.get(1).unwrap_or(&e);
    let base = match number::float(base) {
        Ok(base) => base,
        Err(error) => return or_default("log", base, Err(error), default, CAUGHT),
    };
    let result = number::float(value).and_then(|value| {
        let (value, base) = (ln(value)?, ln(base)?);
        if base == 0.0 { Err(division_by_zero()) } else { Ok(Value::Float(value / base)) }
    });
    let caught = [ErrorKind::Value, ErrorKind::Type, ErrorKind::Overflow, ErrorKind::ZeroDivision];
    or_default("log", value, result, default, &caught)
}

fn ln(value: f64) -> Result<f64> {
    match value <= 0.0 {
        true => Err(Error::value("expected a positive input")),
        false => Ok(value.ln()),
    }
}

fn atan2(args: &mut Args, _: &Context) -> Result<Value> {
    let mut default = args.get(0);
    let mut of = args.rest.as_slice();
    let all = Value::tuple(args.rest.clone());
    match args.rest.as_slice() {
        [first @ (Value::List(_) | Value::Tuple(_)), rest @ ..] if rest.len() < 2 => {
            default = default.or(rest.first());
            of = first.as_sequence().unwrap_or_default();
        }
        [_, _, third] => default = default.or(Some(third)),
        _ => {}
    }
    let at = |index: usize| {
        let missing = || Error::new(ErrorKind::Index, "tuple index out of range");
        of.get(index).ok_or_else(missing).and_then(number::float)
    };
    let result = at(0).and_then(|y| Ok(Value::Float(y.atan2(at(1)?))));
    or_default("atan2", &all, result, default, CAUGHT)
}

fn add(args: &mut Args, _: &Context) -> Result<Value> {
    let value = args.value(0);
    let result =
        number::float(value).and_then(|number| Ok(Value::Float(number + operand("+", args.value(1))?)));
    or_default("add", value, result, args.get(2), CAUGHT)
}

fn multiply(args: &mut Args, _: &Context) -> Result<Value> {
    let (value, amount) = (args.value(0), args.value(1));
    let result = number::float(value).and_then(|number| match amount {
        Value::Span(span) => times(*span, number).map(Value::Span),
        _ => Ok(Value::Float(number * operand("*", amount)?)),
    });
    or_default("multiply", value, result, args.get(2), CAUGHT)
}

fn operand(sign: &str, amount: &Value) -> Result<f64> {
    match (amount, amount.as_float()) {
        (_, Some(amount)) => Ok(amount),
        (Value::Undefined(message), _) => Err(Error::undefined(message.as_ref())),
        _ => Err(Error::type_error(format!(
            "unsupported operand type(s) for {sign}: 'float' and '{}'",
            amount.type_name()
        ))),
    }
}

/// A span times a float, rounded to microseconds.
fn times(span: TimeDelta, by: f64) -> Result<TimeDelta> {
    let too_long = || Error::overflow("the span is too long");
    let micros = i128::from(span.num_microseconds().ok_or_else(too_long)?);
    #[allow(clippy::cast_precision_loss, reason = "spans are far below 2^53 microseconds in templates")]
    let result = number::int_of((micros as f64 * by).round_ties_even())?;
    i64::try_from(result).map(TimeDelta::microseconds).map_err(|_| too_long())
}

/// The error of a function of several arguments that it cannot use.
pub fn no_default_of(name: &str, args: &[Value]) -> Error {
    no_default(name, &Value::tuple(args.to_vec()))
}
