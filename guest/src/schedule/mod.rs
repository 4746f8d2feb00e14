//! The schedule of automatic backups: Home Assistant's, as pure rules.
//!
//! Owns which run is next, why, and whether one is due now. Reads no clock, draws no random number and saves nothing: time, jitter
//! and history are arguments, and the history to save is a result.
//!
//! The central idea is the **slot**: the run of one local day. A slot begins at its wall time in the home's time zone and lasts
//! until the slot of the next day begins. If that time does not exist, the slot begins right after the gap; if it exists twice,
//! at the first one. Every attempt, successful or not, automatic or by hand, uses up the slot in which it starts. Jitter only
//! moves the start within a slot. So neither a new jitter, nor a restart, nor a clock that is set back can run a slot twice.
//!
//! * The next run is the first slot of a matching day after the last attempt.
//! * If its start has passed, it was missed, and is made up once, at the next daily time.
//! * A planned run may start up to [`GRACE`] late (after a restart or a short sleep). Later than that, it was missed.
//! * A failed run is not made up; the next attempt is on the next matching day. An interrupted run is made up, once.
//! * A run that was due in time but had to wait, because the manager was busy, starts however late: [`Calendar::wake_after_waiting`].
//!   Else a long backup of one schedule would displace the run of another forever.
//!
//! The caller asks [`Calendar::wake`] at start-up, on every timer and after a clock change. If a run is due, it saves the result of
//! [`Calendar::start`] and then starts the backup; else it saves `next.at` as `planned` and wakes then. After a change of the
//! settings it clears `planned` and asks [`Calendar::wake`].

mod calendar;
mod history;
mod name;
mod reason;
mod settings;
mod slots;
#[cfg(test)]
mod tests;

use chrono::{NaiveTime, TimeDelta};

pub use calendar::{Calendar, Next, Wake};
pub use history::History;
pub use name::{InvalidName, ScheduleName};
pub use settings::{Day, InvalidTime, Recurrence, Schedule, TimeOfDay};

/// The local time at which automatic backups start if no time is set: Home Assistant's.
pub const DEFAULT_TIME: TimeOfDay = TimeOfDay::of(match NaiveTime::from_hms_opt(4, 45, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
});
/// The largest jitter in seconds if no time is set: Home Assistant's. Larger values count as this one.
pub const MAX_JITTER_SECONDS: u32 = 3600;
/// How late a planned run may start. As long as the largest jitter, within which a start is expected anyway.
pub const GRACE: TimeDelta = TimeDelta::hours(1);
/// How many earlier attempts are remembered. A clock set back by up to that many days repeats none of them.
pub const REMEMBERED: usize = 32;
