//! Time: the clock, timers, running time, and the time zone of the home.

pub mod clock;
pub mod scheduler;
pub(crate) mod stopwatch;
pub mod timezone;
