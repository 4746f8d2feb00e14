//! A point in time in a template, with the behavior of Python's `datetime`.

use std::cmp::Ordering;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use chrono::{
    DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Timelike, Utc,
};
use larder_zone::Zone;
use minijinja::value::{DynObject, Kwargs, Object, ObjectRepr, from_args};
use minijinja::{Error, ErrorKind, State, Value};

use super::parts::Part;
use super::text::{clock_text, formatted};
use crate::automation::templates::error::invalid;
use crate::automation::zone;
use crate::model::Timestamp;

/// A point in time: the wall clock, and the zone if known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    pub wall: NaiveDateTime,
    pub zone: Option<Zone>,
    pub utc: DateTime<Utc>,
}

impl Moment {
    /// From a time with a zone.
    pub fn of(time: DateTime<Zone>) -> Self {
        Self { wall: time.naive_local(), zone: Some(time.timezone()), utc: time.to_utc() }
    }

    /// From a timestamp, in UTC.
    pub fn of_utc(time: Timestamp) -> Self {
        Self::of(zone::utc(time).with_timezone(&Zone::UTC))
    }

    /// From a wall clock. Without a zone, `utc` treats it as UTC.
    pub fn at(wall: NaiveDateTime, zone: Option<Zone>) -> Self {
        let utc = zone.map_or(wall.and_utc(), |zone| zone::first(zone, wall));
        // A wall clock inside a gap is kept as given, as in Python.
        Self { wall, zone, utc }
    }

    /// Parses an ISO 8601 time, with or without an offset.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let formed = text.replacen(' ', "T", 1);
        if let Ok(time) = DateTime::parse_from_rfc3339(&formed) {
            let zone = Zone::fixed(time.offset().local_minus_utc()).ok()?;
            return Some(Self::of(time.to_utc().with_timezone(&zone)));
        }
        let wall = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(&formed, format).ok());
        let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|day| day.and_time(NaiveTime::MIN));
        wall.or_else(day).map(|wall| Self::at(wall, None))
    }

    /// The ISO 8601 form, with `separator` between date and time.
    pub fn iso(&self, separator: char) -> String {
        let mut text = format!("{}{separator}{}", self.wall.date(), clock_text(self.wall.time()));
        if let Some(zone) = self.zone {
            let seconds = zone.offset_from_utc_datetime(&self.utc.naive_utc()).fix().local_minus_utc();
            let (sign, seconds) = (if seconds < 0 { '-' } else { '+' }, seconds.abs());
            let _ = write!(text, "{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
        }
        text
    }

    /// Seconds since 1970, with microseconds as the fraction.
    pub fn seconds(&self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "microseconds of this millennium fit")]
        let micros = self.utc.timestamp_micros() as f64;
        micros / 1e6
    }

    /// Adds a span to the wall clock.
    pub fn plus(&self, span: TimeDelta) -> Option<Self> {
        Some(Self::at(self.wall.checked_add_signed(span)?, self.zone))
    }

    /// The difference: of the wall clocks within one zone, else of the instants.
    pub fn minus(&self, other: &Self) -> TimeDelta {
        match self.zone == other.zone {
            true => self.wall.signed_duration_since(other.wall),
            false => self.utc.signed_duration_since(other.utc),
        }
    }

    /// Formats it by a `strftime` pattern. A pattern that does not apply is an error.
    pub fn format(&self, format: &str) -> Result<String, Error> {
        match self.zone {
            Some(zone) => formatted(self.utc.with_timezone(&zone).format(format), format),
            None => formatted(self.wall.format(format), format),
        }
    }
}

impl Object for Moment {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "year" => Value::from(self.wall.year()),
            "month" => Value::from(self.wall.month()),
            "day" => Value::from(self.wall.day()),
            "hour" => Value::from(self.wall.hour()),
            "minute" => Value::from(self.wall.minute()),
            "second" => Value::from(self.wall.second()),
            "microsecond" => Value::from(self.wall.nanosecond() / 1000 % 1_000_000),
            "tzinfo" => self.zone.map_or(Value::from(()), |zone| Value::from(zone.name())),
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let days = self.wall.weekday().num_days_from_monday();
        Ok(match method {
            "timestamp" => Value::from(self.seconds()),
            "isoformat" => {
                let (separator,): (Option<String>,) = from_args(args)?;
                Value::from(self.iso(separator.and_then(|text| text.chars().next()).unwrap_or('T')))
            }
            "strftime" => Value::from(self.format(&from_args::<(String,)>(args)?.0)?),
            "weekday" => Value::from(days),
            "isoweekday" => Value::from(days + 1),
            "date" => Value::from_object(Part::Day(self.wall.date())),
            "time" => Value::from_object(Part::Clock(self.wall.time())),
            "replace" => Value::from_object(self.replace(&from_args::<(Kwargs,)>(args)?.0)?),
            _ => return Err(Error::from(ErrorKind::UnknownMethod)),
        })
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        Some(self.utc.cmp(&other.downcast_ref::<Self>()?.utc))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso(' '))
    }
}

impl Moment {
    fn replace(&self, parts: &Kwargs) -> Result<Self, Error> {
        let part = |name: &str, now: u32| parts.get::<Option<u32>>(name).map(|given| given.unwrap_or(now));
        let year = parts.get::<Option<i32>>("year")?.unwrap_or(self.wall.year());
        let date =
            NaiveDate::from_ymd_opt(year, part("month", self.wall.month())?, part("day", self.wall.day())?);
        let time = NaiveTime::from_hms_micro_opt(
            part("hour", self.wall.hour())?,
            part("minute", self.wall.minute())?,
            part("second", self.wall.second())?,
            part("microsecond", self.wall.nanosecond() / 1000 % 1_000_000)?,
        );
        parts.assert_all_used()?;
        match (date, time) {
            (Some(date), Some(time)) => Ok(Self::at(date.and_time(time), self.zone)),
            _ => Err(invalid("replace: there is no such date or time")),
        }
    }
}
