//! Numbers in ranges: `clamp`, `wrap`, `remap`.

use super::number::{division_by_zero, float, modulo, shortened};
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::repr;
use crate::value::Value;

pub const GLOBALS: &[Builtin] = &[
    builtin("clamp", "value, min_value, max_value", clamp),
    builtin("wrap", "value, min_value, max_value", wrap),
    builtin("remap", "value, in_min, in_max, out_min, out_max, *, steps=, edges=", remap),
];

pub const FILTERS: &[Builtin] = GLOBALS;

fn clamp(args: &mut Args, _: &Context) -> Result<Value> {
    let [value, low, high] = numbers(args, ["value", "min_value", "max_value"])?;
    Ok(Value::Float(larger(low, smaller(high, value))))
}

fn wrap(args: &mut Args, _: &Context) -> Result<Value> {
    let [value, low, high] = numbers(args, ["value", "min_value", "max_value"])?;
    let size = high - low;
    if size == 0.0 {
        return Ok(Value::Float(low));
    }
    let wrapped = modulo(value - low, size)? + low;
    Ok(Value::Float(if size > 0.0 && wrapped >= high { low } else { wrapped }))
}

fn remap(args: &mut Args, _: &Context) -> Result<Value> {
    let [mut value, in_min, in_max, out_min, out_max] =
        numbers(args, ["value", "in_min", "in_max", "out_min", "out_max"])?;
    let edges = args.get(6).and_then(Value::as_str).unwrap_or("none");
    let size = in_max - in_min;
    if matches!(edges, "wrap" | "mirror") && in_min == in_max {
        let (low, high) = (repr(args.value(1)), repr(args.value(2)));
        return Err(Error::value(format!(
            "in_min={} must not equal in_max={}",
            shortened(&low),
            shortened(&high)
        )));
    }
    match edges {
        "clamp" => value = larger(in_min, smaller(in_max, value)),
        "wrap" => value = modulo(value - in_min, size)? + in_min,
        "mirror" => value = in_min + mirrored(value - in_min, size)?,
        _ => {}
    }
    let steps = steps(args.get(5))?;
    if steps == 0.0 && in_min == out_min && in_max == out_max {
        return Ok(Value::Float(value));
    }
    if size == 0.0 {
        return Err(division_by_zero());
    }
    let mut normalized = (value - in_min) / size;
    if steps != 0.0 {
        normalized = (finite(normalized * steps)?.round_ties_even() + 0.0) / steps;
    }
    let result = out_min + normalized * (out_max - out_min);
    if edges != "clamp" {
        return Ok(Value::Float(result));
    }
    let (low, high) = if out_max < out_min { (out_max, out_min) } else { (out_min, out_max) };
    Ok(Value::Float(larger(low, smaller(high, result))))
}

/// The position in a period, backwards in every second one.
fn mirrored(offset: f64, size: f64) -> Result<f64> {
    let period = finite(offset / size)?.floor();
    let position = offset - period * size;
    Ok(if period % 2.0 == 0.0 { position } else { size - position })
}

fn steps(steps: Option<&Value>) -> Result<f64> {
    let steps = match steps {
        None => return Ok(0.0),
        Some(Value::Undefined(message)) => return Err(Error::undefined(message.as_ref())),
        Some(steps) => steps,
    };
    let wrong = || {
        let name = steps.type_name();
        Error::type_error(format!("'>' not supported between instances of 'int' and '{name}'"))
    };
    steps.as_float().map(|steps| if 0.0 > steps { 0.0 } else { steps }).ok_or_else(wrong)
}

/// A float that Python can round to an integer.
fn finite(number: f64) -> Result<f64> {
    match number.is_finite() {
        true => Ok(number),
        false if number.is_nan() => Err(Error::value("cannot convert float NaN to integer")),
        false => Err(Error::overflow("cannot convert float infinity to integer")),
    }
}

/// Python's `max(one, other)`: the first, unless the second is larger.
fn larger(one: f64, other: f64) -> f64 {
    if other > one { other } else { one }
}

/// Python's `min(one, other)`.
fn smaller(one: f64, other: f64) -> f64 {
    if other < one { other } else { one }
}

/// The first arguments as floats.
fn numbers<const N: usize>(args: &Args, names: [&str; N]) -> Result<[f64; N]> {
    let mut numbers = [0.0; N];
    for (at, number) in numbers.iter_mut().enumerate() {
        *number = float(args.value(at)).map_err(|error| match error.is_value_or_type() {
            true => {
                let shown =
                    |(at, name): (usize, &&str)| format!("{name}={}", shortened(&repr(args.value(at))));
                let all = names.iter().enumerate().map(shown).collect::<Vec<_>>().join(", ");
                Error::value(format!("function requires numeric arguments, got {all}"))
            }
            false => error,
        })?;
    }
    Ok(numbers)
}
