//! Python's texts of dates, times of day, and spans.

use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Timelike};

use super::span::split;

/// How much of a time of day an ISO text shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// Microseconds only if there are some.
    Auto,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
    Microseconds,
}

/// The microseconds of a time of day.
pub fn micros_of(time: NaiveTime) -> u32 {
    time.nanosecond() / 1000 % 1_000_000
}

/// `07:30:00`, with six digits of a second if it has a fraction.
pub fn time_text(time: NaiveTime) -> String {
    iso_time(time, Precision::Auto)
}

/// A time of day in ISO 8601.
pub fn iso_time(time: NaiveTime, precision: Precision) -> String {
    let (hour, minute, second, micros) = (time.hour(), time.minute(), time.second(), micros_of(time));
    match precision {
        Precision::Hours => format!("{hour:02}"),
        Precision::Minutes => format!("{hour:02}:{minute:02}"),
        Precision::Milliseconds => format!("{hour:02}:{minute:02}:{second:02}.{:03}", micros / 1000),
        Precision::Microseconds => format!("{hour:02}:{minute:02}:{second:02}.{micros:06}"),
        Precision::Auto if micros > 0 => format!("{hour:02}:{minute:02}:{second:02}.{micros:06}"),
        Precision::Auto | Precision::Seconds => format!("{hour:02}:{minute:02}:{second:02}"),
    }
}

/// `+05:30`, with seconds if there are some; without colons `+0530`.
pub fn clock_offset(seconds: i32, colons: bool) -> String {
    let (sign, size) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    let colon = if colons { ":" } else { "" };
    let mut text = format!("{sign}{:02}{colon}{:02}", size / 3600, size / 60 % 60);
    if size % 60 != 0 {
        let _ = write!(text, "{colon}{:02}", size % 60);
    }
    text
}

/// `07, 30`: the arguments of a time in Python's `repr`, without zeros at the end.
pub fn time_arguments(time: NaiveTime) -> String {
    let mut text = format!("{}, {}", time.hour(), time.minute());
    let micros = micros_of(time);
    if time.second() > 0 || micros > 0 {
        let _ = write!(text, ", {}", time.second());
    }
    if micros > 0 {
        let _ = write!(text, ", {micros}");
    }
    text
}

/// `datetime.time(7, 30)`.
pub fn time_repr(time: NaiveTime) -> String {
    format!("datetime.time({})", time_arguments(time))
}

/// `datetime.date(2026, 6, 1)`.
pub fn date_repr(date: NaiveDate) -> String {
    format!("datetime.date({}, {}, {})", date.year(), date.month(), date.day())
}

/// `1 day, 2:03:04`.
pub fn span_text(span: TimeDelta) -> String {
    let (days, seconds, micros) = split(span);
    let shown = match days {
        0 => String::new(),
        1 | -1 => format!("{days} day, "),
        days => format!("{days} days, "),
    };
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    format!("{shown}{}:{:02}:{:02}{fraction}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// `datetime.timedelta(days=1, seconds=7384)`.
pub fn span_repr(span: TimeDelta) -> String {
    let (days, seconds, micros) = split(span);
    let parts = [("days", days), ("seconds", seconds), ("microseconds", micros)];
    let parts = parts.iter().filter(|(_, part)| *part != 0).map(|(name, part)| format!("{name}={part}"));
    let parts = parts.collect::<Vec<_>>().join(", ");
    format!("datetime.timedelta({})", if parts.is_empty() { "0" } else { &parts })
}
