//! The shutdown of all deliveries, and the wait for it.
//!
//! Every wait is on one condition variable, so that a shutdown can end it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How far the shutdown has progressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// There is no shutdown.
    Open,
    /// Running deliveries may finish; no new one begins.
    Closing,
    /// Running deliveries are interrupted.
    Ended,
}

/// The phase of the shutdown, which all deliveries watch.
pub struct Shutdown {
    phase: Mutex<Phase>,
    changed: Condvar,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { phase: Mutex::new(Phase::Open), changed: Condvar::new() }
    }
}

impl Shutdown {
    /// Enters a phase.
    pub fn set(&self, phase: Phase) {
        *self.lock() = phase;
        self.changed.notify_all();
    }

    /// The current phase.
    pub fn phase(&self) -> Phase {
        *self.lock()
    }

    /// Wakes all waiting threads, so that they check their conditions again.
    pub fn notify(&self) {
        // Hold the lock: otherwise a thread between its check and its wait would miss the notification.
        let _phase = self.lock();
        self.changed.notify_all();
    }

    /// Waits until the condition is true, or until `time` has passed. Returns whether it is true.
    pub fn wait(&self, time: Duration, condition: impl Fn(Phase) -> bool) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), time, |phase| !condition(*phase));
        let (phase, _) = waited.unwrap_or_else(PoisonError::into_inner);
        condition(*phase)
    }

    fn lock(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits between two attempts. Tests replace it.
pub trait Pause: Send + Sync {
    /// Waits for `time`, or until the shutdown begins.
    fn pause(&self, time: Duration, shutdown: &Shutdown);
}

/// Waits in real time.
pub struct RealTime;

impl Pause for RealTime {
    fn pause(&self, time: Duration, shutdown: &Shutdown) {
        shutdown.wait(time, |phase| phase > Phase::Open);
    }
}
