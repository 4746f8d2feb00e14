//! Values that are written as text: entity IDs, numbers, times of day and time spans, as Python reads them.
//!
//! Used by the parser and, at run time, for the output of templates. Pure.

use chrono::{NaiveTime, TimeDelta};
use serde_json::Value;

use crate::tunables::automations::MAX_SECONDS;

/// The longest time span of Python, in seconds.
const MOST_SECONDS: f64 = 999_999_999.0 * 86400.0;

/// Whether a text is `domain.name` in lowercase letters, digits and single underscores between them.
pub fn is_entity(text: &str) -> bool {
    let is_plain = |part: &str| {
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        !part.is_empty() && !part.starts_with('_') && !part.ends_with('_') && part.chars().all(is_allowed)
    };
    !text.contains("__")
        && text.split_once('.').is_some_and(|(domain, name)| is_plain(domain) && is_plain(name))
}

/// A time span: seconds, "HH:MM", "HH:MM:SS", or a mapping with days, hours, minutes, seconds and milliseconds. The
/// error completes a sentence that begins with the name of the value.
pub fn period(value: &Value) -> Result<TimeDelta, String> {
    match offset(value)? {
        span if span < TimeDelta::zero() => Err(format!("is negative; {HELP}")),
        span => Ok(span),
    }
}

const HELP: &str = "use \"HH:MM:SS\", a number of seconds, or the keys hours, minutes and seconds";

/// Like `period`, but it may be negative: "-00:05", or -300.
pub fn offset(value: &Value) -> Result<TimeDelta, String> {
    let wrong = || format!("is not a time span; {HELP}");
    let seconds = match value {
        Value::Object(parts) if parts.is_empty() => return Err(wrong()),
        Value::Object(parts) => {
            let mut sum = 0.0;
            for (unit, part) in parts {
                let size =
                    unit_seconds(unit).ok_or_else(|| format!("has the unknown unit `{unit}`; {HELP}"))?;
                sum += size * number(part).ok_or_else(wrong)?;
            }
            sum
        }
        Value::String(text) if text.contains(':') => clocked(text).ok_or_else(wrong)?,
        value => number(value).ok_or_else(wrong)?,
    };
    // No timer runs for longer than a hundred years.
    match seconds.is_finite() && seconds.abs() <= MOST_SECONDS {
        #[allow(clippy::cast_possible_truncation, reason = "bounded on this line")]
        true => {
            Ok(TimeDelta::milliseconds((seconds.clamp(-MAX_SECONDS, MAX_SECONDS) * 1000.0).round() as i64))
        }
        false => Err(format!("is longer than any time span can be; {HELP}")),
    }
}

/// The length of a unit of time in seconds.
pub fn unit_seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "days" => 86400.0,
        "hours" => 3600.0,
        "minutes" => 60.0,
        "seconds" => 1.0,
        "milliseconds" => 0.001,
        _ => return None,
    })
}

/// A number, a boolean, or a text that is a number.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::String(text) => float(text),
        value => value.as_f64(),
    }
}

/// A number in a text: `5`, `1_000`, `2.5`, `1e3`, with blanks around it.
pub fn float(text: &str) -> Option<f64> {
    without_separators(text.trim())?.parse().ok()
}

/// A whole number in a text: `5`, `-5`, `05`, with blanks around it.
pub fn integer(text: &str) -> Option<i64> {
    without_separators(text.trim())?.parse().ok()
}

/// Removes single underscores between digits. `None` if there are others.
fn without_separators(text: &str) -> Option<String> {
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let (mut kept, mut before) = (String::new(), None);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '_' if is_digit(before) && is_digit(characters.peek().copied()) => {}
            '_' => return None,
            character => kept.push(character),
        }
        before = Some(character);
    }
    Some(kept)
}

/// The seconds of "HH:MM" or "HH:MM:SS", with a sign in front or without.
fn clocked(text: &str) -> Option<f64> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut parts = text.split(':');
    #[allow(clippy::cast_precision_loss, reason = "far more hours than a time span may have")]
    let mut whole = || Some(integer(parts.next()?)? as f64);
    let (hours, minutes) = (whole()?, whole()?);
    let seconds = parts.next().map_or(Some(0.0), float)?;
    parts.next().is_none().then_some(sign * (hours * 3600.0 + minutes * 60.0 + seconds))
}

/// A time of day: "HH:MM" or "HH:MM:SS". What follows the seconds does not count, as in Home Assistant.
pub fn clock_time(text: &str) -> Option<NaiveTime> {
    let mut parts = text.split(':').map(|part| u32::try_from(integer(part)?).ok());
    let (hours, minutes) = (parts.next()??, parts.next()??);
    let seconds = parts.next().unwrap_or(Some(0))?;
    NaiveTime::from_hms_opt(hours, minutes, seconds)
}

/// A boolean, a number, or one of the words that Home Assistant takes for one.
pub fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => Some(number.as_f64() != Some(0.0)),
        Value::String(text) => match text.to_lowercase().trim() {
            "1" | "true" | "yes" | "on" | "enable" => Some(true),
            "0" | "false" | "no" | "off" | "disable" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Whether Python takes a value for true: everything but nothing, zero, and what is empty.
pub fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// A number as Python writes it: `2.0`, `1e+20`.
pub fn float_text(number: f64) -> String {
    let size = number.abs();
    if size == 0.0 || (1e-4..1e16).contains(&size) {
        return format!("{number:?}");
    }
    let text = format!("{number:e}");
    match text.split_once('e') {
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}e-{exponent:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        },
        None => text,
    }
}
