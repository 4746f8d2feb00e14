//! Moments and times of day in the settings, in their stored form.

use chrono::{DateTime, FixedOffset, NaiveTime, SubsecRound};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::home::iso;

/// A moment with its offset from UTC, in microseconds; stored as ISO 8601 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(DateTime<FixedOffset>);

impl Moment {
    /// Truncates to microseconds.
    pub fn new(time: DateTime<FixedOffset>) -> Self {
        Self(time.trunc_subsecs(6))
    }

    /// Reads text like `2026-11-23T15:44:07.167228+01:00`.
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(Self::new)
    }

    pub fn time(self) -> DateTime<FixedOffset> {
        self.0
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&iso(&self.0))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("expected a time with an offset"))
    }
}

/// A time of day as Home Assistant reads it: `HH:MM` or `HH:MM:SS`, also with fewer digits. Further parts are ignored.
pub(super) fn parse_time(text: &str) -> Option<NaiveTime> {
    let number = |part: &str| part.trim().parse::<u32>().ok();
    let mut parts = text.split(':');
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    NaiveTime::from_hms_opt(hour, minute, parts.next().map_or(Some(0), number)?)
}

/// `HH:MM:SS`.
pub(super) fn time_text(time: NaiveTime) -> String {
    time.format("%H:%M:%S").to_string()
}
