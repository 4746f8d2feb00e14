//! Time conditions: decides whether local time is in an interval of the day and on a given weekday. Also reads times
//! from entities.

use chrono::{Datelike, NaiveTime};
use serde_json::json;

use super::verdict::Verdict;
use crate::automation::home::Home;
use crate::automation::model::{At, Condition};
use crate::automation::{literals, zone};
use crate::model::Timestamp;

/// Whether local time is between `after` and `before`, on one of the weekdays. Fails if an entity does not exist.
pub fn between(
    home: &Home,
    after: Option<&At>,
    before: Option<&At>,
    weekdays: &[chrono::Weekday],
    condition: &Condition,
) -> Result<Verdict, String> {
    let now = zone::utc(home.now).with_timezone(&home.zone);
    let is_between = match (time_of(after, home, condition)?, time_of(before, home, condition)?) {
        (Clock::Unknown, _) | (_, Clock::Unknown) => false,
        (from, to) => is_between(now.time(), from, to),
    };
    let is_day = weekdays.is_empty() || weekdays.contains(&now.weekday());
    let seen = json!({"now": now.to_rfc3339(), "weekday": now.weekday().to_string().to_lowercase()});
    Ok(Verdict::new(is_between && is_day, seen))
}

/// One end of a time condition.
#[derive(Clone, Copy)]
enum Clock {
    Open,
    At(NaiveTime),
    /// An entity whose state is not a time.
    Unknown,
}

fn time_of(at: Option<&At>, home: &Home, condition: &Condition) -> Result<Clock, String> {
    Ok(match at {
        None => Clock::Open,
        Some(At::Time(time)) => Clock::At(*time),
        Some(At::Entity { id, .. }) if home.states.contains_key(id) => {
            entity_time(home, id).map_or(Clock::Unknown, Clock::At)
        }
        Some(At::Entity { id, .. }) => {
            let place = &condition.place;
            return Err(format!("{place}: there is no entity {id}; correct the ID or wait until it exists"));
        }
        Some(At::Template(_)) => Clock::Unknown,
    })
}

/// Whether `now` is in the interval. The interval spans midnight if it ends before it starts.
fn is_between(now: NaiveTime, from: Clock, to: Clock) -> bool {
    let from = if let Clock::At(time) = from { time } else { NaiveTime::MIN };
    let Clock::At(to) = to else { return now >= from };
    match from < to {
        true => now >= from && now < to,
        false => now >= from || now < to,
    }
}

/// The time of day that an entity shows: an `input_datetime`, or a timestamp converted to local time.
fn entity_time(home: &Home, id: &str) -> Option<NaiveTime> {
    let state = &home.states.get(id)?.state;
    if let Some(time) = literals::clock_time(state) {
        return Some(time);
    }
    let moment = entity_moment(home, state)?;
    Some(zone::utc(moment).with_timezone(&home.zone).time())
}

/// The instant that a text names, with an offset or in local time.
pub fn entity_moment(home: &Home, text: &str) -> Option<Timestamp> {
    if let Ok(time) = chrono::DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1)) {
        return Some(zone::timestamp(time.to_utc()));
    }
    let formed = text.replacen(' ', "T", 1);
    let local = chrono::NaiveDateTime::parse_from_str(&formed, "%Y-%m-%dT%H:%M:%S%.f").ok();
    let day =
        || chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|day| day.and_time(NaiveTime::MIN));
    local.or_else(day).map(|local| zone::timestamp(zone::first(home.zone, local)))
}
