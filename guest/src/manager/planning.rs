//! Plans the next automatic backup and sets its timer.
//!
//! The rules are in `crate::schedule`. While the clock is not set, nothing is planned.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::archive::Instant;
use crate::error::Result;
use crate::home::{Home, iso};
use crate::manager::job::parsed;
use crate::manager::log;
use crate::manager::state::with;
use crate::ports::{HomeZone, Host};
use crate::schedule::{Calendar, Next};
use crate::settings::Moment;

/// The timer that fires when an automatic backup is due.
pub const RUN: &str = "automatic";
/// Seconds until another try while the manager is busy or the clock is not set.
pub const RETRY: i64 = 60;
/// Runs in the answer of `backup.schedule` if the request has no `count`.
const DEFAULT_COUNT: usize = 5;
/// The most runs in that answer.
const MAX_COUNT: u64 = 1000;

/// Plans the next automatic backup, and finds out whether one is due now.
pub fn plan(host: &dyn Host) {
    let (home, now) = (home(host), utc(host.now()));
    let is_unset = host.unset_clock().is_some();
    with(|inner| {
        let history = inner.store.history();
        let jitter_seconds = inner.store.jitter(host);
        let schedule = inner.store.config().schedule.clone();
        let wake = Calendar { schedule: &schedule, zone: home.zone(), jitter_seconds }.wake(&history, now);
        inner.due = wake.run;
        // A run that is due stays planned until it has begun.
        if inner.due.is_none() && !is_unset {
            inner.store.set_planned(wake.next.at);
        }
        inner.next = wake.next;
    });
    wait_for_clock(host);
}

/// If the clock is not set, drops the plan and logs that automatic backups wait.
fn wait_for_clock(host: &dyn Host) {
    let unset = host.unset_clock().filter(|_| with(|inner| inner.due.is_some() || inner.next.at.is_some()));
    let waited = with(|inner| std::mem::replace(&mut inner.waits_for_clock, unset.is_some()));
    match unset {
        Some(unset) => {
            let reason = format!("{unset}; automatic backups wait until it is");
            if !waited {
                log::warn(host, &reason);
            }
            with(|inner| {
                inner.due = None;
                inner.next = Next { at: None, additional: false, reason };
            });
        }
        None if waited => log::info(host, &format!("the clock is set; {}", upcoming(host))),
        None => {}
    }
}

/// Sets the timer for the planned run.
pub fn set_timers(host: &dyn Host) {
    let (is_due, next, waits) = with(|inner| (inner.due.is_some(), inner.next.at, inner.waits_for_clock));
    match next {
        _ if waits => host.set_timer(RUN, later(host, RETRY)),
        _ if is_due => host.set_timer(RUN, host.now()),
        Some(at) => host.set_timer(RUN, instant(at)),
        None => host.cancel_timer(RUN),
    }
}

/// When the next automatic backup runs, as a sentence.
pub fn upcoming(host: &dyn Host) -> String {
    let (at, reason) = with(|inner| (inner.next.at, inner.next.reason.clone()));
    match at {
        Some(at) => {
            let at = home(host).local_time(at);
            format!("the next automatic backup is at {}", at.format("%a %Y-%m-%d %H:%M %:z"))
        }
        None => format!("no automatic backup is planned ({reason})"),
    }
}

/// An automatic backup begins: remembers the attempt and plans the next one. Returns why the schedule starts it now; `None` if
/// a client asked for it.
pub fn attempt(host: &dyn Host) -> Option<String> {
    let (home, now) = (home(host), host.now());
    with(|inner| {
        let jitter_seconds = inner.store.jitter(host);
        let schedule = inner.store.config().schedule.clone();
        let calendar = Calendar { schedule: &schedule, zone: home.zone(), jitter_seconds };
        let (history, next) = calendar.start(&inner.store.history(), utc(now));
        inner.store.set_attempted(Moment::new(home.local(now)), &history);
        inner.next = next;
        inner.due.take()
    })
}

/// `backup.schedule`: the next runs, in local time, with the reason for each.
pub fn schedule(host: &dyn Host, data: &str) -> Result<Value> {
    let request: Value = parsed(data)?;
    let count = request
        .get("count")
        .and_then(Value::as_u64)
        .map_or(DEFAULT_COUNT, |count| count.min(MAX_COUNT) as usize);
    let (home, now) = (home(host), utc(host.now()));
    Ok(with(|inner| {
        let jitter_seconds = inner.store.jitter(host);
        let (schedule, history) = (inner.store.config().schedule.clone(), inner.store.history());
        let calendar = Calendar { schedule: &schedule, zone: home.zone(), jitter_seconds };
        // Runs that wait for the clock have no time yet.
        let count = if inner.waits_for_clock { 0 } else { count };
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
            "waits": inner.waits_for_clock,
            "reason": inner.next.reason,
            "time_zone": zone.name(),
            "time_zone_origin": origin,
            "time_zone_problems": problems,
        })
    }))
}

/// The time that many seconds from now.
pub fn later(host: &dyn Host, seconds: i64) -> Instant {
    let now = host.now();
    Instant { seconds: now.seconds.saturating_add(seconds), ..now }
}

/// The home's configuration, read again each time: it changes while a service runs.
pub fn home(host: &dyn Host) -> Home {
    Home::read(host, host.snapshot().as_ref())
}

fn utc(now: Instant) -> DateTime<Utc> {
    DateTime::from_timestamp(now.seconds, now.nanoseconds).unwrap_or_default()
}

fn instant(at: DateTime<Utc>) -> Instant {
    Instant { seconds: at.timestamp(), nanoseconds: at.timestamp_subsec_nanos() }
}
