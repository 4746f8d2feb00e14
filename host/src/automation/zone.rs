//! Local time: when the home's clocks show something next, through both changes of the clock a year.
//!
//! A time that does not exist comes once, right after the gap; one that exists twice comes once, the first time. Pure.

use chrono::{
    DateTime, Datelike, Days, LocalResult, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike, Utc,
    Weekday,
};
use larder_zone::Zone;
use serde::Serialize;

use crate::model::Timestamp;

/// In UTC, for reckoning. What lies beyond the calendar is its end.
pub fn utc(time: Timestamp) -> DateTime<Utc> {
    let end = if time.seconds < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
    DateTime::from_timestamp(time.seconds, time.nanoseconds.min(999_999_999)).unwrap_or(end)
}

/// Back again.
pub fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp { seconds: time.timestamp(), nanoseconds: time.timestamp_subsec_nanos().min(999_999_999) }
}

/// So much later.
pub fn plus(time: Timestamp, span: TimeDelta) -> Timestamp {
    utc(time).checked_add_signed(span).map_or(time, timestamp)
}

/// The moment at which local clocks show `local` first, or, when they jump over it, the end of the jump.
pub fn first(zone: Zone, local: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => time.to_utc(),
        LocalResult::None => zone.gap(local).map_or_else(|| local.and_utc(), |gap| gap.end.to_utc()),
    }
}

/// The first moment after `now` at which a day of `weekdays` (any, when there is none) comes to `time`.
pub fn next_time(zone: Zone, now: Timestamp, time: NaiveTime, weekdays: &[Weekday]) -> Option<Timestamp> {
    let now = utc(now);
    let today = now.with_timezone(&zone).date_naive();
    // A day before: when its time does not exist, it may come after midnight.
    let start = today.checked_sub_days(Days::new(1))?;
    let days = (0..=9).filter_map(|days| start.checked_add_days(Days::new(days)));
    days.filter(|day| weekdays.is_empty() || weekdays.contains(&day.weekday()))
        .map(|day| first(zone, day.and_time(time)))
        .find(|moment| *moment > now)
        .map(timestamp)
}

/// Which values of an hour, a minute or a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Every {
    Any,
    Is(u32),
    Multiple(u32),
}

impl Every {
    fn matches(self, number: u32) -> bool {
        match self {
            Self::Any => true,
            Self::Is(wanted) => number == wanted,
            Self::Multiple(step) => step > 0 && number.is_multiple_of(step),
        }
    }
}

/// The first whole second after `now` that the pattern takes. Patterns that name an hour come once when it exists twice.
pub fn next_pattern(
    zone: Zone,
    now: Timestamp,
    hours: Every,
    minutes: Every,
    seconds: Every,
) -> Option<Timestamp> {
    let mut moment = utc(now).with_nanosecond(0)?.checked_add_signed(TimeDelta::seconds(1))?;
    // Steps over a whole hour or minute that does not fit; two years of hours are enough for any pattern.
    for _ in 0..20_000 {
        let local = moment.with_timezone(&zone);
        let is_again = hours != Every::Any && first(zone, local.naive_local()) != moment;
        let step = if is_again || !hours.matches(local.hour()) {
            3600 - i64::from(local.minute() * 60 + local.second())
        } else if !minutes.matches(local.minute()) {
            60 - i64::from(local.second())
        } else if !seconds.matches(local.second()) {
            1
        } else {
            return Some(timestamp(moment));
        };
        moment = moment.checked_add_signed(TimeDelta::seconds(step))?;
    }
    None
}
