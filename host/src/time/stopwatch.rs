//! How long something takes, by the time in which this process really ran: while it is stopped (a paused container, SIGSTOP, a machine
//! that sleeps) nothing can be done, and nothing is late.
//!
//! The time is counted by whoever ticks: every engine, and who looks whether something is late. Where the next tick comes late, the
//! process was stopped, and only a little of that counts.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::options::MOST_BETWEEN_TICKS;

/// Nanoseconds.
static RAN: AtomicU64 = AtomicU64::new(0);
static TICKS: Mutex<Ticks> = Mutex::new(Ticks { last: None });

/// Begun when it was made.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(u64);

impl Stopwatch {
    pub fn start() -> Self {
        Self(RAN.load(Ordering::Relaxed))
    }

    pub fn elapsed(self) -> Duration {
        Duration::from_nanos(RAN.load(Ordering::Relaxed).saturating_sub(self.0))
    }
}

/// To be called as often as anybody wants to know. When two do at once, one of them counts.
pub fn tick() {
    let Ok(mut ticks) = TICKS.try_lock() else { return };
    let ran = ticks.ran(Instant::now());
    RAN.fetch_add(u64::try_from(ran.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
}

struct Ticks {
    last: Option<Instant>,
}

impl Ticks {
    /// How long the process ran since the last tick.
    fn ran(&mut self, now: Instant) -> Duration {
        let last = self.last.replace(now).unwrap_or(now);
        now.saturating_duration_since(last).min(MOST_BETWEEN_TICKS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_which_the_process_was_stopped_does_not_count() {
        let (start, mut ticks) = (Instant::now(), Ticks { last: None });
        let seconds = |seconds| start + Duration::from_secs_f64(seconds);
        let ran: Duration = [0.0, 0.05, 0.1, 75.1, 75.15].map(|at| ticks.ran(seconds(at))).iter().sum();
        assert_eq!(ran, Duration::from_millis(150) + MOST_BETWEEN_TICKS);
    }
}
