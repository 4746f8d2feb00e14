//! `round`: Python's rounding of floats to decimals.

use super::number::{self, CAUGHT, division_by_zero, or_default};
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::Value;

pub const FILTERS: &[Builtin] = &[builtin("round", "value, precision=, method=, default=", round)];

fn round(args: &mut Args, _: &Context) -> Result<Value> {
    let value = args.value(0);
    let method = args.get(2).and_then(Value::as_str).unwrap_or_default();
    let result = rounded(value, args.get(1).unwrap_or(&Value::Int(0)), method);
    or_default("round", value, result, args.get(3), CAUGHT)
}

fn rounded(value: &Value, precision: &Value, method: &str) -> Result<Value> {
    let multiplier = power_of_ten(precision)?;
    let number = number::float(value)?;
    // Python rounds to an integer, which has no negative zero.
    let scaled = |round: fn(f64) -> f64| {
        let scaled = finite(number * multiplier)?;
        if multiplier == 0.0 { Err(division_by_zero()) } else { Ok((round(scaled) + 0.0) / multiplier) }
    };
    let result = match (method, precision.as_int()) {
        ("ceil", _) => scaled(f64::ceil)?,
        ("floor", _) => scaled(f64::floor)?,
        ("half", _) => (finite(number * 2.0)?.round_ties_even() + 0.0) / 2.0,
        (_, Some(digits)) => decimals(number, digits)?,
        (_, None) => {
            let name = precision.type_name();
            return Err(Error::type_error(format!("'{name}' object cannot be interpreted as an integer")));
        }
    };
    match precision.as_float() == Some(0.0) {
        true => number::int_of(result).map(Value::Int),
        false => Ok(Value::Float(result)),
    }
}

/// A float that Python can make an integer of.
fn finite(number: f64) -> Result<f64> {
    match number.is_finite() {
        true => Ok(number),
        false if number.is_nan() => Err(Error::value("cannot convert float NaN to integer")),
        false => Err(Error::overflow("cannot convert float infinity to integer")),
    }
}

/// `float(10**precision)`.
fn power_of_ten(precision: &Value) -> Result<f64> {
    let too_large = || Error::overflow("int too large to convert to float");
    match precision {
        Value::Undefined(message) => Err(Error::undefined(message.as_ref())),
        Value::Float(power) => Ok(10_f64.powf(*power)),
        _ => match precision.as_int() {
            Some(power @ 0..=308) => format!("1e{power}").parse().map_err(|_| too_large()),
            Some(309..) => Err(too_large()),
            #[allow(clippy::cast_precision_loss, reason = "a power this small is zero")]
            Some(power) => Ok(10_f64.powf(power as f64)),
            None => Err(Error::type_error(format!(
                "unsupported operand type(s) for ** or pow(): 'int' and '{}'",
                precision.type_name()
            ))),
        },
    }
}

/// Python's `round(number, digits)`: the nearest decimal of the exact value, ties to even.
pub fn decimals(number: f64, digits: i128) -> Result<f64> {
    if !number.is_finite() || digits > 323 {
        return Ok(number);
    }
    if digits < -308 {
        return Ok(0.0 * number);
    }
    let result: f64 = match usize::try_from(digits) {
        Ok(digits) => format!("{number:.digits$}").parse().unwrap_or(number),
        Err(_) => tens(number, usize::try_from(-digits).unwrap_or_default()),
    };
    match result.is_finite() {
        true => Ok(result),
        false => Err(Error::overflow("rounded value too large to represent")),
    }
}

/// Rounds to a power of ten above one.
fn tens(number: f64, zeros: usize) -> f64 {
    let whole = format!("{:0>1$.0}", number.abs().trunc(), zeros + 1);
    let (head, tail) = whole.split_at_checked(whole.len().saturating_sub(zeros)).unwrap_or((&whole, ""));
    let has_fraction = number.fract() != 0.0;
    let half = format!("{:0<1$}", "5", zeros);
    let up = match tail.cmp(half.as_str()) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => has_fraction || head.ends_with(['1', '3', '5', '7', '9']),
    };
    let head = if up { increased(head) } else { head.to_owned() };
    format!("{head}e{zeros}").parse::<f64>().unwrap_or(number).copysign(number)
}

/// The next decimal integer.
fn increased(digits: &str) -> String {
    let kept = digits.trim_end_matches('9');
    let nines = "0".repeat(digits.len() - kept.len());
    let (rest, last) = kept.split_at_checked(kept.len().saturating_sub(1)).unwrap_or(("", ""));
    let last = last.parse::<u8>().unwrap_or(0) + 1;
    format!("{rest}{last}{nines}")
}
