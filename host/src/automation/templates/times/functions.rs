//! Functions and filters that create times and calculate with them.

use chrono::{DateTime, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use larder_zone::Zone;
use minijinja::value::{Kwargs, Rest};
use minijinja::{Environment, Error, State, Value};

use super::moment::Moment;
use super::parts::{Part, Span};
use crate::automation::literals;
use crate::automation::templates::error::invalid;
use crate::automation::templates::view::View;

/// Adds them to the engine.
pub fn add(environment: &mut Environment<'static>, view: &View) {
    let seen = view.clone();
    environment.add_function("now", move || Value::from_object(Moment::of(seen.now())));
    let seen = view.clone();
    environment
        .add_function("utcnow", move || Value::from_object(Moment::of(seen.now().with_timezone(&Zone::UTC))));
    environment.add_function("timedelta", timedelta);
    environment.add_function("as_timedelta", as_timedelta);
    environment.add_filter("as_timedelta", as_timedelta);
    environment.add_function("strptime", strptime);
    environment.add_function("__add", |state: &mut State, one: Value, other: Value| {
        add_or_subtract(state, one, other, true)
    });
    environment.add_function("__sub", |state: &mut State, one: Value, other: Value| {
        add_or_subtract(state, one, other, false)
    });
    let seen = view.clone();
    environment.add_function("today_at", move |time: Option<String>| {
        let time = time.map_or(Some(NaiveTime::MIN), |text| literals::clock_time(&text));
        let time = time.ok_or_else(|| invalid("today_at needs a time such as '07:30'"))?;
        let now = seen.now();
        Ok::<_, Error>(Value::from_object(Moment::at(now.date_naive().and_time(time), Some(now.timezone()))))
    });
    zoned(environment, view);
    shown(environment, view);
    ages(environment, view);
}

/// Adds functions that are also filters and need the home's time zone.
fn zoned(environment: &mut Environment<'static>, view: &View) {
    let seen = view.clone();
    let as_timestamp = move |value: Value, default: Option<Value>| match read(&value, seen.zone()) {
        Some(moment) => Ok(Value::from(moment.seconds())),
        None => default.ok_or_else(|| invalid(format!("as_timestamp: `{value}` is not a time"))),
    };
    environment.add_function("as_timestamp", as_timestamp.clone());
    environment.add_filter("as_timestamp", as_timestamp);
    let as_datetime = move |value: Value, default: Option<Value>| {
        if value.downcast_object_ref::<Moment>().is_some() {
            return Ok(value);
        }
        let moment = match number(&value) {
            Some(seconds) => from_seconds(seconds),
            None => value.as_str().and_then(Moment::parse),
        };
        match moment {
            Some(moment) => Ok(Value::from_object(moment)),
            None => default.ok_or_else(|| invalid(format!("as_datetime: `{value}` is not a time"))),
        }
    };
    environment.add_function("as_datetime", as_datetime);
    environment.add_filter("as_datetime", as_datetime);
    let seen = view.clone();
    let as_local = move |value: Value| match read(&value, seen.zone()) {
        Some(moment) => Ok(Value::from_object(Moment::of(moment.utc.with_timezone(&seen.zone())))),
        None => Err(invalid(format!("as_local: `{value}` is not a time"))),
    };
    environment.add_function("as_local", as_local.clone());
    environment.add_filter("as_local", as_local);
}

fn shown(environment: &mut Environment<'static>, view: &View) {
    let seen = view.clone();
    environment.add_filter(
        "timestamp_custom",
        move |value: Value, format: Option<String>, local: Option<bool>, default: Option<Value>| {
            let zone = if local.unwrap_or(true) { seen.zone() } else { Zone::UTC };
            let Some(moment) = number(&value).and_then(from_seconds) else {
                return default
                    .ok_or_else(|| invalid(format!("timestamp_custom: `{value}` is not a timestamp")));
            };
            let moment = Moment::of(moment.utc.with_timezone(&zone));
            moment.format(format.as_deref().unwrap_or("%Y-%m-%d %H:%M:%S")).map(Value::from)
        },
    );
    for (name, is_local) in [("timestamp_local", true), ("timestamp_utc", false)] {
        let seen = view.clone();
        environment.add_filter(name, move |value: Value, default: Option<Value>| {
            let zone = if is_local { seen.zone() } else { Zone::UTC };
            match number(&value).and_then(from_seconds) {
                Some(moment) => Ok(Value::from(Moment::of(moment.utc.with_timezone(&zone)).iso('T'))),
                None => default.ok_or_else(|| invalid(format!("{name}: `{value}` is not a timestamp"))),
            }
        });
    }
}

fn ages(environment: &mut Environment<'static>, view: &View) {
    for (name, is_past) in [("relative_time", true), ("time_since", true), ("time_until", false)] {
        let seen = view.clone();
        let age = move |value: Value, precision: Option<usize>| {
            let Some(moment) = value.downcast_object_ref::<Moment>() else { return value };
            let now = seen.now();
            let moment = match moment.zone {
                None => Moment::at(moment.wall, Some(now.timezone())),
                Some(_) => *moment,
            };
            let past = now.to_utc().signed_duration_since(moment.utc);
            let span = if is_past { past } else { -past };
            match span < TimeDelta::zero() {
                true => value,
                false => Value::from(age_text(span.num_seconds(), precision.unwrap_or(1))),
            }
        };
        environment.add_function(name, age.clone());
        environment.add_filter(name, age);
    }
}

/// A duration such as `2 hours`, or `2 hours 5 minutes` with precision 2. The last unit is rounded. Precision 0 means
/// all units.
fn age_text(seconds: i64, precision: usize) -> String {
    const UNITS: [(&str, i64); 6] = [
        ("year", 31_536_000),
        ("month", 2_592_000),
        ("day", 86400),
        ("hour", 3600),
        ("minute", 60),
        ("second", 1),
    ];
    let (mut rest, mut words) = (seconds, Vec::new());
    for (name, size) in UNITS {
        if rest < size {
            continue;
        }
        let is_last = words.len() + 1 == precision;
        let (whole, over) = (rest / size, rest % size);
        // Rounds halves to even, as Python does.
        let is_up = is_last && (over * 2 > size || over * 2 == size && whole % 2 == 1);
        let count = whole + i64::from(is_up);
        words.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        if is_last {
            break;
        }
        rest = over;
    }
    if words.is_empty() { "0 seconds".to_owned() } else { words.join(" ") }
}

fn number(value: &Value) -> Option<f64> {
    match value.as_str() {
        Some(text) => text.trim().parse().ok(),
        None => f64::try_from(value.clone()).ok().filter(|_| value.is_number()),
    }
}

fn from_seconds(seconds: f64) -> Option<Moment> {
    let micros = (seconds * 1e6).round();
    #[allow(clippy::cast_possible_truncation, reason = "bounded in the same line")]
    let micros = (micros.abs() < 9e18).then_some(micros as i64)?;
    Some(Moment::of(DateTime::<Utc>::from_timestamp_micros(micros)?.with_timezone(&Zone::UTC)))
}

/// Reads a time in any supported form. Without a zone it is local.
fn read(value: &Value, zone: Zone) -> Option<Moment> {
    let moment = match value.downcast_object_ref::<Moment>() {
        Some(moment) => *moment,
        None => match number(value) {
            Some(seconds) => from_seconds(seconds)?,
            None => Moment::parse(value.as_str()?)?,
        },
    };
    Some(match moment.zone {
        None => Moment::at(moment.wall, Some(zone)),
        Some(_) => moment,
    })
}

fn timedelta(days: Rest<Value>, parts: Kwargs) -> Result<Value, Error> {
    let mut millis = days.first().and_then(number).unwrap_or(0.0) * 86_400_000.0;
    for (name, size) in [
        ("weeks", 604_800_000.0),
        ("days", 86_400_000.0),
        ("hours", 3_600_000.0),
        ("minutes", 60_000.0),
        ("seconds", 1000.0),
        ("milliseconds", 1.0),
        ("microseconds", 0.001),
    ] {
        if let Some(part) = parts.get::<Option<f64>>(name)? {
            millis += part * size;
        }
    }
    parts.assert_all_used()?;
    #[allow(clippy::cast_possible_truncation, reason = "bounded in the same line")]
    let micros = (millis.abs() < 1e15).then_some((millis * 1000.0).round() as i64);
    let micros = micros.ok_or_else(|| invalid("timedelta is too long"))?;
    Ok(Value::from_object(Span(TimeDelta::microseconds(micros))))
}

fn as_timedelta(text: String) -> Value {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.as_str()),
    };
    let span = literals::period(&serde_json::Value::from(text));
    span.map_or(Value::from(()), |span| Value::from_object(Span(span * sign)))
}

fn strptime(text: String, format: String, default: Option<Value>) -> Result<Value, Error> {
    if let Ok(time) = DateTime::parse_from_str(&text, &format) {
        return Ok(Value::from_object(Moment::of(Zone::UTC.from_utc_datetime(&time.naive_utc()))));
    }
    let day =
        || chrono::NaiveDate::parse_from_str(&text, &format).ok().map(|day| day.and_time(NaiveTime::MIN));
    let clock = || NaiveTime::parse_from_str(&text, &format).ok();
    // Python's default date.
    let clock = || clock().and_then(|time| Some(chrono::NaiveDate::from_ymd_opt(1900, 1, 1)?.and_time(time)));
    let wall = NaiveDateTime::parse_from_str(&text, &format).ok().or_else(day).or_else(clock);
    match wall {
        Some(wall) => Ok(Value::from_object(Moment::at(wall, None))),
        None => default.ok_or_else(|| invalid(format!("strptime: `{text}` does not match `{format}`"))),
    }
}

/// Adds or subtracts times, spans, or any other values.
fn add_or_subtract(state: &mut State, one: Value, other: Value, is_plus: bool) -> Result<Value, Error> {
    let moment = |value: &Value| value.downcast_object_ref::<Moment>().copied();
    let span = |value: &Value| value.downcast_object_ref::<Span>().copied();
    let day = |value: &Value| match value.downcast_object_ref::<Part>() {
        Some(Part::Day(day)) => Some(Moment::at(day.and_time(NaiveTime::MIN), None)),
        _ => None,
    };
    let signed = |span: TimeDelta| if is_plus { span } else { -span };
    let late = || invalid("the result is outside the supported dates");
    if let (Some(one), Some(other)) = (moment(&one), span(&other)) {
        return one.plus(signed(other.0)).map(Value::from_object).ok_or_else(late);
    }
    if let (Some(one), Some(other), true) = (span(&one), moment(&other), is_plus) {
        return other.plus(one.0).map(Value::from_object).ok_or_else(late);
    }
    if let (Some(one), Some(other)) = (day(&one), span(&other)) {
        let moved = one.plus(signed(other.0)).ok_or_else(late)?;
        return Ok(Value::from_object(Part::Day(moved.wall.date())));
    }
    let pair = moment(&one).zip(moment(&other)).or_else(|| day(&one).zip(day(&other)));
    if let (Some((one, other)), false) = (pair, is_plus) {
        return Ok(Value::from_object(Span(one.minus(&other))));
    }
    if let (Some(one), Some(other)) = (span(&one), span(&other)) {
        return one.0.checked_add(&signed(other.0)).map(|sum| Value::from_object(Span(sum))).ok_or_else(late);
    }
    let sum = if is_plus { "one + other" } else { "one - other" };
    let sum = state.env().compile_expression(sum)?;
    sum.eval(minijinja::context! { one, other })
}
