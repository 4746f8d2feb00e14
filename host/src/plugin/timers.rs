//! The rate limiter of a plugin's timers: bursts are allowed, but not a constant stream.

use std::time::Duration;

use crate::tunables::{FIRING_PAUSE, MAX_FIRINGS};

/// A token bucket that refills as time passes.
pub struct FiringLimiter {
    left: u32,
    /// The time up to which tokens were added.
    counted: Duration,
    /// Whether a warning was given since the bucket was last full.
    has_warned: bool,
}

impl FiringLimiter {
    pub fn new(passed: Duration) -> Self {
        Self { left: MAX_FIRINGS, counted: passed, has_warned: false }
    }

    /// Whether a timer may fire now. If so, it is counted.
    pub fn allow(&mut self, passed: Duration) -> bool {
        let pauses = passed.saturating_sub(self.counted).as_nanos() / FIRING_PAUSE.as_nanos().max(1);
        let pauses = u32::try_from(pauses).unwrap_or(u32::MAX);
        self.counted = self.counted.saturating_add(FIRING_PAUSE.saturating_mul(pauses));
        self.left = self.left.saturating_add(pauses).min(MAX_FIRINGS);
        if self.left == MAX_FIRINGS {
            self.has_warned = false;
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }

    /// Whether to warn that timers fire too often: once, until the bucket has been full again.
    pub fn should_warn(&mut self) -> bool {
        !std::mem::replace(&mut self.has_warned, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_fire_at_once_and_then_one_after_each_pause() {
        let mut limiter = FiringLimiter::new(Duration::ZERO);
        let at_once = (0..1000).filter(|_| limiter.allow(Duration::ZERO)).count();
        assert_eq!(at_once, MAX_FIRINGS as usize);
        assert!(limiter.should_warn() && !limiter.should_warn());
        let later = (0..10_000).filter(|tenths| limiter.allow(FIRING_PAUSE / 10 * *tenths)).count();
        assert_eq!(later, 999);
        assert!(limiter.allow(FIRING_PAUSE * 10_000) && limiter.should_warn(), "after a rest it warns again");
    }
}
