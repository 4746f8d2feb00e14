//! A point in time with the behavior of Python's `datetime.datetime`.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDateTime, Utc};
use larder_zone::Zone;

/// The offset of a point in time from UTC.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tz {
    Zone(Zone),
    /// Seconds ahead of UTC, as in `+05:30`.
    Fixed(i32),
}

/// A point in time: a wall clock, with or without a zone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    pub wall: NaiveDateTime,
    pub tz: Option<Tz>,
    /// Whether it is the second of two equal wall clocks.
    pub fold: bool,
}

impl Moment {
    /// From UTC.
    pub fn of_utc(time: DateTime<Utc>) -> Self {
        Self { wall: time.naive_utc(), tz: Some(Tz::Fixed(0)), fold: false }
    }

    /// From a time with an offset.
    pub fn of_fixed(time: DateTime<chrono::FixedOffset>) -> Self {
        let seconds = time.offset().local_minus_utc();
        Self { wall: time.naive_local(), tz: Some(Tz::Fixed(seconds)), fold: false }
    }

    /// Python's `==`.
    pub fn equals(&self, other: &Self) -> bool {
        self == other
    }

    /// Python's order. `None` between one with a zone and one without.
    pub fn order(&self, other: &Self) -> Option<Ordering> {
        (self.tz.is_some() == other.tz.is_some()).then(|| self.wall.cmp(&other.wall))
    }
}

impl Moment {
    /// The ISO 8601 form, with `separator` between date and time.
    pub fn iso(&self, separator: char) -> String {
        format!("{}{separator}{}", self.wall.date(), super::show::time_text(self.wall.time()))
    }

    /// `datetime.datetime(2026, 6, 1, 12, 0)`.
    pub fn repr(&self) -> String {
        format!("datetime.datetime({})", self.wall)
    }
}
