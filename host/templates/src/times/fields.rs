//! Checks the fields of dates and times, with Python's errors.

use chrono::{Datelike, NaiveDate, NaiveTime};

use crate::error::{Error, Result};
use crate::value::Value;

/// An integer that fits a C `int`.
pub fn whole(value: &Value) -> Result<i64> {
    let Some(number) = value.as_int() else {
        let name = value.type_name();
        return Err(Error::type_error(format!("'{name}' object cannot be interpreted as an integer")));
    };
    i32::try_from(number)
        .map(i64::from)
        .map_err(|_| Error::overflow("Python int too large to convert to C int"))
}

/// The date with these fields.
pub fn check_date(year: i64, month: i64, day: i64) -> Result<NaiveDate> {
    in_limits("year", year, 1, 9999)?;
    in_limits("month", month, 1, 12)?;
    let small = |number: i64| u32::try_from(number).unwrap_or_default();
    let made = NaiveDate::from_ymd_opt(i32::try_from(year).unwrap_or_default(), small(month), small(day));
    made.ok_or_else(|| {
        let last = (28..=31).rev().find(|last| {
            NaiveDate::from_ymd_opt(i32::try_from(year).unwrap_or_default(), small(month), *last).is_some()
        });
        let last = last.unwrap_or(28);
        Error::value(format!("day {day} must be in range 1..{last} for month {month} in year {year}"))
    })
}

/// The time of day with these fields.
pub fn check_time(hour: i64, minute: i64, second: i64, micros: i64) -> Result<NaiveTime> {
    in_limits("hour", hour, 0, 23)?;
    in_limits("minute", minute, 0, 59)?;
    in_limits("second", second, 0, 59)?;
    in_limits("microsecond", micros, 0, 999_999)?;
    let small = |number: i64| u32::try_from(number).unwrap_or_default();
    let made = NaiveTime::from_hms_micro_opt(small(hour), small(minute), small(second), small(micros));
    made.ok_or_else(|| Error::value("there is no such time of day"))
}

fn in_limits(name: &str, number: i64, least: i64, most: i64) -> Result<()> {
    match (least..=most).contains(&number) {
        true => Ok(()),
        false => Err(Error::value(format!("{name} must be in {least}..{most}, not {number}"))),
    }
}

/// The argument `fold`.
pub fn fold_of(value: &Value) -> Result<bool> {
    match whole(value)? {
        0 => Ok(false),
        1 => Ok(true),
        fold => Err(Error::value(format!("fold must be either 0 or 1, not {fold}"))),
    }
}

/// The number of a date, from 1 for January 1 of year 1.
pub fn ordinal(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce())
}
