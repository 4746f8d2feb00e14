//! When automatic backups run: Home Assistant's schedule as pure rules.
//!
//! Owns which instant is next, why, and whether a run is due now. Refuses to know the time, to draw the jitter and to
//! store anything: all three are arguments, and what is to be stored is a result.
//!
//! The idea behind all of it is the **slot**: one local day's run. A slot begins at its wall time in the home's zone (right
//! after the gap where that time does not exist, the first one where it exists twice) and lasts until the next day's slot
//! begins. An attempt, good or bad, by hand or not, uses up the slot in which it starts. Jitter only moves the start within a
//! slot; so neither another jitter, nor a restart, nor a clock that is set back can run a slot twice.
//!
//! * The next run is the first slot of a matching day behind the last attempt.
//! * If its start is past, it was missed: it is made up once, at the next daily time.
//! * A plan that was stored may start up to [`GRACE`] late (a restart, a short sleep); after that it was missed.
//! * A failed run is not made up: the next try is the next matching day. One that the machine cut off is made up, once.
//!
//! The caller's part: on start-up, on every timer, after a clock change, ask [`Calendar::wake`]; if it says to run, save
//! what [`Calendar::start`] returns, then start; else store `next.at` as `planned` and be woken then. After a change of
//! the settings: forget `planned`, then ask [`Calendar::wake`].

mod calendar;
mod history;
mod reason;
mod settings;
mod slots;
#[cfg(test)]
mod tests;

use chrono::{NaiveTime, TimeDelta};

pub use calendar::{Calendar, Next, Wake};
pub use history::History;
pub use settings::{Day, NoTime, Recurrence, Schedule, TimeOfDay};

/// When automatic backups start where no time is set, local: Home Assistant's.
pub const DEFAULT_TIME: TimeOfDay = TimeOfDay::of(match NaiveTime::from_hms_opt(4, 45, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
});
/// The largest jitter where no time is set, in seconds: Home Assistant's. More counts as this.
pub const MAX_JITTER_SECONDS: u32 = 3600;
/// How late a planned run may still start. As long as the jitter: later than that, nobody expects it any more.
pub const GRACE: TimeDelta = TimeDelta::hours(1);
/// How many attempts are remembered, so that a clock set back by that many days repeats none of them.
pub const REMEMBERED: usize = 32;
