//! When the next automatic backup is: the schedule asked with what the manager knows, and its timer.
//!
//! A clock that is not set plans nothing: what would be planned waits for it.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::archive::Instant;
use crate::error::Result;
use crate::home::{Home, iso};
use crate::manager::log;
use crate::manager::{parsed, with};
use crate::ports::{HomeZone, Outside};
use crate::schedule::{Calendar, Next};

/// Fires when an automatic backup is due.
pub const RUN: &str = "automatic";
/// How long a run waits for a manager that is busy, or for the clock.
pub const BUSY: i64 = 60;
/// Runs that `backup.schedule` tells where nobody says how many.
const RUNS: usize = 5;

/// Asks the schedule what comes next, and whether that is now.
pub fn plan(outside: &dyn Outside) {
    let (home, now) = (home(outside), utc(outside.now()));
    let is_unset = outside.unset_clock().is_some();
    with(|inner| {
        let history = inner.store.history();
        let jitter_seconds = inner.store.jitter(outside);
        let schedule = inner.store.config().schedule.clone();
        let wake = Calendar { schedule: &schedule, zone: home.zone(), jitter_seconds }.wake(&history, now);
        inner.due = wake.run;
        // What is due stays planned until it has begun; by a clock that is not set nothing is.
        if inner.due.is_none() && !is_unset {
            inner.store.set_planned(wake.next.at);
        }
        inner.next = wake.next;
    });
    wait_for_clock(outside);
}

/// By a clock that is not set nothing is planned, if anything would be.
fn wait_for_clock(outside: &dyn Outside) {
    let unset =
        outside.unset_clock().filter(|_| with(|inner| inner.due.is_some() || inner.next.at.is_some()));
    let waited = with(|inner| std::mem::replace(&mut inner.waits, unset.is_some()));
    match unset {
        Some(unset) => {
            let reason = format!("{unset}; automatic backups wait until it is");
            if !waited {
                log::warn(outside, &reason);
            }
            with(|inner| {
                inner.due = None;
                inner.next = Next { at: None, additional: false, reason };
            });
        }
        None if waited => log::info(outside, &format!("the clock is set; {}", upcoming(outside))),
        None => {}
    }
}

/// Has the host wake the manager for what was planned.
pub fn set_timers(outside: &dyn Outside) {
    let (is_due, next, waits) = with(|inner| (inner.due.is_some(), inner.next.at, inner.waits));
    match next {
        _ if waits => outside.set_timer(RUN, later(outside, BUSY)),
        _ if is_due => outside.set_timer(RUN, outside.now()),
        Some(at) => outside.set_timer(RUN, instant(at)),
        None => outside.cancel_timer(RUN),
    }
}

/// When the next automatic backup is, for people.
pub fn upcoming(outside: &dyn Outside) -> String {
    let (at, reason) = with(|inner| (inner.next.at, inner.next.reason.clone()));
    match at {
        Some(at) => {
            let at = home(outside).local_time(at);
            format!("the next automatic backup is at {}", at.format("%a %Y-%m-%d %H:%M %:z"))
        }
        None => format!("no automatic backup is planned ({reason})"),
    }
}

/// `backup.schedule`: the next runs, in local time, with the reason for each.
pub fn schedule(outside: &dyn Outside, data: &str) -> Result<Value> {
    let request: Value = parsed(data)?;
    let count = request.get("count").and_then(Value::as_u64).map_or(RUNS, |count| count.min(1000) as usize);
    let (home, now) = (home(outside), utc(outside.now()));
    Ok(with(|inner| {
        let jitter_seconds = inner.store.jitter(outside);
        let (schedule, history) = (inner.store.config().schedule.clone(), inner.store.history());
        let calendar = Calendar { schedule: &schedule, zone: home.zone(), jitter_seconds };
        // What waits for the clock has no time.
        let count = if inner.waits { 0 } else { count };
        let runs: Vec<_> = calendar
            .upcoming(&history, now, count)
            .into_iter()
            .filter_map(|next| {
                let local = home.local_time(next.at?);
                Some(json!({
                    "at": iso(&local),
                    "local": local.format("%a %Y-%m-%d %H:%M %:z").to_string(),
                    "additional": next.additional,
                    "reason": next.reason,
                }))
            })
            .collect();
        let HomeZone { zone, origin, problems, .. } = &home.time_zone;
        json!({
            "runs": runs,
            "waits": inner.waits,
            "reason": inner.next.reason,
            "time_zone": zone.name(),
            "time_zone_origin": origin,
            "time_zone_problems": problems,
        })
    }))
}

pub fn later(outside: &dyn Outside, seconds: i64) -> Instant {
    let now = outside.now();
    Instant { seconds: now.seconds.saturating_add(seconds), ..now }
}

/// The home's own words, read anew: they change while a service runs.
pub fn home(outside: &dyn Outside) -> Home {
    Home::read(outside, outside.snapshot().as_ref())
}

pub fn utc(now: Instant) -> DateTime<Utc> {
    DateTime::from_timestamp(now.seconds, now.nanoseconds).unwrap_or_default()
}

fn instant(at: DateTime<Utc>) -> Instant {
    Instant { seconds: at.timestamp(), nanoseconds: at.timestamp_subsec_nanos() }
}
