//! A rate limiter: all transfers of a location together stay below a number of bytes per second.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::limits::RATE_STEP;
use crate::stop::Stop;

/// A token bucket that holds at most a tenth of a second's bytes.
pub(super) struct Rate {
    /// Bytes per second; `None` for no limit.
    limit: Option<u64>,
    /// When the bytes that were sent so far are paid for.
    paid: Mutex<Instant>,
}

impl Rate {
    pub(super) fn new(limit: Option<u64>) -> Self {
        Self { limit: limit.filter(|limit| *limit > 0), paid: Mutex::new(Instant::now()) }
    }

    /// Waits until these bytes may go.
    pub(super) fn wait(&self, bytes: usize, stop: &Stop) -> Result<()> {
        let Some(limit) = self.limit else { return stop.check() };
        let cost = Duration::from_secs_f64(bytes as f64 / limit as f64);
        let until = {
            let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
            let earliest = Instant::now().checked_sub(RATE_STEP).unwrap_or_else(Instant::now);
            *paid = (*paid).max(earliest) + cost;
            *paid
        };
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return stop.check();
            }
            stop.wait(left.min(RATE_STEP))?;
        }
    }
}
