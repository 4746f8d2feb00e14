//! The waits of a thread: what it waits for, and for how long.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::automation::clock_history::ClockHistory;
use crate::automation::home::Home;
use crate::automation::model::Template;
use crate::automation::templates::Reads;
use crate::automation::triggers::Watch;
use crate::automation::zone::{self, Every};
use crate::model::Timestamp;

/// What a thread is waiting for.
#[derive(Debug)]
pub enum Wait {
    Ready,
    Until(Timestamp),
    Call {
        call: u64,
        action: String,
        response: Option<String>,
    },
    Template {
        value: Template,
        reads: Reads,
        again: Option<Timestamp>,
        limit: Limit,
    },
    Trigger {
        watch: Watch,
        limit: Limit,
    },
    /// Its parallel branches.
    Branches,
}

/// The deadline of a wait, and whether the run continues after it.
#[derive(Debug, Clone)]
pub struct Limit {
    pub due: Option<Timestamp>,
    pub continues_on_timeout: bool,
}

impl Limit {
    /// Whether the deadline has passed.
    pub fn is_over(&self, home: &Home) -> bool {
        self.due.is_some_and(|due| due <= home.now)
    }

    fn shift(&mut self, by: TimeDelta) {
        self.due = self.due.map(|due| zone::plus(due, by));
    }

    /// The remaining seconds, or null without a deadline.
    pub fn remaining(&self, home: &Home) -> Value {
        self.due.map_or(Value::Null, |due| {
            let left = zone::utc(due).signed_duration_since(zone::utc(home.now));
            json!(left.num_milliseconds().max(0) as f64 / 1000.0)
        })
    }
}

impl Wait {
    /// When the wait needs the time.
    pub fn next(&self) -> Option<Timestamp> {
        match self {
            Self::Until(due) => Some(*due),
            Self::Template { again, limit, .. } => again.iter().chain(&limit.due).min().copied(),
            Self::Trigger { watch, limit } => watch.next().into_iter().chain(limit.due).min(),
            Self::Ready | Self::Call { .. } | Self::Branches => None,
        }
    }

    /// The clock or the time zone changed. `by` is how far the clock was set.
    pub fn clock_changed(&mut self, by: TimeDelta, home: &Home, history: &ClockHistory) {
        match self {
            Self::Until(due) => *due = zone::plus(*due, by),
            Self::Template { again, limit, .. } => {
                *again = again.and_then(|_| {
                    zone::next_pattern(home.zone, home.now, Every::Any, Every::Any, Every::Is(0))
                });
                limit.shift(by);
            }
            Self::Trigger { watch, limit } => {
                watch.clock_changed(home, history);
                watch.shift(by);
                limit.shift(by);
            }
            Self::Ready | Self::Call { .. } | Self::Branches => {}
        }
    }

    /// Whether it waits for an event of this name.
    pub fn hears(&self, name: &str) -> bool {
        matches!(self, Self::Trigger { watch, .. } if watch.hears(name))
    }
}
