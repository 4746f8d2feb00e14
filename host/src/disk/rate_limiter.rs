//! The rate limiter: a limit on the bytes per second that all instances together read and write (`--limit bandwidth`).
//!
//! A caller that waits here polls its own cancellation, so a stop ends the wait.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::tunables::POLL_INTERVAL;

/// Delays reads and writes to a rate.
pub struct RateLimiter {
    /// Bytes per second; `None`: unlimited.
    rate: Option<u64>,
    /// When all bytes booked so far are done at that rate.
    booked_until: Mutex<Option<Instant>>,
}

impl RateLimiter {
    /// A limiter of that many bytes per second; `None`: unlimited.
    pub fn new(rate: Option<u64>) -> Self {
        Self { rate, booked_until: Mutex::new(None) }
    }

    /// Waits until `count` more bytes fit into the rate, or until `is_canceled` returns true.
    pub fn wait(&self, count: usize, is_canceled: impl Fn() -> bool) {
        let Some(start) = self.rate.and_then(|rate| self.book(count as u64, rate)) else { return };
        while let Some(left) = start.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            if is_canceled() {
                return;
            }
            std::thread::sleep(left.min(POLL_INTERVAL));
        }
    }

    /// Books `count` bytes; the time at which they may be read or written.
    fn book(&self, count: u64, rate: u64) -> Option<Instant> {
        let mut booked_until = self.booked_until.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let start = booked_until.unwrap_or(now).max(now);
        let takes = Duration::from_nanos(count.saturating_mul(1_000_000_000) / rate.max(1));
        *booked_until = start.checked_add(takes);
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bookings_follow_each_other() {
        let limiter = RateLimiter::new(Some(1000));
        let first = limiter.book(500, 1000).unwrap();
        let second = limiter.book(1, 1000).unwrap();
        assert!(second.duration_since(first) >= Duration::from_millis(500));
    }

    #[test]
    fn a_canceled_or_unlimited_caller_does_not_wait() {
        let limiter = RateLimiter::new(Some(1));
        limiter.wait(1_000_000, || true);
        limiter.wait(1_000_000, || true);
        RateLimiter::new(None).wait(usize::MAX, || false);
    }
}
