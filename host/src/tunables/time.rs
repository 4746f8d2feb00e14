//! Tunables of clocks, timers and time zones.

use std::time::Duration;

use chrono::TimeDelta;

/// The most time between two ticks that counts as running time. If more passes, the whole process was stopped.
pub const MOST_BETWEEN_TICKS: Duration = Duration::from_secs(1);
/// By how much the clock may deviate from the elapsed time. If it deviates more, it was set.
pub const CLOCK_SLACK: TimeDelta = TimeDelta::seconds(1);
/// The longest sleep of the scheduler: during it, the clock may be set, or the machine may wake up.
pub const MAX_SLEEP: Duration = Duration::from_secs(30);
/// Timers of one plugin: many times what a plugin needs.
pub const MAX_TIMERS: usize = 64;
/// The longest file with the rules of one time zone, in bytes. The longest real ones have 4 KiB.
pub const MAX_RULES: u64 = 64 * 1024;
