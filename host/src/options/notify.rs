//! The tunables of notifications, with their reasons.

use std::time::Duration;

/// Targets in one file: each has a thread that sleeps most of the time.
pub const MAX_TARGETS: usize = 32;
/// Notifications that wait for one target, beside the one that is under way: a night of hourly failures.
pub const QUEUE: usize = 32;
/// Attempts after the first, when `retries` says nothing: with doubling waits about a minute, a receiver's restart.
pub const RETRIES: usize = 5;
/// The most `retries`: with doubling waits, more than that is a wait of hours.
pub const MAX_RETRIES: usize = 10;
/// The wait before the second attempt; twice as long before each further one.
pub const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The longest wait between attempts, also when a receiver asks for one (`Retry-After`): beyond it we give up instead.
pub const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// How long a command may take when `timeout` says nothing.
pub const COMMAND_TIME: Duration = Duration::from_secs(30);
/// How much of what a command writes is kept for the error text: its beginning, where the reason is.
pub const COMMAND_OUTPUT: usize = 4096;
/// How long we wait for the rest of a command's output once it has ended: a process that it left behind may hold it open.
pub const OUTPUT_TIME: Duration = Duration::from_secs(1);
/// How long we wait, once everything under way was interrupted, before we leave it behind.
pub const LAST_WAIT: Duration = Duration::from_secs(2);
/// The longest message, in bytes: what a template may give.
pub const MAX_MESSAGE: usize = 64 * 1024;
