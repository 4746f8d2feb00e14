//! Formats times as Python does.

use std::fmt::Write as _;

use chrono::format::{DelayedFormat, StrftimeItems};
use chrono::{NaiveTime, Timelike};
use minijinja::Error;

use crate::automation::templates::error::invalid;

/// `07:30:00`, with six digits of a second when it has a fraction.
pub fn clock_text(time: NaiveTime) -> String {
    let micros = time.nanosecond() / 1000 % 1_000_000;
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    format!("{:02}:{:02}:{:02}{fraction}", time.hour(), time.minute(), time.second())
}

/// Formats a time by a `strftime` pattern. A pattern that does not apply is an error.
pub fn formatted(time: DelayedFormat<StrftimeItems<'_>>, format: &str) -> Result<String, Error> {
    let mut text = String::new();
    write!(text, "{time}").map_err(|_| invalid(format!("`{format}` is not a valid time format")))?;
    Ok(text)
}
