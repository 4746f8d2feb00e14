//! Local time: when the home's clock next shows a time, across changes to and from daylight saving time.
//!
//! A skipped time counts as occurring right after the gap; a time that exists twice counts only the first time. Pure.

use chrono::{
    DateTime, Datelike, Days, LocalResult, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike, Utc,
    Weekday,
};
use larder_zone::Zone;
use serde::Serialize;

use crate::model::Timestamp;

/// Converts to UTC for calculations. A time outside the calendar becomes its first or last instant.
pub fn utc(time: Timestamp) -> DateTime<Utc> {
    let end = if time.seconds < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
    DateTime::from_timestamp(time.seconds, time.nanoseconds.min(999_999_999)).unwrap_or(end)
}

/// Converts back from UTC.
pub fn timestamp(time: DateTime<Utc>) -> Timestamp {
    Timestamp { seconds: time.timestamp(), nanoseconds: time.timestamp_subsec_nanos().min(999_999_999) }
}

/// Adds a span. Returns `time` if the result is outside the calendar.
pub fn plus(time: Timestamp, span: TimeDelta) -> Timestamp {
    utc(time).checked_add_signed(span).map_or(time, timestamp)
}

/// The first instant at which local clocks show `local`, or the end of the gap if they skip it.
pub fn first(zone: Zone, local: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => time.to_utc(),
        LocalResult::None => zone.gap(local).map_or_else(|| local.and_utc(), |gap| gap.end.to_utc()),
    }
}

/// The first instant after `now` at which a day of `weekdays` (empty: any day) reaches `time`.
pub fn next_time(zone: Zone, now: Timestamp, time: NaiveTime, weekdays: &[Weekday]) -> Option<Timestamp> {
    let now = utc(now);
    let today = now.with_timezone(&zone).date_naive();
    // Starts a day early: a skipped time may move past midnight.
    let start = today.checked_sub_days(Days::new(1))?;
    let days = (0..=9).filter_map(|days| start.checked_add_days(Days::new(days)));
    days.filter(|day| weekdays.is_empty() || weekdays.contains(&day.weekday()))
        .map(|day| first(zone, day.and_time(time)))
        .find(|moment| *moment > now)
        .map(timestamp)
}

/// A pattern for hours, minutes or seconds.
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

/// The first whole second after `now` that matches the pattern. A pattern that names an hour matches once when the
/// hour exists twice.
pub fn next_pattern(
    zone: Zone,
    now: Timestamp,
    hours: Every,
    minutes: Every,
    seconds: Every,
) -> Option<Timestamp> {
    let mut moment = utc(now).with_nanosecond(0)?.checked_add_signed(TimeDelta::seconds(1))?;
    // Skips a whole hour or minute that does not match. Two years of hours are enough for any pattern.
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
