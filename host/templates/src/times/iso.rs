//! `fromisoformat` of Python's `datetime`, `date`, and `time`.

use chrono::{NaiveDate, NaiveTime, TimeDelta};

use super::fields::{check_date, check_time};
use super::moment::Moment;
use super::tz::Tz;
use super::weeks::of_iso_week;
use crate::error::{Error, Result};
use crate::format::repr;
use crate::value::Value;

fn invalid(text: &str) -> Error {
    Error::value(format!("Invalid isoformat string: {}", repr(&Value::text(text))))
}

/// `datetime.fromisoformat`.
pub fn moment_from_iso(text: &str) -> Result<Moment> {
    let at = separator(text).ok_or_else(|| invalid(text))?;
    let date = text.get(..at).and_then(date).ok_or_else(|| invalid(text))??;
    let Some(separator) = text.get(at..).and_then(|rest| rest.chars().next()) else {
        return Ok(Moment::naive(date.and_time(NaiveTime::MIN)));
    };
    let rest = text.get(at + separator.len_utf8()..).unwrap_or_default();
    let clock = clock(rest).ok_or_else(|| invalid(text))?;
    let tz = clock.tz.transpose()?;
    if clock.fields == (24, 0, 0, 0) {
        let midnight = Moment::at(date.and_time(NaiveTime::MIN), tz);
        return midnight
            .plus(TimeDelta::days(1))
            .map_err(|_| Error::value("year must be in 1..9999, not 10000"));
    }
    let (hour, minute, second, micros) = clock.fields;
    Ok(Moment::at(date.and_time(check_time(hour, minute, second, micros)?), tz))
}

/// `date.fromisoformat`.
pub fn date_from_iso(text: &str) -> Result<NaiveDate> {
    date(text).ok_or_else(|| invalid(text))?
}

/// `time.fromisoformat`, with the offset that the text may have.
pub fn time_from_iso(text: &str) -> Result<(NaiveTime, Option<Tz>)> {
    let digits = text.strip_prefix('T').unwrap_or(text);
    let clock = clock(digits).ok_or_else(|| invalid(text))?;
    let (hour, minute, second, micros) = clock.fields;
    let hour = if clock.fields == (24, 0, 0, 0) { 0 } else { hour };
    Ok((check_time(hour, minute, second, micros)?, clock.tz.transpose()?))
}

/// Where the date ends.
fn separator(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (size, at) = (bytes.len(), |at: usize| bytes.get(at).copied());
    if size < 7 {
        return None;
    }
    if size == 7 {
        return Some(7);
    }
    let is_digit = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_digit());
    match (at(4), at(5)) {
        (Some(b'-'), Some(b'W')) if size > 8 && at(8) == Some(b'-') => match size {
            9 => None,
            _ if size > 10 && is_digit(at(10)) => Some(8),
            _ => Some(10),
        },
        (Some(b'-'), Some(b'W')) => Some(8),
        (Some(b'-'), _) => Some(10),
        (Some(b'W'), _) => {
            let end = (7..size).find(|place| !is_digit(at(*place))).unwrap_or(size);
            Some(if end < 9 {
                end
            } else if end % 2 == 0 {
                7
            } else {
                8
            })
        }
        _ => Some(8),
    }
}

/// A number of exactly that many digits.
fn digits(text: &str, from: usize, size: usize) -> Option<i64> {
    let part = text.get(from..from.checked_add(size)?)?;
    part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?
}

/// `None` if it does not have the form of a date.
fn date(text: &str) -> Option<Result<NaiveDate>> {
    if !matches!(text.len(), 7 | 8 | 10) || !text.is_ascii() {
        return None;
    }
    let at = |place: usize| text.as_bytes().get(place).copied();
    let year = digits(text, 0, 4)?;
    let has_dashes = at(4) == Some(b'-');
    let dash = usize::from(has_dashes);
    let place = 4 + dash;
    if at(place) == Some(b'W') {
        let week = digits(text, place + 1, 2)?;
        let day = match text.len() == place + 3 {
            true => 1,
            false if (at(place + 3) == Some(b'-')) == has_dashes && text.len() == place + 4 + dash => {
                digits(text, place + 3 + dash, 1)?
            }
            false => return None,
        };
        return Some(of_iso_week(year, week, day));
    }
    let month = digits(text, place, 2)?;
    if (at(place + 2) == Some(b'-')) != has_dashes || text.len() != place + 4 + dash {
        return None;
    }
    Some(check_date(year, month, digits(text, place + 2 + dash, 2)?))
}

struct Clock {
    fields: (i64, i64, i64, i64),
    tz: Option<Result<Tz>>,
}

fn clock(text: &str) -> Option<Clock> {
    if text.len() < 2 || !text.is_ascii() {
        return None;
    }
    let sign = text.find('-').or_else(|| text.find('+')).or_else(|| text.find('Z'));
    let Some(at) = sign else { return Some(Clock { fields: fields(text)?, tz: None }) };
    let (time, rest) = text.split_at(at);
    let zone = rest.get(1..).unwrap_or_default();
    // Before an offset, Python does not look at one more character.
    let shorter = || time.get(..time.len().checked_sub(1)?).filter(|time| !time.contains(['.', ',']));
    let fields_of_time = fields(time).or_else(|| fields(shorter()?))?;
    if rest == "Z" {
        return Some(Clock { fields: fields_of_time, tz: Some(Ok(Tz::UTC)) });
    }
    if rest.starts_with('Z') || matches!(zone.len(), 0 | 1 | 3) {
        return None;
    }
    let (hours, minutes, seconds, micros) = fields(zone)?;
    let size = i32::try_from(hours * 3600 + minutes * 60 + seconds).ok()?;
    let tz = if micros != 0 {
        Err(Error::value("offsets with fractions of a second are not supported"))
    } else if size >= 86400 {
        Err(Error::value("offset must be a timedelta strictly between -24 and 24 hours"))
    } else {
        Ok(Tz::Fixed(if rest.starts_with('-') { -size } else { size }))
    };
    Some(Clock { fields: fields_of_time, tz: Some(tz) })
}

/// `HH[:MM[:SS[.ffffff]]]`, with or without colons.
fn fields(text: &str) -> Option<(i64, i64, i64, i64)> {
    let hour = digits(text, 0, 2)?;
    let has_colons = text.as_bytes().get(2) == Some(&b':');
    let step = 2 + usize::from(has_colons);
    let (mut parts, mut place) = ([hour, 0, 0], 2);
    for (count, part) in parts.iter_mut().enumerate().skip(1) {
        if place == text.len() {
            return Some((hour, if count > 1 { digits(text, step, 2)? } else { 0 }, 0, 0));
        }
        if has_colons && text.as_bytes().get(place) != Some(&b':') {
            return None;
        }
        let from = place + usize::from(has_colons);
        *part = digits(text, from, 2)?;
        place = from + 2;
    }
    let [hour, minute, second] = parts;
    let rest = text.get(place..)?;
    if rest.is_empty() {
        return Some((hour, minute, second, 0));
    }
    let fraction = rest.strip_prefix(['.', ','])?;
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction = fraction.get(..6).unwrap_or(fraction);
    Some((hour, minute, second, format!("{fraction:0<6}").parse().ok()?))
}
