//! Tunables of notifications.

use std::time::Duration;

/// Targets in one file. Each has a thread that sleeps most of the time.
pub const MAX_TARGETS: usize = 32;
/// Notifications in the queue of one target, in addition to the one that is being delivered: a night of hourly failures.
pub const QUEUE: usize = 32;
/// Attempts after the first when `retries` is not set. With doubling waits they take about a minute, as long as a receiver's restart.
pub const RETRIES: usize = 5;
/// The largest `retries`. With doubling waits, more would take hours.
pub const MAX_RETRIES: usize = 10;
/// The wait before the second attempt. It doubles before each further one.
pub const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The longest wait between attempts. A receiver that asks for a longer one (`Retry-After`) ends the delivery.
pub const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// The time limit for a command when `timeout` is not set.
pub const COMMAND_TIME: Duration = Duration::from_secs(30);
/// Bytes of a command's output that are kept for the error: the beginning, which usually contains the reason.
pub const COMMAND_OUTPUT: usize = 4096;
/// How long to wait for the rest of a command's output after it has exited. A process that it started may keep the output open.
pub const OUTPUT_TIME: Duration = Duration::from_secs(1);
/// How long to wait for deliveries after they were interrupted.
pub const LAST_WAIT: Duration = Duration::from_secs(2);
/// The longest message, in bytes: the limit of a template's output.
pub const MAX_MESSAGE: usize = 64 * 1024;
