//! How everything that delivers is told to end, and how whoever tells it waits for that.
//!
//! Time goes by on a condition variable only, so whatever waits here can be woken.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How far the end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Open,
    /// What is under way may end, nothing new begins.
    Closing,
    /// What is under way is interrupted.
    Ended,
}

/// The bell that everybody hears.
pub struct Stop {
    phase: Mutex<Phase>,
    bell: Condvar,
}

impl Default for Stop {
    fn default() -> Self {
        Self { phase: Mutex::new(Phase::Open), bell: Condvar::new() }
    }
}

impl Stop {
    pub fn set(&self, phase: Phase) {
        *self.lock() = phase;
        self.bell.notify_all();
    }

    pub fn phase(&self) -> Phase {
        *self.lock()
    }

    /// Lets everybody who waits look again.
    pub fn ring(&self) {
        // With the lock, or a bell between somebody's look and sleep would not be heard.
        let _phase = self.lock();
        self.bell.notify_all();
    }

    /// Waits until something holds, at most so long. Whether it holds.
    pub fn wait(&self, time: Duration, holds: impl Fn(Phase) -> bool) -> bool {
        let waited = self.bell.wait_timeout_while(self.lock(), time, |phase| !holds(*phase));
        let (phase, _) = waited.unwrap_or_else(PoisonError::into_inner);
        holds(*phase)
    }

    fn lock(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the time between two attempts goes by.
pub trait Pause: Send + Sync {
    /// Comes back after the time, or earlier when `stop` is told to close.
    fn pause(&self, time: Duration, stop: &Stop);
}

/// As it does.
pub struct RealTime;

impl Pause for RealTime {
    fn pause(&self, time: Duration, stop: &Stop) {
        stop.wait(time, |phase| phase > Phase::Open);
    }
}
