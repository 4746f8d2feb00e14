//! Timestamps, the time zone of the process, and other things that several functions share.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

use super::moment::Moment;
use super::tz::Tz;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::Value;

/// The seconds at which the years of C's calendar end.
const C_CALENDAR: f64 = 67_767_976_233_532_799.0;

/// The zone of times without a zone: Home Assistant's process runs in the home's zone.
pub fn system(context: &Context) -> Tz {
    Tz::Zone(context.zone())
}

/// The names of the home's zone without and with daylight saving, which `%Z` reads.
pub fn zone_names(context: &Context) -> Vec<String> {
    let system = system(context);
    vec![system.seasonal_name(false), system.seasonal_name(true)]
}

/// The wall clock of UTC at a timestamp: an integer or float, rounded to microseconds, halves to even.
pub fn of_timestamp(value: &Value) -> Result<NaiveDateTime> {
    let wrong = || Error::type_error(format!("argument must be int or float, not {}", value.type_name()));
    let seconds = value.as_float().ok_or_else(wrong)?;
    if seconds.is_nan() {
        return Err(Error::value("Invalid value NaN (not a number)"));
    }
    if seconds.abs() >= 9_223_372_036_854_775_808.0 {
        return Err(Error::overflow("timestamp out of range for platform time_t"));
    }
    if seconds.abs() > C_CALENDAR {
        return Err(Error::runtime("[Errno 75] Value too large for defined data type"));
    }
    #[allow(clippy::cast_possible_truncation, reason = "bounded above")]
    let (whole, micros) = (seconds.trunc() as i64, (seconds.fract() * 1e6).round_ties_even() as i64);
    let whole = whole + micros.div_euclid(1_000_000);
    let nanos = u32::try_from(micros.rem_euclid(1_000_000) * 1000).unwrap_or_default();
    let time = DateTime::from_timestamp(whole, nanos).map(|time| time.naive_utc());
    time.filter(|time| super::in_range(time.date())).ok_or_else(|| {
        let year = 1970 + whole.div_euclid(31_556_952);
        Error::value(format!("year must be in 1..9999, not {year}"))
    })
}

/// The point in time of a timestamp, in a zone.
pub fn moment_of_timestamp(value: &Value, tz: Tz) -> Result<Moment> {
    Moment::local(of_timestamp(value)?, tz)
}

/// The current time, in a zone.
pub fn now(context: &Context, tz: Tz) -> Result<Moment> {
    Moment::local(context.now().naive_utc(), tz)
}

/// Whether daylight saving is in force at a point in time: 1, 0, or -1 if it is not known.
pub fn is_daylight(moment: &Moment) -> i64 {
    match moment.tz.and_then(|tz| tz.daylight(moment.wall, moment.fold)) {
        None => -1,
        Some(share) => i64::from(!share.is_zero()),
    }
}

/// A point in time, date at midnight, or time of day on January 1, 1900. `None` for other values.
pub fn as_moment(value: &Value) -> Option<Moment> {
    match value {
        Value::Moment(moment) => Some(**moment),
        Value::Date(date) => Some(Moment::naive(date.and_time(NaiveTime::MIN))),
        Value::Time(time) => Some(Moment::naive(NaiveDate::from_ymd_opt(1900, 1, 1)?.and_time(*time))),
        _ => None,
    }
}
