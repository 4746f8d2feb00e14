//! Spans in whole microseconds, with the arithmetic and the limits of Python's `timedelta`.

use chrono::TimeDelta;

use crate::error::{Error, ErrorKind, Result};

/// Microseconds of a day.
pub const DAY: i128 = 86_400_000_000;
const MAX_DAYS: i128 = 999_999_999;
/// The microseconds of `timedelta.min`.
pub const MIN_SPAN: i128 = -MAX_DAYS * DAY;
/// The microseconds of `timedelta.max`.
pub const MAX_SPAN: i128 = (MAX_DAYS + 1) * DAY - 1;

/// Its microseconds.
pub fn micros(span: TimeDelta) -> i128 {
    i128::from(span.num_seconds()) * 1_000_000 + i128::from(span.subsec_nanos() / 1000)
}

/// The span of that many microseconds; an error beyond the limits.
pub fn span(micros: i128) -> Result<TimeDelta> {
    let days = micros.div_euclid(DAY);
    if i32::try_from(days).is_err() {
        return Err(too_large());
    }
    if days.abs() > MAX_DAYS {
        return Err(Error::overflow(format!("days={days}; must have magnitude <= {MAX_DAYS}")));
    }
    let seconds = i64::try_from(micros.div_euclid(1_000_000)).unwrap_or_default();
    let nanos = u32::try_from(micros.rem_euclid(1_000_000) * 1000).unwrap_or_default();
    TimeDelta::new(seconds, nanos).ok_or_else(too_large)
}

fn too_large() -> Error {
    Error::overflow("Python int too large to convert to C int")
}

/// Its days, seconds, and microseconds; only the days can be negative.
pub fn split(span: TimeDelta) -> (i128, i128, i128) {
    let micros = micros(span);
    let rest = micros.rem_euclid(DAY);
    (micros.div_euclid(DAY), rest / 1_000_000, rest % 1_000_000)
}

/// One part of a span: a number of units.
#[derive(Debug, Clone, Copy)]
pub enum Part {
    Whole(i128),
    Fraction(f64),
}

/// The span that consists of these parts, each with its unit in microseconds. As Python does, fractions of microseconds are added up
/// and rounded once, halves to even.
pub fn from_parts(parts: &[(Part, i128)]) -> Result<TimeDelta> {
    let (mut sum, mut left) = (0_i128, 0.0_f64);
    let add = |sum: i128, number: i128, unit: i128| {
        let part = number.checked_mul(unit).ok_or_else(too_large)?;
        sum.checked_add(part).ok_or_else(too_large)
    };
    for (part, unit) in parts {
        match *part {
            Part::Whole(number) => sum = add(sum, number, *unit)?,
            Part::Fraction(number) => {
                sum = add(sum, whole_part(number)?, *unit)?;
                #[allow(clippy::cast_precision_loss, reason = "units are powers of ten times small numbers")]
                let rest = number.fract() * *unit as f64;
                sum = add(sum, whole_part(rest)?, 1)?;
                left += rest.fract();
            }
        }
    }
    let mut rounded = left.round();
    if (rounded - left).abs() == 0.5 {
        let odd = f64::from(u8::from(sum % 2 != 0));
        rounded = 2.0 * ((left + odd) * 0.5).round() - odd;
    }
    span(add(sum, whole_part(rounded)?, 1)?)
}

fn whole_part(number: f64) -> Result<i128> {
    if number.is_nan() {
        return Err(Error::value("cannot convert float NaN to integer"));
    }
    if number.is_infinite() {
        return Err(Error::overflow("cannot convert float infinity to integer"));
    }
    if number.abs() > 1e37 {
        return Err(too_large());
    }
    #[allow(clippy::cast_possible_truncation, reason = "bounded above")]
    Ok(number.trunc() as i128)
}

/// `number / by`, halves to even.
pub fn divide(number: i128, by: i128) -> Result<i128> {
    if by == 0 {
        return Err(Error::new(ErrorKind::ZeroDivision, "division by zero"));
    }
    let (whole, rest) = (number.div_euclid(by), number.rem_euclid(by));
    // With a negative divisor, Euclid's quotient is the ceiling: the remainder moves away from it.
    let step = by.signum();
    let twice = rest.checked_mul(2).unwrap_or(i128::MAX).cmp(&by.abs());
    Ok(match twice {
        std::cmp::Ordering::Less => whole,
        std::cmp::Ordering::Greater => whole + step,
        std::cmp::Ordering::Equal => whole + if whole % 2 == 0 { 0 } else { step },
    })
}

/// The span times a number: exact, then rounded to microseconds, halves to even.
pub fn scale(micros: i128, by: f64) -> Result<TimeDelta> {
    let (mantissa, exponent) = decomposed(by)?;
    let product = micros.checked_mul(mantissa).ok_or_else(too_large)?;
    shifted(product, 1, exponent)
}

/// The span divided by a number.
pub fn shrink(micros: i128, by: f64) -> Result<TimeDelta> {
    let (mantissa, exponent) = decomposed(by)?;
    if mantissa == 0 {
        return Err(Error::new(ErrorKind::ZeroDivision, "division by zero"));
    }
    shifted(micros, mantissa, -exponent)
}

/// `number * 2^exponent / by`.
fn shifted(number: i128, by: i128, exponent: i32) -> Result<TimeDelta> {
    if number == 0 {
        return span(0);
    }
    let power = exponent.unsigned_abs();
    if exponent >= 0 {
        let room = number.unsigned_abs().leading_zeros();
        return match power + 1 < room {
            true => span(divide(number << power, by)?),
            false => Err(too_large()),
        };
    }
    let room = by.unsigned_abs().leading_zeros();
    match power + 1 < room {
        true => span(divide(number, by << power)?),
        // The divisor is far above twice the number.
        false => span(0),
    }
}

/// A float as `mantissa * 2^exponent` with an odd mantissa.
fn decomposed(number: f64) -> Result<(i128, i32)> {
    if number.is_nan() {
        return Err(Error::value("cannot convert NaN to integer ratio"));
    }
    if number.is_infinite() {
        return Err(Error::overflow("cannot convert Infinity to integer ratio"));
    }
    if number == 0.0 {
        return Ok((0, 0));
    }
    let bits = number.to_bits();
    let exponent = i32::try_from(bits >> 52 & 0x7ff).unwrap_or_default();
    let fraction = i128::from(bits & ((1 << 52) - 1));
    let (mantissa, exponent) =
        if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    let zeros = mantissa.trailing_zeros();
    let sign = if number < 0.0 { -1 } else { 1 };
    Ok((sign * (mantissa >> zeros), exponent + i32::try_from(zeros).unwrap_or_default()))
}

/// The quotient of two integers below 2^67 as the nearest float. An error if the divisor is 0.
pub fn ratio(number: i128, by: i128) -> Result<f64> {
    if by == 0 {
        return Err(Error::new(ErrorKind::ZeroDivision, "division by zero"));
    }
    let (large, divisor) = (number.unsigned_abs(), by.unsigned_abs());
    let shift = large.leading_zeros().saturating_sub(1);
    let scaled = large << shift;
    // The lowest bit stands for everything that the division cuts off.
    let quotient = (scaled / divisor) | u128::from(scaled % divisor != 0);
    #[allow(clippy::cast_precision_loss, reason = "rounds to the nearest float")]
    let size = quotient as f64 * 0.5_f64.powi(i32::try_from(shift).unwrap_or_default());
    Ok(if (number < 0) == (by < 0) { size } else { -size })
}

/// The span in seconds.
pub fn total_seconds(micros: i128) -> f64 {
    ratio(micros, 1_000_000).unwrap_or_default()
}
