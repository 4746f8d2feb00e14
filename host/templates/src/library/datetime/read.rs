//! Functions that make times and spans: from the clock, from numbers, and from texts.

use super::default::{no_default, or_default};
use crate::call::Args;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::format::display;
use crate::times::{self, Moment, Part, Tz, from_parts};
use crate::value::Value;

/// Reads the time.
pub fn now(_: &mut Args, context: &Context) -> Result<Value> {
    times::now(context, Tz::Zone(context.zone())).map(Value::from)
}

/// Reads the time.
pub fn utcnow(_: &mut Args, context: &Context) -> Result<Value> {
    times::now(context, Tz::UTC).map(Value::from)
}

/// Reads the time: the date of today.
pub fn today_at(args: &mut Args, context: &Context) -> Result<Value> {
    let tz = Tz::Zone(context.zone());
    let today = times::now(context, tz)?.wall.date();
    let time = match args.get(0).filter(|value| value.is_true()) {
        None => Default::default(),
        Some(value) => {
            let text = display(value);
            times::parse_time(&text).ok_or_else(|| {
                Error::value(format!("could not convert {} to datetime: '{text}'", value.type_name()))
            })?
        }
    };
    Ok(Value::from(Moment::at(today.and_time(time), Some(tz))))
}

pub fn as_datetime(args: &mut Args, context: &Context) -> Result<Value> {
    let value = args.value(0);
    match value {
        Value::Moment(_) => return Ok(value.clone()),
        Value::Date(date) => return Ok(Value::from(Moment::naive(date.and_time(Default::default())))),
        Value::Undefined(message) => return Err(Error::undefined(message.as_ref())),
        _ => {}
    }
    let result = match number(value).and_then(|number| times::moment_of_timestamp(&number, Tz::UTC)) {
        Err(error) if error.is_value_or_type() => parsed(value, context),
        result => result,
    };
    match (result, args.get(1)) {
        (Ok(moment), _) => Ok(Value::from(moment)),
        (Err(error), Some(default)) if error.is_value_or_type() => Ok(default.clone()),
        (Err(error), None) if error.is_value_or_type() && value.as_str().is_some() => Ok(Value::None),
        (Err(error), None) if error.is_value_or_type() => Err(no_default("as_datetime", value)),
        (Err(error), _) => Err(error),
    }
}

fn parsed(value: &Value, context: &Context) -> Result<Moment> {
    let text = value.as_str().ok_or_else(|| Error::type_error("argument must be str"))?;
    context.reserve(text.len())?;
    times::parse_datetime(text)?.ok_or_else(|| Error::value("not a valid date/time."))
}

/// Python's `float` of a value.
fn number(value: &Value) -> Result<Value> {
    if let Some(number) = value.as_float() {
        return Ok(Value::Float(number));
    }
    let wrong = || {
        Error::type_error(format!(
            "float() argument must be a string or a real number, not '{}'",
            value.type_name()
        ))
    };
    let text = value.as_str().ok_or_else(wrong)?;
    let invalid = || Error::value(format!("could not convert string to float: '{text}'"));
    let trimmed = text.trim();
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let runs: Vec<&str> = trimmed.split('_').collect();
    let separated = runs.windows(2).all(|pair| {
        let [one, other] = pair else { return true };
        digit(one.chars().next_back()) && digit(other.chars().next())
    });
    if !separated {
        return Err(invalid());
    }
    runs.concat().parse::<f64>().map(Value::Float).map_err(|_| invalid())
}

pub fn as_local(args: &mut Args, context: &Context) -> Result<Value> {
    let moment = match args.value(0) {
        Value::Moment(moment) => **moment,
        Value::Undefined(message) => return Err(Error::undefined(message.as_ref())),
        value => {
            let name = value.type_name();
            let message = format!("'{name}' object has no attribute 'tzinfo'");
            return Err(Error::new(ErrorKind::Attribute, message));
        }
    };
    local(moment, context).map(Value::from)
}

/// The same instant in the home's zone. A time without a zone is in it already.
pub fn local(moment: Moment, context: &Context) -> Result<Moment> {
    let tz = Tz::Zone(context.zone());
    match moment.tz {
        None => Ok(Moment { tz: Some(tz), ..moment }),
        Some(_) => moment.astimezone(tz, tz),
    }
}

pub fn as_timedelta(args: &mut Args, context: &Context) -> Result<Value> {
    let value = args.value(0);
    let wrong =
        || Error::type_error(format!("expected string or bytes-like object, got '{}'", value.type_name()));
    let text = value.as_str().ok_or_else(wrong)?;
    context.reserve(text.len())?;
    Ok(times::parse_duration(text)?.map_or(Value::None, Value::Span))
}

pub fn as_timestamp(args: &mut Args, context: &Context) -> Result<Value> {
    let value = args.value(0);
    let moment = match value {
        Value::Moment(moment) => Ok(**moment),
        _ => parsed(&Value::from(display(value)), context),
    };
    let seconds = moment.map(|moment| Value::Float(moment.timestamp(times::system(context))));
    or_default(seconds, args.get(1), "as_timestamp", value)
}

pub fn strptime(args: &mut Args, context: &Context) -> Result<Value> {
    let (text, format) = (args.value(0), args.value(1));
    let result = match (text.as_str(), format.as_str()) {
        (Some(text), Some(format)) => times::strptime(text, format, &times::zone_names(context), context)
            .and_then(|parsed| parsed.moment())
            .map(Value::from),
        _ => Err(Error::type_error("strptime() argument must be str")),
    };
    or_default(result, args.get(2), "strptime", text)
}

pub fn timedelta(args: &mut Args, _: &Context) -> Result<Value> {
    const UNITS: [(&str, usize, i128); 7] = [
        ("microseconds", 2, 1),
        ("milliseconds", 3, 1000),
        ("seconds", 1, 1_000_000),
        ("minutes", 4, 60_000_000),
        ("hours", 5, 3_600_000_000),
        ("days", 0, 86_400_000_000),
        ("weeks", 6, 604_800_000_000),
    ];
    let mut parts = Vec::new();
    for (name, at, unit) in UNITS {
        let Some(value) = args.get(at) else { continue };
        let part = match value {
            Value::Float(number) => Part::Fraction(*number),
            _ => Part::Whole(value.as_int().ok_or_else(|| {
                let found = value.type_name();
                Error::type_error(format!("unsupported type for timedelta {name} component: {found}"))
            })?),
        };
        parts.push((part, unit));
    }
    from_parts(&parts).map(Value::Span)
}
