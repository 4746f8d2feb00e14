//! The schedule settings, in the format of Home Assistant's stored document.
//!
//! Owns that format. Knows no dates.

use std::fmt;

use chrono::{NaiveTime, Timelike, Weekday};
use serde::{Deserialize, Serialize};

use super::DEFAULT_TIME;

/// `schedule` of the automatic settings. A missing key has Home Assistant's default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Schedule {
    /// Used only for [`Recurrence::CustomDays`], where no day means never. In the order in which they were set.
    pub days: Vec<Day>,
    pub recurrence: Recurrence,
    /// Local time. `None`: [`DEFAULT_TIME`] plus jitter.
    pub time: Option<TimeOfDay>,
}

/// How often.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recurrence {
    #[default]
    Never,
    Daily,
    CustomDays,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// A local time of day. Its seconds are kept in the document, but scheduling ignores them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(NaiveTime);

/// The text is not a time of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time of day; write it like 04:45 or 04:45:00")]
pub struct InvalidTime(String);

impl Schedule {
    /// Whether there is ever a run.
    pub fn is_active(&self) -> bool {
        match self.recurrence {
            Recurrence::Never => false,
            Recurrence::Daily => true,
            Recurrence::CustomDays => !self.days.is_empty(),
        }
    }

    /// Whether it runs on that day of the week.
    pub fn runs_on(&self, weekday: Weekday) -> bool {
        match self.recurrence {
            Recurrence::Never => false,
            Recurrence::Daily => true,
            Recurrence::CustomDays => self.days.iter().any(|day| Weekday::from(*day) == weekday),
        }
    }

    /// The hour and minute at which it runs, before any jitter.
    pub fn wall_time(&self) -> NaiveTime {
        let time = self.time.unwrap_or(DEFAULT_TIME).0;
        NaiveTime::from_hms_opt(time.hour(), time.minute(), 0).unwrap_or(time)
    }
}

impl TimeOfDay {
    /// A time of day from chrono's.
    pub const fn of(time: NaiveTime) -> Self {
        Self(time)
    }

    /// Reads `HH:MM` and `HH:MM:SS`.
    pub fn parse(text: &str) -> Result<Self, InvalidTime> {
        let wrong = || InvalidTime(text.escape_debug().take(40).collect());
        let mut numbers = [0; 3];
        let parts: Vec<&str> = text.split(':').collect();
        if !(2..=3).contains(&parts.len()) {
            return Err(wrong());
        }
        for (number, part) in numbers.iter_mut().zip(&parts) {
            *number = two_digits(part).ok_or_else(wrong)?;
        }
        let [hour, minute, second] = numbers;
        NaiveTime::from_hms_opt(hour, minute, second).map(Self).ok_or_else(wrong)
    }
}

fn two_digits(text: &str) -> Option<u32> {
    let fits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

/// As Home Assistant writes it: `HH:MM:SS`.
impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%H:%M:%S"))
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = InvalidTime;

    fn try_from(text: String) -> Result<Self, InvalidTime> {
        Self::parse(&text)
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl From<Day> for Weekday {
    fn from(day: Day) -> Self {
        match day {
            Day::Mon => Self::Mon,
            Day::Tue => Self::Tue,
            Day::Wed => Self::Wed,
            Day::Thu => Self::Thu,
            Day::Fri => Self::Fri,
            Day::Sat => Self::Sat,
            Day::Sun => Self::Sun,
        }
    }
}
