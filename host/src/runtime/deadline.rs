//! The time limit for something that a plugin was asked to do.

use std::time::Duration;

use crate::time::stopwatch::Stopwatch;

/// A limit that starts when it is made.
pub(super) struct Deadline {
    /// What the plugin is doing, as a clause for messages: `it was set up`.
    pub(super) what: String,
    since: Stopwatch,
    most: Duration,
    /// How messages refer to the limit.
    limit: &'static str,
}

/// How messages refer to the limit of an action.
pub(super) const ACTION_TIME: &str = " (limit action-time)";

impl Deadline {
    pub(super) fn new(what: String, most: Duration, limit: &'static str) -> Self {
        Self { what, since: Stopwatch::start(), most, limit }
    }

    /// Why it is too late, if it is.
    pub(super) fn is_late(&self) -> Option<String> {
        let Self { since, most, limit, .. } = self;
        (since.elapsed() > *most).then(|| format!("it took longer than {} s{limit}", most.as_secs_f64()))
    }
}
