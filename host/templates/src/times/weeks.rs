//! Dates by the week of the year.

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};

use super::fields::check_date;
use crate::error::{Error, Result};

/// The day of the year from the week and the day of the week; 0 or less is a day of the year before.
pub fn day_of_week(year: i64, week: i64, weekday: i64, from_monday: bool) -> Result<i64> {
    let first = i64::from(check_date(year, 1, 1)?.weekday().num_days_from_monday());
    let (first, weekday) = match from_monday {
        true => (first, weekday),
        false => ((first + 1) % 7, (weekday + 1) % 7),
    };
    Ok(match week {
        0 => 1 + weekday - first,
        _ => 1 + (7 - first) % 7 + 7 * (week - 1) + weekday,
    })
}

/// The date of an ISO week; the day is 1 for Monday.
pub fn of_iso_week(year: i64, week: i64, day: i64) -> Result<NaiveDate> {
    check_date(year, 1, 1)?;
    let monday = i32::try_from(year)
        .ok()
        .zip(u32::try_from(week).ok())
        .and_then(|(year, week)| NaiveDate::from_isoywd_opt(year, week, Weekday::Mon));
    let monday = monday.ok_or_else(|| Error::value(format!("Invalid week: {week}")))?;
    if !(1..=7).contains(&day) {
        return Err(Error::value(format!("Invalid weekday: {day} (range is [1, 7])")));
    }
    let date = monday.checked_add_signed(TimeDelta::days(day - 1));
    let date = date.ok_or_else(|| Error::value("there is no such date"))?;
    check_date(i64::from(date.year()), i64::from(date.month()), i64::from(date.day()))
}
