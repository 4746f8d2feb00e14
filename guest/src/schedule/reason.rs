//! The reason for the time of a run, as a human-readable sentence.
//!
//! Owns the sentences. Decides nothing.

use chrono::{NaiveDate, TimeDelta};

use super::slots::{Occurrence, Slot};
use super::{Day, MAX_JITTER_SECONDS, Recurrence, Schedule};

/// Why nothing is scheduled.
pub(super) fn none(schedule: &Schedule) -> String {
    let why = match schedule.recurrence {
        Recurrence::Never => "never: automatic backups are off",
        Recurrence::CustomDays if schedule.days.is_empty() => "never: no day of the week is chosen",
        Recurrence::CustomDays | Recurrence::Daily => "never: the calendar ends before the next run",
    };
    why.to_owned()
}

/// A run that must be made up because nothing ran at its time.
pub(super) fn missed(date: NaiveDate) -> String {
    format!("the run of {date} was missed")
}

/// A run that must be made up because it was interrupted.
pub(super) fn interrupted(date: NaiveDate) -> String {
    format!("the run of {date} was interrupted")
}

/// A run on one of the schedule's days.
pub(super) fn regular(schedule: &Schedule, slot: &Slot, missed: Option<String>) -> String {
    let missed = missed.map(|missed| format!("; {missed}")).unwrap_or_default();
    format!("{} {}{}{missed}", days(schedule), time(schedule), clock_change(schedule, slot))
}

/// A run on another day.
pub(super) fn made_up(schedule: &Schedule, slot: &Slot, missed: Option<String>) -> String {
    let missed = missed.unwrap_or_else(|| "a run was missed".to_owned());
    format!(
        "{missed}; it is made up at the next daily time, {}{}",
        time(schedule),
        clock_change(schedule, slot)
    )
}

/// Adds how late the run starts, if it is a minute or more.
pub(super) fn late(reason: String, late: TimeDelta) -> String {
    match late.num_minutes() {
        ..1 => reason,
        1 => format!("{reason}; started a minute late"),
        minutes => format!("{reason}; started {minutes} minutes late"),
    }
}

fn days(schedule: &Schedule) -> String {
    if schedule.recurrence == Recurrence::Daily {
        return "daily".to_owned();
    }
    let mut days = schedule.days.clone();
    days.sort();
    days.dedup();
    let names: Vec<&str> = days.into_iter().map(name).collect();
    format!("every {}", names.join(", "))
}

fn name(day: Day) -> &'static str {
    match day {
        Day::Mon => "Monday",
        Day::Tue => "Tuesday",
        Day::Wed => "Wednesday",
        Day::Thu => "Thursday",
        Day::Fri => "Friday",
        Day::Sat => "Saturday",
        Day::Sun => "Sunday",
    }
}

fn time(schedule: &Schedule) -> String {
    let from = schedule.wall_time();
    let until = from.overflowing_add_signed(TimeDelta::seconds(MAX_JITTER_SECONDS.into())).0;
    let (from, until) = (from.format("%H:%M"), until.format("%H:%M"));
    match schedule.time {
        Some(_) => format!("at {from}"),
        None => format!("between {from} and {until}, because no time is set"),
    }
}

fn clock_change(schedule: &Schedule, slot: &Slot) -> String {
    let time = schedule.wall_time().format("%H:%M");
    match slot.occurrence {
        Occurrence::Once => String::new(),
        Occurrence::Skipped => {
            format!("; {time} does not exist that day, so it runs right after the clocks go forward")
        }
        Occurrence::Twice => format!("; {time} occurs twice that day, so it runs the first time"),
    }
}
