//! Plans the next backup of each schedule and sets the timer for the earliest.
//!
//! The rules are in `crate::schedule`. While the clock is not set, nothing is planned.

use chrono::{DateTime, Utc};
use larder_zone::Zone;
use serde_json::{Value, json};

use crate::archive::Instant;
use crate::error::Result;
use crate::home::{Home, iso};
use crate::manager::entities::Trigger;
use crate::manager::histories::Which;
use crate::manager::job::parsed;
use crate::manager::log;
use crate::manager::state::{Inner, with};
use crate::ports::{HomeZone, Host};
use crate::schedule::{Calendar, Next, Recurrence, ScheduleName};
use crate::settings::Moment;

/// The timer that fires when a backup of any schedule is due.
pub const RUN: &str = "automatic";
/// Seconds until another try while the manager is busy or the clock is not set.
pub const RETRY: i64 = 60;
/// Runs in the answer of `backup.schedule` if the request has no `count`.
const DEFAULT_COUNT: usize = 5;
/// The most runs in that answer.
const MAX_COUNT: u64 = 1000;

/// Plans the next backup of each schedule, and finds out which are due now.
pub fn plan(host: &dyn Host) {
    let (zone, now) = (home(host).zone(), utc(host.now()));
    let is_unset = host.unset_clock().is_some();
    with(|inner| {
        inner.schedules().into_iter().for_each(|which| plan_one(host, inner, which, zone, now, is_unset))
    });
    wait_for_clock(host);
}

fn plan_one(
    host: &dyn Host,
    inner: &mut Inner,
    which: Which,
    zone: Zone,
    now: DateTime<Utc>,
    is_unset: bool,
) {
    let schedule = inner.schedule(which);
    if let Some(name) = which {
        inner.store.set_schedule(name, &schedule);
    }
    let history = inner.store.history(which);
    let jitter_seconds = inner.store.jitter(host, which);
    let calendar = Calendar { schedule: &schedule, zone, jitter_seconds };
    let Some(due) = inner.due_of(which) else { return };
    // One that is due waits for the operation that is running, however long that takes.
    let wake = match due {
        Some(_) => calendar.wake_after_waiting(&history, now),
        None => calendar.wake(&history, now),
    };
    *due = wake.run;
    // A run that is due stays planned until it has begun.
    if due.is_none() && !is_unset {
        inner.store.set_planned(which, wake.next.at);
    }
    let mut next = wake.next;
    if which.is_some() && schedule.recurrence == Recurrence::Never {
        next.reason = "never: this schedule is off".into();
    }
    inner.set_next(which, next);
}

/// If the clock is not set, drops the plans and logs that automatic backups wait.
fn wait_for_clock(host: &dyn Host) {
    let is_planned = with(|inner| inner.first_due().is_some() || inner.earliest().is_some());
    let unset = host.unset_clock().filter(|_| is_planned);
    let waited = with(|inner| std::mem::replace(&mut inner.waits_for_clock, unset.is_some()));
    match unset {
        Some(unset) => {
            let reason = format!("{unset}; automatic backups wait until it is");
            if !waited {
                log::warn(host, &reason);
            }
            with(|inner| {
                for which in inner.schedules() {
                    inner.due_of(which).map(Option::take);
                    inner.set_next(which, Next { at: None, additional: false, reason: reason.clone() });
                }
            });
        }
        None if waited => log::info(host, &format!("the clock is set; {}", upcoming(host, None))),
        None => {}
    }
}

/// Sets the timer for the earliest planned run.
pub fn set_timers(host: &dyn Host) {
    let (is_due, next, waits) =
        with(|inner| (inner.first_due().is_some(), inner.earliest(), inner.waits_for_clock));
    match next {
        _ if waits => host.set_timer(RUN, later(host, RETRY)),
        _ if is_due => host.set_timer(RUN, host.now()),
        Some(at) => host.set_timer(RUN, instant(at)),
        None => host.cancel_timer(RUN),
    }
}

/// When the next backup of a schedule runs, as a sentence.
pub fn upcoming(host: &dyn Host, which: Which) -> String {
    let Next { at, reason, .. } = with(|inner| inner.next_of(which));
    let what = log::kind(Trigger::of(which));
    match at {
        Some(at) => {
            let at = home(host).local_time(at);
            format!("the next {what} is at {}", at.format("%a %Y-%m-%d %H:%M %:z"))
        }
        None => format!("no {what} is planned ({reason})"),
    }
}

/// A backup of a schedule begins: remembers the attempt and plans the next one. Returns why the schedule starts it now; `None` if
/// a client asked for it.
pub fn attempt(host: &dyn Host, which: Which) -> Option<String> {
    let (home, now) = (home(host), host.now());
    with(|inner| {
        let jitter_seconds = inner.store.jitter(host, which);
        let schedule = inner.schedule(which);
        let calendar = Calendar { schedule: &schedule, zone: home.zone(), jitter_seconds };
        let (history, next) = calendar.start(&inner.store.history(which), utc(now));
        inner.store.set_attempted(which, Moment::new(home.local(now)), &history);
        inner.set_next(which, next);
        inner.due_of(which).and_then(Option::take)
    })
}

/// `backup.schedule`: the next runs, in local time, with the reason for each. Those of the schedules of `larder.toml` are in
/// `schedules`, if there are any.
pub fn schedule(host: &dyn Host, data: &str) -> Result<Value> {
    let request: Value = parsed(data)?;
    let count = request
        .get("count")
        .and_then(Value::as_u64)
        .map_or(DEFAULT_COUNT, |count| count.min(MAX_COUNT) as usize);
    let (home, now) = (home(host), utc(host.now()));
    Ok(with(|inner| {
        // Runs that wait for the clock have no time yet.
        let count = if inner.waits_for_clock { 0 } else { count };
        let names: Vec<ScheduleName> = inner.named.keys().copied().collect();
        let named: Vec<Value> = names
            .into_iter()
            .map(|name| {
                let runs = runs(host, inner, Some(name), &home, now, count);
                json!({"name": name, "runs": runs, "reason": inner.next_of(Some(name)).reason})
            })
            .collect();
        let HomeZone { zone, origin, problems, .. } = &home.time_zone;
        let mut answer = json!({
            "runs": runs(host, inner, None, &home, now, count),
            "waits": inner.waits_for_clock,
            "reason": inner.next.reason,
            "time_zone": zone.name(),
            "time_zone_origin": origin,
            "time_zone_problems": problems,
        });
        if let (Some(answer), false) = (answer.as_object_mut(), named.is_empty()) {
            answer.insert("schedules".into(), named.into());
        }
        answer
    }))
}

/// The next runs of one schedule.
fn runs(
    host: &dyn Host,
    inner: &mut Inner,
    which: Which,
    home: &Home,
    now: DateTime<Utc>,
    count: usize,
) -> Vec<Value> {
    let jitter_seconds = inner.store.jitter(host, which);
    let (schedule, history) = (inner.schedule(which), inner.store.history(which));
    let calendar = Calendar { schedule: &schedule, zone: home.zone(), jitter_seconds };
    let shown = |next: Next| {
        let local = home.local_time(next.at?);
        Some(json!({
            "at": iso(&local),
            "local": local.format("%a %Y-%m-%d %H:%M %:z").to_string(),
            "additional": next.additional,
            "reason": next.reason,
        }))
    };
    calendar.upcoming(&history, now, count).into_iter().filter_map(shown).collect()
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
