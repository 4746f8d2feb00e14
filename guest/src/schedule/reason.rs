//! Why a run is when it is, for people.
//!
//! Owns the words. Refuses to decide anything.

use chrono::{NaiveDate, TimeDelta};

use super::slots::{Slot, Wall};
use super::{Day, MAX_JITTER_SECONDS, Recurrence, Schedule};

/// Why nothing is scheduled.
pub(super) fn none(schedule: &Schedule) -> String {
    let why = match schedule.recurrence {
        Recurrence::Never => "never: automatic backups are off",
        Recurrence::CustomDays if schedule.days.is_empty() => "never: no day of the week is chosen",
        Recurrence::CustomDays | Recurrence::Daily => "never: the calendar ends before",
    };
    why.to_owned()
}

/// A run that is to be made up, since nothing ran at its time.
pub(super) fn missed(date: NaiveDate) -> String {
    format!("the run of {date} was missed")
}

/// A run that is to be made up, since it never ended.
pub(super) fn cut_off(date: NaiveDate) -> String {
    format!("the run of {date} was cut off")
}

/// A run on one of the schedule's own days.
pub(super) fn regular(schedule: &Schedule, slot: &Slot, missed: Option<String>) -> String {
    let missed = missed.map(|missed| format!("; {missed}")).unwrap_or_default();
    format!("{} {}{}{missed}", days(schedule), time(schedule), clocks(schedule, slot))
}

/// A run on another day.
pub(super) fn made_up(schedule: &Schedule, slot: &Slot, missed: Option<String>) -> String {
    let missed = missed.unwrap_or_else(|| "a run was missed".to_owned());
    format!("{missed}; made up at the next daily time, {}{}", time(schedule), clocks(schedule, slot))
}

/// The same with how late it starts, from a minute on.
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
        None => format!("between {from} and {until}, as no time is set"),
    }
}

fn clocks(schedule: &Schedule, slot: &Slot) -> String {
    let time = schedule.wall_time().format("%H:%M");
    match slot.wall {
        Wall::Once => String::new(),
        Wall::Skipped => format!("; {time} does not exist that day: right after the clocks go forward"),
        Wall::Twice => format!("; {time} comes twice that day: the first time"),
    }
}
