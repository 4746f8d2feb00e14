//! Durations in words: how long ago something was, and how long it will be.

use std::cmp::Ordering;

use super::read::local;
use crate::call::Args;
use crate::context::Context;
use crate::error::Result;
use crate::times::{self, Tz, divide, micros};
use crate::value::Value;

const YEAR: i128 = 31_536_000;
const MONTH: i128 = 2_592_000;
const UNITS: [(&str, i128); 6] =
    [("year", YEAR), ("month", MONTH), ("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)];

/// Reads the time.
pub fn relative_time(args: &mut Args, context: &Context) -> Result<Value> {
    age(args.value(0), 1.0, false, context)
}

/// Reads the time.
pub fn time_since(args: &mut Args, context: &Context) -> Result<Value> {
    age(args.value(0), precision(args), false, context)
}

/// Reads the time.
pub fn time_until(args: &mut Args, context: &Context) -> Result<Value> {
    age(args.value(0), precision(args), true, context)
}

pub fn timedelta_string(args: &mut Args, _: &Context) -> Result<Value> {
    let Value::Span(span) = args.value(0) else { return Ok(args.value(0).clone()) };
    let seconds = divide(micros(*span).abs(), 1_000_000)?;
    Ok(Value::from(words(seconds, precision(args))?))
}

/// How many units are shown. What is no number is no count either: then all units are.
fn precision(args: &Args) -> f64 {
    args.get(1).map_or(1.0, |value| value.as_float().unwrap_or(0.0))
}

fn age(value: &Value, precision: f64, is_future: bool, context: &Context) -> Result<Value> {
    let now = times::now(context, Tz::Zone(context.zone()))?;
    let Value::Moment(moment) = value else { return Ok(value.clone()) };
    let moment = if moment.tz.is_none() { local(**moment, context)? } else { **moment };
    let wrong = if is_future { Ordering::Greater } else { Ordering::Less };
    if now.order(&moment) == Some(wrong) {
        return Ok(Value::from(moment));
    }
    let span = if is_future { moment.minus(&now)? } else { now.minus(&moment)? };
    Ok(Value::from(words(divide(micros(span), 1_000_000)?, precision)?))
}

/// `2 hours 5 minutes`: as many units as `precision`, the last one rounded; all of them if it is 0.
fn words(seconds: i128, precision: f64) -> Result<String> {
    if seconds == 0 {
        return Ok("0 seconds".to_owned());
    }
    let mut rest = rounded(seconds, precision)?;
    let (mut words, mut count) = (Vec::new(), 0.0);
    for (name, unit) in UNITS {
        if rest < unit {
            continue;
        }
        count += 1.0;
        let is_last = count == precision;
        let number = if is_last { divide(rest, unit)? } else { rest / unit };
        words.push(format!("{number} {name}{}", if number == 1 { "" } else { "s" }));
        if is_last {
            break;
        }
        rest -= number * unit;
    }
    Ok(words.join(" "))
}

/// Rounds at the last unit that is shown, so that it carries into the larger ones.
fn rounded(seconds: i128, precision: f64) -> Result<i128> {
    let (mut rest, mut count) = (seconds, 0.0);
    for (_, unit) in UNITS {
        if rest < unit {
            continue;
        }
        count += 1.0;
        if count == precision {
            let months = seconds % YEAR / MONTH;
            let result = seconds + divide(rest, unit)? * unit - rest;
            // Twelve months are five days short of a year, so rounding to them ends the year.
            let ends_year = result % YEAR / MONTH >= 12 && (months < 12 || unit == MONTH);
            return Ok(if ends_year { result + YEAR - result % YEAR } else { result });
        }
        rest %= unit;
    }
    Ok(seconds)
}
