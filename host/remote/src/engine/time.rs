//! How the engine measures durations and waits; tests put their own in its place. Not the wall clock.

use std::time::{Duration, Instant};

use crate::error::Result;
use crate::stop::Stop;

/// Measures and waits.
pub trait Time: Send + Sync {
    /// The time since some moment in the past. Never goes back.
    fn now(&self) -> Duration;
    /// Waits. Returns early, with an error, once the work is to stop.
    fn wait(&self, time: Duration, stop: &Stop) -> Result<()>;
}

/// The machine's.
pub struct RealTime(Instant);

impl Default for RealTime {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Time for RealTime {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn wait(&self, time: Duration, stop: &Stop) -> Result<()> {
        stop.wait(time)
    }
}
