//! Tests of the schedule, case by case and over simulated years. This file has the helpers; it contains no rule.

mod clock_changes;
mod local_time;
mod planning;
mod settings;
mod years;

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use larder_zone::Zone;

use super::*;
use crate::testing::zone;

/// Time zones with unusual clock changes, and one without any.
static ZONES: LazyLock<[Zone; 11]> = LazyLock::new(|| {
    [
        zone("Europe/Berlin"),
        zone("America/New_York"),
        zone("Australia/Lord_Howe"),
        zone("Asia/Kathmandu"),
        zone("Africa/Casablanca"),
        zone("America/Santiago"),
        zone("Asia/Beirut"),
        zone("America/Nuuk"),
        zone("Pacific/Apia"),
        zone("America/St_Johns"),
        Zone::UTC,
    ]
});

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn minutes(count: i64) -> TimeDelta {
    TimeDelta::minutes(count)
}

/// `daily`, `mon wed`, … with a time, or `-` for none.
fn schedule(days: &str, time: &str) -> Schedule {
    let time = (time != "-").then(|| TimeOfDay::parse(time).unwrap());
    match days {
        "never" => Schedule { time, ..Schedule::default() },
        "daily" => Schedule { recurrence: Recurrence::Daily, time, ..Schedule::default() },
        days => {
            let days =
                days.split_whitespace().map(|day| serde_json::from_str(&format!("\"{day}\"")).unwrap());
            Schedule { days: days.collect(), recurrence: Recurrence::CustomDays, time }
        }
    }
}

/// A history with one successful attempt.
fn ran(text: &str) -> History {
    History { last_attempted: Some(at(text)), last_completed: Some(at(text)), ..History::default() }
}

/// A simulated home that follows its schedule, with a clock that the test moves.
struct Home {
    schedule: Schedule,
    zone: Zone,
    jitter: u32,
    history: History,
    /// The clock as the home sees it.
    now: DateTime<Utc>,
    /// The runs that the schedule started.
    runs: Vec<DateTime<Utc>>,
}

impl Home {
    fn new(schedule: Schedule, zone: Zone, now: DateTime<Utc>) -> Self {
        let mut home = Self { schedule, zone, jitter: 0, history: History::default(), now, runs: Vec::new() };
        home.wake();
        home
    }

    fn calendar(&self) -> Calendar<'_> {
        Calendar { schedule: &self.schedule, zone: self.zone, jitter_seconds: self.jitter }
    }

    /// Start-up, a timer, or a clock change. Returns when to wake next.
    fn wake(&mut self) -> Option<DateTime<Utc>> {
        let wake = self.calendar().wake(&self.history, self.now);
        if wake.run.is_some() {
            self.runs.push(self.now);
            self.start();
            assert_eq!(self.history.planned, wake.next.at);
        } else {
            self.history.planned = wake.next.at;
        }
        wake.next.at
    }

    /// A backup starts, by the schedule or by hand.
    fn start(&mut self) {
        self.history = self.calendar().start(&self.history, self.now).0;
    }

    /// Runs for that long.
    fn live(&mut self, time: TimeDelta) {
        let end = self.now + time;
        let mut wakes = 0;
        while let Some(next) = self.wake().filter(|next| *next <= end) {
            assert!(next >= self.now, "{next} is past at {}", self.now);
            self.now = next;
            wakes += 1;
            assert!(wakes <= 2 * time.num_days() + 9, "woken again and again at {next}, and nothing runs");
        }
        self.now = end;
    }

    /// Off for that long, then started again.
    fn sleep(&mut self, time: TimeDelta) {
        self.now += time;
        self.wake();
    }
}
