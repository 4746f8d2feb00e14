//! A point in time with the behavior of Python's `datetime.datetime`, gaps and repeated hours (PEP 495) included.

use std::cmp::Ordering;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use super::show::{Precision, clock_offset, date_repr, iso_time, time_arguments};
use super::span::{micros, span, total_seconds};
use super::tz::Tz;
use crate::error::{Error, Result};

/// A point in time: a wall clock, with or without a zone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    pub wall: NaiveDateTime,
    pub tz: Option<Tz>,
    /// Whether it is the second of two equal wall clocks.
    pub fold: bool,
}

/// Whether a date is in Python's calendar: the years 1 to 9999.
pub fn in_range(date: NaiveDate) -> bool {
    (1..=9999).contains(&date.year())
}

/// The date by its number, from 1 for January 1 of year 1.
pub fn date_of_ordinal(ordinal: i64) -> Option<NaiveDate> {
    NaiveDate::from_num_days_from_ce_opt(i32::try_from(ordinal).ok()?).filter(|date| in_range(*date))
}

pub fn out_of_range() -> Error {
    Error::overflow("date value out of range")
}

impl Moment {
    /// Without a zone.
    pub fn naive(wall: NaiveDateTime) -> Self {
        Self { wall, tz: None, fold: false }
    }

    pub fn at(wall: NaiveDateTime, tz: Option<Tz>) -> Self {
        Self { wall, tz, fold: false }
    }

    /// From UTC.
    pub fn of_utc(time: DateTime<Utc>) -> Self {
        Self { wall: in_micros(time.naive_utc()), tz: Some(Tz::UTC), fold: false }
    }

    /// The local time of a time in UTC. An error beyond the calendar.
    pub fn local(utc: NaiveDateTime, tz: Tz) -> Result<Self> {
        let (wall, fold) = tz.wall(in_micros(utc));
        match in_range(wall.date()) && in_range(utc.date()) {
            true => Ok(Self { wall, tz: Some(tz), fold }),
            false => Err(out_of_range()),
        }
    }

    /// What it is ahead of UTC, in seconds.
    pub fn utcoffset(&self) -> Option<i32> {
        self.tz.map(|tz| tz.offset(self.wall, self.fold))
    }

    /// The time in UTC; the wall clock if it has no zone. It can be just outside the calendar.
    pub fn utc(&self) -> NaiveDateTime {
        let offset = TimeDelta::seconds(i64::from(self.utcoffset().unwrap_or_default()));
        self.wall.checked_sub_signed(offset).unwrap_or(self.wall)
    }

    /// The same instant elsewhere. Without a zone it is a time of `system`.
    pub fn astimezone(&self, tz: Tz, system: Tz) -> Result<Self> {
        if self.tz == Some(tz) {
            return Ok(*self);
        }
        let aware = Self { tz: Some(self.tz.unwrap_or(system)), ..*self };
        Self::local(aware.utc(), tz)
    }

    /// Seconds since 1970. Without a zone it is a time of `system`.
    pub fn timestamp(&self, system: Tz) -> f64 {
        let aware = Self { tz: Some(self.tz.unwrap_or(system)), ..*self };
        total_seconds(micros(aware.utc().signed_duration_since(DateTime::UNIX_EPOCH.naive_utc())))
    }

    /// From a time with an offset.
    pub fn of_fixed(time: DateTime<chrono::FixedOffset>) -> Self {
        let seconds = time.offset().local_minus_utc();
        Self { wall: in_micros(time.naive_local()), tz: Some(Tz::Fixed(seconds)), fold: false }
    }

    /// Python's `==`. A time whose offset depends on the fold equals no time of another zone.
    pub fn equals(&self, other: &Self) -> bool {
        if self.same_tz(other) {
            return self.wall == other.wall;
        }
        let is_equal = match (self.utcoffset(), other.utcoffset()) {
            (Some(_), Some(_)) => self.utc() == other.utc(),
            (None, None) => self.wall == other.wall,
            _ => false,
        };
        is_equal && !self.depends_on_fold() && !other.depends_on_fold()
    }

    /// Python's order. `None` between one with a zone and one without.
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        if self.same_tz(other) {
            return Some(self.wall.cmp(&other.wall));
        }
        (self.tz.is_some() == other.tz.is_some()).then(|| self.utc().cmp(&other.utc()))
    }

    /// Within one zone, Python compares and subtracts wall clocks.
    fn same_tz(&self, other: &Self) -> bool {
        match (self.tz, other.tz) {
            (Some(Tz::Zone(one)), Some(Tz::Zone(other))) => one == other,
            (None, None) => true,
            _ => false,
        }
    }

    fn depends_on_fold(&self) -> bool {
        self.utcoffset() != Self { fold: !self.fold, ..*self }.utcoffset()
    }

    /// Adds a span to the wall clock. An error beyond the calendar.
    pub fn plus(&self, added: TimeDelta) -> Result<Self> {
        let wall = self.wall.checked_add_signed(added).filter(|wall| in_range(wall.date()));
        Ok(Self { wall: wall.ok_or_else(out_of_range)?, tz: self.tz, fold: false })
    }

    /// The span from `other` to this one. An error between one with a zone and one without.
    pub fn minus(&self, other: &Self) -> Result<TimeDelta> {
        if self.tz.is_some() != other.tz.is_some() {
            return Err(Error::type_error("can't subtract offset-naive and offset-aware datetimes"));
        }
        let difference = match self.same_tz(other) {
            true => self.wall.signed_duration_since(other.wall),
            false => self.utc().signed_duration_since(other.utc()),
        };
        span(micros(difference))
    }

    /// The ISO 8601 form, with `separator` between date and time.
    pub fn iso(&self, separator: char) -> String {
        self.iso_with(separator, Precision::Auto)
    }

    pub fn iso_with(&self, separator: char, precision: Precision) -> String {
        let offset = self.utcoffset().map(|seconds| clock_offset(seconds, true)).unwrap_or_default();
        let (date, time) = (self.wall.date(), iso_time(self.wall.time(), precision));
        format!("{}{separator}{time}{offset}", iso_date(date))
    }

    /// `datetime.datetime(2026, 6, 1, 12, 0)`.
    pub fn repr(&self) -> String {
        let date = date_repr(self.wall.date());
        let date = date.trim_start_matches("datetime.date(").trim_end_matches(')');
        let fold = if self.fold { ", fold=1" } else { "" };
        let tz = self.tz.map(|tz| format!(", tzinfo={}", tz.repr())).unwrap_or_default();
        format!("datetime.datetime({date}, {}{fold}{tz})", time_arguments(self.wall.time()))
    }
}

/// `0999-01-01`.
fn iso_date(date: NaiveDate) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

/// Cuts off what is below a microsecond.
fn in_micros(time: NaiveDateTime) -> NaiveDateTime {
    let nanos = i64::from(time.and_utc().timestamp_subsec_nanos() % 1000);
    time.checked_sub_signed(TimeDelta::nanoseconds(nanos)).unwrap_or(time)
}
