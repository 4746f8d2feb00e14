//! Values that are written as text: entity IDs, times of day and time spans.
//!
//! Used by the parser and, at run time, for the output of templates. Pure.

use chrono::{NaiveTime, TimeDelta};
use serde_json::Value;

use crate::tunables::automations::MAX_SECONDS;

/// Whether a text is `domain.name` in lowercase letters, digits and underscores.
pub fn is_entity(text: &str) -> bool {
    let is_plain = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    text.split_once('.').is_some_and(|(domain, name)| is_plain(domain) && is_plain(name))
}

/// A time span: seconds, "HH:MM", "HH:MM:SS", or a mapping with days, hours, minutes, seconds and milliseconds. The
/// error completes a sentence that begins with the name of the value.
pub fn period(value: &Value) -> Result<TimeDelta, String> {
    const HELP: &str = "use \"HH:MM:SS\", a number of seconds, or the keys hours, minutes and seconds";
    let wrong = || format!("is not a time span; {HELP}");
    let seconds = match value {
        Value::Object(parts) => {
            let mut sum = 0.0;
            for (unit, part) in parts {
                let size = match unit.as_str() {
                    "days" => 86400.0,
                    "hours" => 3600.0,
                    "minutes" => 60.0,
                    "seconds" => 1.0,
                    "milliseconds" => 0.001,
                    _ => return Err(format!("has the unknown unit `{unit}`; {HELP}")),
                };
                sum += size * number(part).ok_or_else(wrong)?;
            }
            sum
        }
        Value::String(text) if text.contains(':') => clocked(text.trim()).ok_or_else(wrong)?,
        value => number(value).ok_or_else(wrong)?,
    };
    match seconds.is_finite() && (0.0..=MAX_SECONDS).contains(&seconds) {
        #[allow(clippy::cast_possible_truncation, reason = "bounded a line above")]
        true => Ok(TimeDelta::milliseconds((seconds * 1000.0).round() as i64)),
        false => Err(format!("is negative or longer than a hundred years; {HELP}")),
    }
}

/// A number, or a text that is one.
pub fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// The seconds of "HH:MM" or "HH:MM:SS".
fn clocked(text: &str) -> Option<f64> {
    let mut parts = text.split(':').map(|part| part.parse::<f64>().ok().filter(|number| *number >= 0.0));
    let (hours, minutes) = (parts.next()??, parts.next()??);
    let seconds = parts.next().unwrap_or(Some(0.0))?;
    let is_time = minutes < 60.0 && seconds < 60.0 && parts.next().is_none();
    is_time.then_some(hours * 3600.0 + minutes * 60.0 + seconds)
}

/// A time of day: "HH:MM" or "HH:MM:SS".
pub fn clock_time(text: &str) -> Option<NaiveTime> {
    let mut parts = text.trim().splitn(3, ':').map(|part| {
        let is_digits = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        is_digits.then(|| part.parse::<u32>().ok()).flatten()
    });
    let (hours, minutes) = (parts.next()??, parts.next()??);
    let seconds = parts.next().unwrap_or(Some(0))?;
    NaiveTime::from_hms_opt(hours, minutes, seconds)
}
