//! Repeats calls that may succeed in a moment, with growing pauses, until there was no progress for too long.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::context::Context;
use super::random;
use super::time::Time;
use crate::error::{Error, Result};
use crate::limits;
use crate::stop::Stop;

/// A deadline that progress puts off.
pub struct Patience {
    time: Arc<dyn Time>,
    limit: Duration,
    since: Mutex<Duration>,
}

impl Patience {
    pub fn new(context: &Context, limit: Duration) -> Self {
        let time = context.time.clone();
        let since = Mutex::new(time.now());
        Self { time, limit, since }
    }

    /// There was progress.
    pub fn touch(&self) {
        let now = self.time.now();
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Waits before the next attempt after `attempts` failed ones. Returns the error if there is no time left.
    pub fn pause(&self, attempts: u32, error: Error, stop: &Stop) -> Result<()> {
        stop.check()?;
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let left = self.limit.saturating_sub(self.time.now().saturating_sub(since));
        if left.is_zero() {
            let message =
                format!("{}; given up after {} s without progress", error.message, self.limit.as_secs());
            return Err(Error { message, ..error });
        }
        self.time.wait(pause(attempts).min(left), stop)
    }
}

/// Half of the doubled pause is random, so that several clients do not come back together.
fn pause(attempts: u32) -> Duration {
    let doubled = limits::FIRST_PAUSE.saturating_mul(1 << attempts.min(10)).min(limits::LONGEST_PAUSE);
    let half = doubled / 2;
    half + Duration::from_millis(random::below(u64::try_from(half.as_millis()).unwrap_or(0)))
}

/// Repeats a call while its errors are transient.
pub fn retry<T>(patience: &Patience, stop: &Stop, mut call: impl FnMut() -> Result<T>) -> Result<T> {
    let mut attempts = 0;
    loop {
        stop.check()?;
        match call() {
            Err(error) if error.is_transient() => patience.pause(attempts, error, stop)?,
            Err(error) => {
                stop.check()?;
                return Err(error);
            }
            Ok(value) => return Ok(value),
        }
        attempts += 1;
    }
}

/// Repeats a short call.
pub fn call<T>(context: &Context, stop: &Stop, call: impl FnMut() -> Result<T>) -> Result<T> {
    retry(&Patience::new(context, limits::CALL_PATIENCE), stop, call)
}
