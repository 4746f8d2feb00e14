//! How often a plugin's timers may fire: many times at once, but not for ever.

use std::time::Duration;

use crate::options::{FIRING_PAUSE, MAX_FIRINGS};

/// A stock of firings that fills again while time passes.
pub struct Firings {
    left: u32,
    /// Until when what passed has been counted.
    counted: Duration,
    is_told: bool,
}

impl Firings {
    pub fn new(passed: Duration) -> Self {
        Self { left: MAX_FIRINGS, counted: passed, is_told: false }
    }

    /// Whether one may fire now; then it counts.
    pub fn may(&mut self, passed: Duration) -> bool {
        let pauses = passed.saturating_sub(self.counted).as_nanos() / FIRING_PAUSE.as_nanos().max(1);
        let pauses = u32::try_from(pauses).unwrap_or(u32::MAX);
        self.counted = self.counted.saturating_add(FIRING_PAUSE.saturating_mul(pauses));
        self.left = self.left.saturating_add(pauses).min(MAX_FIRINGS);
        if self.left == MAX_FIRINGS {
            self.is_told = false;
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }

    /// Whether nobody was told yet that they fire too often.
    pub fn is_news(&mut self) -> bool {
        !std::mem::replace(&mut self.is_told, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_fire_at_once_and_then_one_after_each_pause() {
        let mut firings = Firings::new(Duration::ZERO);
        let at_once = (0..1000).filter(|_| firings.may(Duration::ZERO)).count();
        assert_eq!(at_once, MAX_FIRINGS as usize);
        assert!(firings.is_news() && !firings.is_news());
        let later = (0..10_000).filter(|tenths| firings.may(FIRING_PAUSE / 10 * *tenths)).count();
        assert_eq!(later, 999);
        assert!(firings.may(FIRING_PAUSE * 10_000) && firings.is_news(), "after a rest it is told again");
    }
}
