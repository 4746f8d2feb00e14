//! The scheduler: timers by name, and which of them the clock has reached. Knows no schedule and no reason.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::model::Timestamp;
use crate::options::{LONGEST_NAP, MAX_TIMERS, MAX_WORD};

/// Cheap to clone; every clone is the same scheduler.
#[derive(Clone, Default)]
pub struct Scheduler {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    woken: Condvar,
}

#[derive(Default)]
struct State {
    timers: BTreeMap<String, Timestamp>,
    is_woken: bool,
}

impl Scheduler {
    pub fn set(&self, name: String, at: Timestamp) -> Result<()> {
        let mut state = self.state();
        let is_new = !state.timers.contains_key(&name);
        if name.chars().count() > MAX_WORD || is_new && state.timers.len() >= MAX_TIMERS {
            return Err(Error::Limit(format!("more than {MAX_TIMERS} timers, or a name too long")));
        }
        state.timers.insert(name, at);
        drop(state);
        self.wake();
        Ok(())
    }

    pub fn cancel(&self, name: &str) {
        self.state().timers.remove(name);
    }

    /// Forgets every timer: whoever set them is gone.
    pub fn clear(&self) {
        self.state().timers.clear();
    }

    /// The timer that comes next, the earliest first and then by name.
    pub fn next(&self) -> Option<(Timestamp, String)> {
        self.state().timers.iter().map(|(name, at)| (*at, name.clone())).min()
    }

    /// Takes the next timer if `now` has reached it: it will not fire again unless it is set again.
    pub fn take_due(&self, now: Timestamp) -> Option<String> {
        let (_, name) = self.next().filter(|(at, _)| *at <= now)?;
        self.cancel(&name);
        Some(name)
    }

    /// Ends a `wait`.
    pub fn wake(&self) {
        self.state().is_woken = true;
        self.inner.woken.notify_all();
    }

    /// Waits until the next timer or `other` is due, somebody wakes, or a while has passed: the clock may have been set
    /// meanwhile.
    pub fn wait(&self, clock: &Clock, other: Option<Timestamp>) {
        let next = self.next().map(|(at, _)| at).into_iter().chain(other).min();
        let nap = next.map_or(LONGEST_NAP, |at| clock.until(at).min(LONGEST_NAP));
        // A timer that is reached in the middle of a millisecond must not be looked at before it.
        let nap = nap + Duration::from_millis(1);
        let waited = self.inner.woken.wait_timeout_while(self.state(), nap, |state| !state.is_woken);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.is_woken = false;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
