//! A plugin that is being set up, and how long anything that is asked of one may take.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use super::Failure;
use super::instance::Manager;
use crate::model::Action;
use crate::time::stopwatch::Stopwatch;

/// What is waited for, since when and for how long.
pub(super) struct Wanted {
    pub(super) what: String,
    since: Stopwatch,
    most: Duration,
    /// What that is called.
    limit: &'static str,
}

/// The limit of an action, for people.
pub(super) const ACTION_TIME: &str = " (limit action-time)";

impl Wanted {
    pub(super) fn new(what: String, most: Duration, limit: &'static str) -> Self {
        Self { what, since: Stopwatch::start(), most, limit }
    }

    pub(super) fn is_late(&self) -> Option<String> {
        let Self { since, most, limit, .. } = self;
        (since.elapsed() > *most).then(|| format!("it took longer than {} s{limit}", most.as_secs_f64()))
    }
}

/// A plugin that is being set up. Dropping it ends that.
pub struct Starting {
    pub(super) manager: Manager,
    pub(super) ready: Receiver<Vec<Action>>,
    pub(super) wanted: Wanted,
}

/// How far a plugin is that is being set up.
pub enum Started {
    Ready(Manager),
    NotYet(Starting),
}

impl Starting {
    /// Waits until it is set up, at most so long.
    pub fn poll(self, most: Duration) -> Result<Started, Failure> {
        let Self { mut manager, ready, wanted } = self;
        Ok(match manager.watch.look(&wanted, &ready, most)? {
            Some(actions) => {
                manager.actions = actions;
                Started::Ready(manager)
            }
            None => Started::NotYet(Self { manager, ready, wanted }),
        })
    }
}
