//! Jinja's tests: `defined`, `number`, `divisibleby`, `in`, `eq`, and the others.

use std::cmp::Ordering;
use std::sync::Arc;

use super::attribute::{contains, dict_key, is_iterable};
use super::text::text_of;
use crate::call::{Args, Builtin, Run, builtin};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::value::Value;

pub const TESTS: &[Builtin] = &[
    builtin("boolean", "value", |args, _| answer(matches!(args.value(0), Value::Bool(_)))),
    builtin("callable", "obj, /", |args, _| answer(is_callable(args.value(0)))),
    builtin("defined", "value", |args, _| answer(!args.value(0).is_undefined())),
    builtin("divisibleby", "value, num", |args, _| remainder_is(args.value(0), args.value(1), 0.0)),
    builtin("escaped", "value", |_, _| answer(false)),
    builtin("even", "value", |args, _| remainder_is(args.value(0), &Value::Int(2), 0.0)),
    builtin("false", "value", |args, _| answer(matches!(args.value(0), Value::Bool(false)))),
    builtin("filter", "value", |args, context| exists(args, |name| context.interpreter.filter(name))),
    builtin("float", "value", |args, _| answer(matches!(args.value(0), Value::Float(_)))),
    builtin("in", "value, seq", |args, context| answer(contains(args.value(1), args.value(0), context)?)),
    builtin("integer", "value", |args, _| answer(matches!(args.value(0), Value::Int(_)))),
    builtin("iterable", "value", |args, _| answer(can_iterate(args.value(0)))),
    builtin("lower", "value", |args, context| {
        is_cased(args, context, char::is_lowercase, char::is_uppercase)
    }),
    builtin("mapping", "value", |args, _| answer(matches!(args.value(0), Value::Dict(_)))),
    builtin("none", "value", |args, _| answer(args.value(0).is_none())),
    builtin("number", "value", |args, _| answer(args.value(0).as_float().is_some())),
    builtin("odd", "value", |args, _| remainder_is(args.value(0), &Value::Int(2), 1.0)),
    builtin("sameas", "value, other", |args, _| answer(is_same(args.value(0), args.value(1)))),
    builtin("sequence", "value", |args, _| answer(is_sequence(args.value(0)))),
    builtin("string", "value", |args, _| answer(is_text(args.value(0)))),
    builtin("test", "value", |args, context| exists(args, |name| context.interpreter.test(name))),
    builtin("true", "value", |args, _| answer(matches!(args.value(0), Value::Bool(true)))),
    builtin("undefined", "value", |args, _| answer(args.value(0).is_undefined())),
    builtin("upper", "value", |args, context| {
        is_cased(args, context, char::is_uppercase, char::is_lowercase)
    }),
    comparison("==", EQ),
    comparison("eq", EQ),
    comparison("equalto", EQ),
    comparison("!=", NE),
    comparison("ne", NE),
    comparison(">", GT),
    comparison("gt", GT),
    comparison("greaterthan", GT),
    comparison(">=", GE),
    comparison("ge", GE),
    comparison("<", LT),
    comparison("lt", LT),
    comparison("lessthan", LT),
    comparison("<=", LE),
    comparison("le", LE),
];

const EQ: Run = |args, context| answer(equal(args, context)?);
const NE: Run = |args, context| answer(!equal(args, context)?);
const GT: Run = |args, context| ordered(args, context, ">", &[Ordering::Greater]);
const GE: Run = |args, context| ordered(args, context, ">=", &[Ordering::Greater, Ordering::Equal]);
const LT: Run = |args, context| ordered(args, context, "<", &[Ordering::Less]);
const LE: Run = |args, context| ordered(args, context, "<=", &[Ordering::Less, Ordering::Equal]);

const fn comparison(name: &'static str, run: Run) -> Builtin {
    builtin(name, "a, b, /", run)
}

#[allow(clippy::unnecessary_wraps, reason = "the result of a test")]
fn answer(answer: bool) -> Result<Value> {
    Ok(Value::Bool(answer))
}

fn equal(args: &Args, context: &Context) -> Result<bool> {
    context.spend(u64::from(args.value(0).extent().weight) / 16)?;
    Ok(args.value(0).equals(args.value(1)))
}

fn ordered(args: &Args, context: &Context, sign: &str, wanted: &[Ordering]) -> Result<Value> {
    context.spend(u64::from(args.value(0).extent().weight) / 16)?;
    let order = args.value(0).order(args.value(1), sign)?;
    answer(order.is_some_and(|order| wanted.contains(&order)))
}

/// Whether Python's `value % divisor` is this number.
fn remainder_is(value: &Value, divisor: &Value, wanted: f64) -> Result<Value> {
    let by_zero = || Error::new(ErrorKind::ZeroDivision, "division by zero");
    if let (Some(value), Some(divisor)) = (value.as_int(), divisor.as_int()) {
        if divisor == 0 {
            return Err(by_zero());
        }
        // A remainder of -1 fits, so nothing overflows but the smallest number by -1, which leaves none.
        let rest = value.checked_rem(divisor).unwrap_or(0);
        let rest = if rest != 0 && (rest < 0) != (divisor < 0) { rest + divisor } else { rest };
        return answer(Value::Int(rest).equals(&Value::Float(wanted)));
    }
    if let (Some(value), Some(divisor)) = (value.as_float(), divisor.as_float()) {
        if divisor == 0.0 {
            return Err(by_zero());
        }
        let rest = value % divisor;
        let rest = if rest != 0.0 && (rest < 0.0) != (divisor < 0.0) { rest + divisor } else { rest };
        return answer(rest == wanted);
    }
    match (value, divisor) {
        (Value::Undefined(message), _) | (_, Value::Undefined(message)) => {
            Err(Error::undefined(message.as_ref()))
        }
        // `%` formats a text.
        (Value::Text(text), _) if !text.contains('%') => {
            Err(Error::type_error("not all arguments converted during string formatting"))
        }
        (Value::Text(_), _) => answer(false),
        (Value::Span(value), Value::Span(divisor)) => {
            let micros = |span: &chrono::TimeDelta| span.num_microseconds().unwrap_or(i64::MAX);
            match micros(divisor) {
                0 => Err(by_zero()),
                // The remainder is a span, which equals no number.
                _ => {
                    let _ = value;
                    answer(false)
                }
            }
        }
        _ => Err(Error::type_error(format!(
            "unsupported operand type(s) for %: '{}' and '{}'",
            value.type_name(),
            divisor.type_name()
        ))),
    }
}

fn exists(args: &Args, find: impl Fn(&str) -> Result<Value>) -> Result<Value> {
    dict_key(args.value(0).clone())?;
    answer(args.value(0).as_str().is_some_and(|name| find(name).is_ok()))
}

fn is_callable(value: &Value) -> bool {
    match value {
        Value::Undefined(_) | Value::Callable(_) | Value::States(None) => true,
        Value::Object(object) => object.is_callable(),
        _ => false,
    }
}

/// Whether Python's `iter` takes it: also what has items by position.
fn can_iterate(value: &Value) -> bool {
    is_iterable(value) || matches!(value, Value::State(_))
}

/// Whether it has a length and items.
fn is_sequence(value: &Value) -> bool {
    match value {
        Value::Undefined(_) | Value::Text(_) | Value::Bytes(_) | Value::List(_) | Value::Tuple(_) => true,
        Value::Dict(_) | Value::States(_) => true,
        Value::Object(object) => matches!(object.type_name(), "range" | "_GroupTuple" | "AwesomeVersion"),
        _ => false,
    }
}

fn is_text(value: &Value) -> bool {
    match value {
        Value::Text(_) => true,
        Value::Object(object) => object.type_name() == "AwesomeVersion",
        _ => false,
    }
}

/// Whether it is the same object. Python's immutable values cannot be told apart where they are equal.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::List(one), Value::List(other)) => Arc::ptr_eq(one, other),
        (Value::Tuple(one), Value::Tuple(other)) => {
            Arc::ptr_eq(one, other) || (one.items.is_empty() && other.items.is_empty())
        }
        (Value::Set(one), Value::Set(other)) => Arc::ptr_eq(one, other),
        (Value::Dict(one), Value::Dict(other)) => Arc::ptr_eq(one, other),
        (Value::Moment(one), Value::Moment(other)) => Arc::ptr_eq(one, other),
        (Value::Callable(one), Value::Callable(other)) => Arc::ptr_eq(one, other),
        (Value::Object(one), Value::Object(other)) => Arc::ptr_eq(one, other),
        (Value::State(one), Value::State(other)) => Arc::ptr_eq(one, other),
        (Value::Undefined(_), _) => false,
        _ => one.kind() == other.kind() && one.equals(other),
    }
}

/// Whether there are letters, and all of them have this case.
fn is_cased(
    args: &Args,
    context: &Context,
    wanted: fn(char) -> bool,
    other: fn(char) -> bool,
) -> Result<Value> {
    let text = text_of(args.value(0), context)?;
    answer(text.chars().any(wanted) && !text.chars().any(other))
}
