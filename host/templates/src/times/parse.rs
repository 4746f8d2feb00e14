//! How Home Assistant reads texts as times: `parse_datetime`, `parse_duration`, and `parse_time` of its `dt_util`.

use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta};
use regex::{Captures, Regex};

use super::fields::{check_date, check_time};
use super::moment::{Moment, date_of_ordinal};
use super::span::{DAY, Part, from_parts, micros, span};
use super::tz::Tz;
use super::weeks::of_iso_week;
use crate::error::{Error, Result};

/// The forms of ISO 8601 that `ciso8601` reads, with separators and without.
static EXTENDED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        "^(?<y>[0-9]{4})-(?:(?<m>[0-9]{2})(?:-(?<d>[0-9]{2}))?|(?<o>[0-9]{3})|W(?<w>[0-9]{2})(?:-(?<wd>[0-9]))?)",
        "(?:[Tt ](?<H>[0-9]{2})(?::(?<M>[0-9]{2})(?::(?<S>[0-9]{2})(?:[.,](?<f>[0-9]+))?)?)?",
        "(?<z>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?$",
    ))
    .ok()
});
static BASIC: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        "^(?<y>[0-9]{4})(?:(?<m>[0-9]{2})(?<d>[0-9]{2})|(?<o>[0-9]{3})|W(?<w>[0-9]{2})(?<wd>[0-9])?)",
        "(?:[Tt ](?<H>[0-9]{2})(?:(?<M>[0-9]{2})(?:(?<S>[0-9]{2})(?:[.,](?<f>[0-9]+))?)?)?",
        "(?<z>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?$",
    ))
    .ok()
});
/// The form that Home Assistant falls back to: parts may have one digit, and offsets have seconds.
static LOOSE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?<y>[0-9]{4})-(?<m>[0-9]{1,2})-(?<d>[0-9]{1,2})[T ](?<H>[0-9]{1,2}):(?<M>[0-9]{1,2})",
        r"(?::(?<S>[0-9]{1,2})(?:\.(?<f>[0-9]{1,6})[0-9]{0,6})?)?",
        r"(?<z>Z|[+-][0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2})?)?)?\n?$",
    ))
    .ok()
});
static STANDARD_DURATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:(?<days>-?[0-9]+) (?:days?, )?)?(?<sign>-?)(?:(?:(?<hours>[0-9]+):)(?<minutes>[0-9]+):|",
        r"(?:(?<only_minutes>[0-9]+):)?)(?<seconds>[0-9]+)(?:[.,](?<micros>[0-9]{1,6})[0-9]{0,6})?\n?$",
    ))
    .ok()
});
static ISO_DURATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?<sign>[-+]?)P(?:(?<days>[0-9]+(?:[.,][0-9]+)?)D)?(?:T(?:(?<hours>[0-9]+(?:[.,][0-9]+)?)H)?",
        r"(?:(?<minutes>[0-9]+(?:[.,][0-9]+)?)M)?(?:(?<seconds>[0-9]+(?:[.,][0-9]+)?)S)?)?\n?$",
    ))
    .ok()
});
static POSTGRES_DURATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:(?<days>-?[0-9]+) (?:days? ?))?",
        r"(?:(?<sign>[-+])?(?<hours>[0-9]+):(?<minutes>[0-9]{2}):(?<seconds>[0-9]{2})",
        r"(?:\.(?<micros>[0-9]{1,6}))?)?\n?$",
    ))
    .ok()
});

fn captured<'t>(regex: &LazyLock<Option<Regex>>, text: &'t str) -> Option<Captures<'t>> {
    regex.as_ref()?.captures(text)
}

/// A number of at most nine digits, if the group matched.
fn part(found: &Captures<'_>, name: &str) -> Option<i64> {
    found.name(name)?.as_str().parse().ok()
}

fn micros_part(found: &Captures<'_>, name: &str) -> i64 {
    let digits = found.name(name).map(|digits| digits.as_str().get(..6).unwrap_or(digits.as_str()));
    digits.and_then(|digits| format!("{digits:0<6}").parse().ok()).unwrap_or(0)
}

/// Reads a point in time. `None` if the text does not have the form of one, an error if it has the form and is none.
pub fn parse_datetime(text: &str) -> Result<Option<Moment>> {
    let found = captured(&EXTENDED, text).or_else(|| captured(&BASIC, text));
    // What `ciso8601` refuses, the fallback reads; an overflow is not refused.
    match found.map(|found| of_iso(&found)) {
        Some(Ok(moment)) => return Ok(Some(moment)),
        Some(Err(error)) if error.kind == crate::error::ErrorKind::Overflow => return Err(error),
        _ => {}
    }
    captured(&LOOSE, text).map(|found| of_loose(&found)).transpose()
}

fn of_iso(found: &Captures<'_>) -> Result<Moment> {
    let year = part(found, "y").unwrap_or_default();
    let date = if let Some(day) = part(found, "o") {
        of_year_day(year, day)?
    } else if let Some(week) = part(found, "w") {
        of_iso_week(year, week, part(found, "wd").unwrap_or(1))?
    } else {
        check_date(year, part(found, "m").unwrap_or(1), part(found, "d").unwrap_or(1))?
    };
    let field = |name: &str| part(found, name).unwrap_or(0);
    let (hour, minute, second, micros) = (field("H"), field("M"), field("S"), micros_part(found, "f"));
    let tz = found.name("z").map(|text| iso_offset(text.as_str())).transpose()?;
    if (hour, minute, second, micros) == (24, 0, 0, 0) {
        return Moment::at(date.and_time(NaiveTime::MIN), tz).plus(TimeDelta::days(1));
    }
    Ok(Moment::at(date.and_time(check_time(hour, minute, second, micros)?), tz))
}

fn of_year_day(year: i64, day: i64) -> Result<NaiveDate> {
    let first = check_date(year, 1, 1)?;
    let date = date_of_ordinal(i64::from(first.num_days_from_ce()) + day - 1);
    let date = date.filter(|date| day > 0 && date.year() == first.year());
    date.ok_or_else(|| Error::value(format!("Invalid ordinal day: {day} for year {year}")))
}

fn iso_offset(text: &str) -> Result<Tz> {
    let digits: Vec<i32> =
        text.chars().filter_map(|c| c.to_digit(10)).filter_map(|d| d.try_into().ok()).collect();
    let pair =
        |at: usize| digits.get(at).copied().unwrap_or(0) * 10 + digits.get(at + 1).copied().unwrap_or(0);
    let (hours, minutes, seconds) = (pair(0), pair(2), pair(4));
    if minutes > 59 && digits.len() == 4 {
        return Err(Error::value("tzminute must be in 0..59"));
    }
    let size = hours * 3600 + minutes * 60 + seconds;
    if size >= 86400 {
        return Err(Error::value("offset must be a timedelta strictly between -24 and 24 hours"));
    }
    Ok(match size {
        0 => Tz::UTC,
        _ => Tz::Parsed(if text.starts_with('-') { -size } else { size }),
    })
}

fn of_loose(found: &Captures<'_>) -> Result<Moment> {
    let field = |name: &str| part(found, name).unwrap_or(0);
    let date = check_date(field("y"), field("m"), field("d"))?;
    let time = check_time(field("H"), field("M"), field("S"), micros_part(found, "f"))?;
    let tz = found.name("z").map(|text| loose_offset(text.as_str())).transpose()?;
    Ok(Moment::at(date.and_time(time), tz))
}

fn loose_offset(text: &str) -> Result<Tz> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let pair = |at: usize| digits.get(at..at + 2).and_then(|pair| pair.parse::<i32>().ok()).unwrap_or(0);
    let size = pair(0) * 3600 + pair(2) * 60 + pair(4);
    if size >= 86400 {
        return Err(Error::value("offset must be a timedelta strictly between -24 and 24 hours"));
    }
    Ok(Tz::Fixed(if text.starts_with('-') { -size } else { size }))
}

/// Reads a duration: `1 day, 02:00:00`, `P1DT2H`, or `2 days 03:04:05`. `None` if it is none of these.
pub fn parse_duration(text: &str) -> Result<Option<TimeDelta>> {
    let standard = captured(&STANDARD_DURATION, text).map(|found| (found, false));
    let iso = || captured(&ISO_DURATION, text).map(|found| (found, true));
    let postgres = || captured(&POSTGRES_DURATION, text).map(|found| (found, false));
    let Some((found, is_iso)) = standard.or_else(iso).or_else(postgres) else { return Ok(None) };
    let number = |name: &str| {
        let text = found.name(name).map(|text| text.as_str().replace(',', "."));
        Part::Fraction(text.and_then(|text| text.parse().ok()).unwrap_or(0.0))
    };
    let sign = if found.name("sign").is_some_and(|sign| sign.as_str() == "-") { -1 } else { 1 };
    let fraction = match found.name("micros") {
        Some(_) => micros_part(&found, "micros"),
        None => 0,
    };
    let minutes = if found.name("only_minutes").is_some() { "only_minutes" } else { "minutes" };
    let rest = from_parts(&[
        (Part::Whole(i128::from(fraction)), 1),
        (number("seconds"), 1_000_000),
        (number(minutes), 60_000_000),
        (number("hours"), 3_600_000_000),
    ])?;
    let days = micros(from_parts(&[(number("days"), DAY)])?) * if is_iso { sign } else { 1 };
    let (days, rest) = (span(days)?, span(sign * micros(rest))?);
    span(micros(days) + micros(rest)).map(Some)
}

/// Reads a time of day: `7:30`, `07:30:15`. Python's integers may have spaces, signs, and underscores.
pub fn parse_time(text: &str) -> Option<NaiveTime> {
    let mut parts = text.split(':');
    let mut field = || parts.next().map(integer);
    let (hour, minute) = (field()??, field()??);
    let second = field().unwrap_or(Some(0))?;
    check_time(hour, minute, second, 0).ok()
}

/// Python's `int` of a text; `None` if it is none or out of a C integer's range.
fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = digits.split('_').all(|run| !run.is_empty() && run.bytes().all(|b| b.is_ascii_digit()));
    let number: i32 = is_number.then(|| text.replace('_', "").parse().ok())??;
    Some(i64::from(number))
}
