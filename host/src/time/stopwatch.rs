//! Running time: how long something takes, without the time in which this process was stopped. It is stopped in a paused
//! container, by SIGSTOP, or while the machine sleeps. Time limits use it, so a stopped process does not make its work late.
//!
//! Every engine, and every thread that checks a time limit, calls [`tick`] regularly. If a tick comes late, the process was stopped, and
//! only a part of the gap counts.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::tunables::MOST_BETWEEN_TICKS;

/// The running time of this process, in nanoseconds.
static RAN: AtomicU64 = AtomicU64::new(0);
static TICKS: Mutex<Ticks> = Mutex::new(Ticks { last: None });

/// Measures running time from its start.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(u64);

impl Stopwatch {
    /// A stopwatch that starts now.
    pub fn start() -> Self {
        Self(RAN.load(Ordering::Relaxed))
    }

    /// The running time since the start.
    pub fn elapsed(self) -> Duration {
        Duration::from_nanos(RAN.load(Ordering::Relaxed).saturating_sub(self.0))
    }
}

/// Counts the running time since the last tick. When two threads tick at once, one of them counts.
pub fn tick() {
    let Ok(mut ticks) = TICKS.try_lock() else { return };
    let ran = ticks.ran(Instant::now());
    RAN.fetch_add(u64::try_from(ran.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
}

struct Ticks {
    last: Option<Instant>,
}

impl Ticks {
    /// The running time since the last tick.
    fn ran(&mut self, now: Instant) -> Duration {
        let last = self.last.replace(now).unwrap_or(now);
        now.saturating_duration_since(last).min(MOST_BETWEEN_TICKS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_while_the_process_was_stopped_does_not_count() {
        let (start, mut ticks) = (Instant::now(), Ticks { last: None });
        let seconds = |seconds| start + Duration::from_secs_f64(seconds);
        let ran: Duration = [0.0, 0.05, 0.1, 75.1, 75.15].map(|at| ticks.ran(seconds(at))).iter().sum();
        assert_eq!(ran, Duration::from_millis(150) + MOST_BETWEEN_TICKS);
    }
}
