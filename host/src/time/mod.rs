//! Time: the clock, timers, elapsed time, and the time zone of the home.

pub mod clock;
pub mod scheduler;
pub(crate) mod stopwatch;
pub mod timezone;
