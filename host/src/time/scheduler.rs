//! The scheduler: timers by owner and name, and which of them the clock has reached. Knows no schedule and no reason.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::model::Timestamp;
use crate::options::{LONGEST_NAP, MAX_TIMERS, MAX_WORD};
use crate::time::clock::Clock;

/// Cheap to clone; every clone is the same scheduler, seen by the same owner of timers.
#[derive(Clone)]
pub struct Scheduler {
    inner: Arc<Inner>,
    owner: Arc<str>,
}

/// A timer that is set or due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timer {
    /// Whose it is.
    pub owner: Arc<str>,
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
    pub fn new(owner: &str) -> Self {
        Self { inner: Arc::default(), owner: owner.into() }
    }

    /// The same scheduler for the timers of somebody else.
    #[must_use]
    pub fn of(&self, owner: &str) -> Self {
        Self { inner: self.inner.clone(), owner: owner.into() }
    }

    pub fn set(&self, name: String, at: Timestamp) -> Result<()> {
        let mut state = self.state();
        let timer = self.timer(name);
        let own = state.timers.keys().filter(|timer| timer.owner == self.owner).count();
        let is_new = !state.timers.contains_key(&timer);
        if timer.name.chars().count() > MAX_WORD || is_new && own >= MAX_TIMERS {
            return Err(Error::Limit(format!("more than {MAX_TIMERS} timers, or a name too long")));
        }
        state.timers.insert(timer, at);
        drop(state);
        self.wake();
        Ok(())
    }

    pub fn cancel(&self, name: &str) {
        let timer = self.timer(name.to_owned());
        self.state().timers.remove(&timer);
    }

    /// Forgets every timer of this owner: it is gone.
    pub fn clear(&self) {
        self.state().timers.retain(|timer, _| timer.owner != self.owner);
    }

    /// The timer that comes next, whoever's it is: the earliest first, then by owner and name.
    pub fn next(&self) -> Option<(Timestamp, Timer)> {
        self.state().timers.iter().map(|(timer, at)| (*at, timer.clone())).min()
    }

    /// Takes the next timer if `now` has reached it: it will not fire again unless it is set again.
    pub fn take_due(&self, now: Timestamp) -> Option<Timer> {
        let (_, timer) = self.next().filter(|(at, _)| *at <= now)?;
        self.state().timers.remove(&timer);
        Some(timer)
    }

    /// Makes every timer due, whoever's it is: the home's clocks show something else now, by another zone or
    /// because they were set back, and owners reckon anew.
    pub fn make_all_due(&self, now: Timestamp) {
        self.state().timers.values_mut().for_each(|at| *at = now.min(*at));
    }

    fn timer(&self, name: String) -> Timer {
        Timer { owner: self.owner.clone(), name }
    }

    /// Ends a `wait`.
    pub fn wake(&self) {
        self.state().is_woken = true;
        self.inner.woken.notify_all();
    }

    /// Waits until the next timer or `other` is due, somebody wakes, or `most` has passed; in any case for no longer than the
    /// clock may go unwatched: it may be set.
    pub fn wait(&self, clock: &Clock, other: Option<Timestamp>, most: Duration) {
        let next = self.next().map(|(at, _)| at).into_iter().chain(other).min();
        let most = most.min(LONGEST_NAP);
        let nap = next.map_or(most, |at| clock.until(at).min(most));
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
