//! The scheduler: timers by owner and name. Knows which of them are due, but neither schedules nor the purpose of a timer.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::model::Timestamp;
use crate::time::clock::Clock;
use crate::tunables::{MAX_SLEEP, MAX_TIMERS, MAX_WORD};

/// The timers of one owner, in a scheduler that all owners share. Cheap to clone.
#[derive(Clone)]
pub struct Scheduler {
    inner: Arc<Inner>,
    owner: Arc<str>,
}

/// A timer that is set or due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    /// The owner: a plugin's name.
    pub owner: Arc<str>,
    /// The name that the owner chose.
    pub name: String,
}

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    woken: Condvar,
}

#[derive(Default)]
struct State {
    timers: BTreeMap<Timer, Timestamp>,
    is_woken: bool,
}

impl Scheduler {
    /// A new scheduler.
    pub fn new(owner: &str) -> Self {
        Self { inner: Arc::default(), owner: owner.into() }
    }

    /// The same scheduler for the timers of another owner.
    #[must_use]
    pub fn of(&self, owner: &str) -> Self {
        Self { inner: self.inner.clone(), owner: owner.into() }
    }

    /// Sets a timer, and replaces the owner's timer of the same name.
    pub fn set(&self, name: String, at: Timestamp) -> Result<()> {
        let mut state = self.state();
        let timer = self.timer(name);
        let own = state.timers.keys().filter(|timer| timer.owner == self.owner).count();
        let is_new = !state.timers.contains_key(&timer);
        if timer.name.chars().count() > MAX_WORD || is_new && own >= MAX_TIMERS {
            return Err(Error::Limit(format!(
                "a plugin may set {MAX_TIMERS} timers, with names of up to {MAX_WORD} characters"
            )));
        }
        state.timers.insert(timer, at);
        drop(state);
        self.wake();
        Ok(())
    }

    /// Removes a timer.
    pub fn cancel(&self, name: &str) {
        let timer = self.timer(name.to_owned());
        self.state().timers.remove(&timer);
    }

    /// Removes all timers of this owner.
    pub fn clear(&self) {
        self.state().timers.retain(|timer, _| timer.owner != self.owner);
    }

    /// The next timer of all owners: the earliest, then by owner and name.
    pub fn next(&self) -> Option<(Timestamp, Timer)> {
        self.state().timers.iter().map(|(timer, at)| (*at, timer.clone())).min()
    }

    /// Removes and returns the next timer if it is due at `now`.
    pub fn take_due(&self, now: Timestamp) -> Option<Timer> {
        let (_, timer) = self.next().filter(|(at, _)| *at <= now)?;
        self.state().timers.remove(&timer);
        Some(timer)
    }

    /// Makes the timers of all owners due, so that they plan again: the local time has changed, because the zone changed or the
    /// clock was set back.
    pub fn make_all_due(&self, now: Timestamp) {
        self.state().timers.values_mut().for_each(|at| *at = now.min(*at));
    }

    fn timer(&self, name: String) -> Timer {
        Timer { owner: self.owner.clone(), name }
    }

    /// Ends a call of `wait`.
    pub fn wake(&self) {
        self.state().is_woken = true;
        self.inner.woken.notify_all();
    }

    /// Waits until the next timer or `other` is due, until `wake` is called, or until `most` has passed. Never waits longer than
    /// [`MAX_SLEEP`], because the clock may be set in the meantime.
    pub fn wait(&self, clock: &Clock, other: Option<Timestamp>, most: Duration) {
        let next = self.next().map(|(at, _)| at).into_iter().chain(other).min();
        let most = most.min(MAX_SLEEP);
        let wait = next.map_or(most, |at| clock.until(at).min(most));
        // Round up, so that a timer that is due in the middle of a millisecond is not checked too early.
        let wait = wait + Duration::from_millis(1);
        let waited = self.inner.woken.wait_timeout_while(self.state(), wait, |state| !state.is_woken);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.is_woken = false;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
