//! The rate limiter that all transfers of a location share.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::time::Time;
use crate::error::Result;
use crate::limits;
use crate::stop::Stop;

/// Hands out time slots for bytes, in the order of asking. What was not used is lost, apart from a tenth of a second's worth.
pub struct Limiter {
    time: Arc<dyn Time>,
    /// Bytes per second.
    rate: Option<u64>,
    next: Mutex<Duration>,
}

impl Limiter {
    pub fn new(time: Arc<dyn Time>, rate: Option<u64>) -> Self {
        Self { time, rate: rate.map(|rate| rate.max(1)), next: Mutex::default() }
    }

    /// How many bytes to ask for at once, so that slow lines flow evenly.
    pub fn piece(&self) -> usize {
        let most = limits::PIECE;
        self.rate.map_or(most, |rate| usize::try_from(rate / 10).unwrap_or(most).clamp(1024, most))
    }

    /// Waits until so many bytes may be sent or received.
    pub fn take(&self, bytes: usize, stop: &Stop) -> Result<()> {
        let Some(rate) = self.rate else { return stop.check() };
        let nanoseconds = (bytes as u128).saturating_mul(1_000_000_000) / u128::from(rate);
        let cost = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        let slot = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let slot = (*next).max(self.time.now().saturating_sub(limits::STEP));
            *next = slot.saturating_add(cost);
            slot
        };
        loop {
            let left = slot.saturating_sub(self.time.now());
            if left.is_zero() {
                return stop.check();
            }
            self.time.wait(left.min(limits::STEP), stop)?;
        }
    }
}
