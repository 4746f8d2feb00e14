//! How gently the host treats the machine: bytes a second, and the whole process's place behind others.
//!
//! Owns no limit of its own (`options.rs`). What waits here looks at its own pulse, so that a stop ends the wait.

use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::options::LOOK;

/// Bytes that are read and written, by all instances together, spread over time.
pub struct Pace {
    /// Bytes a second; none: as fast as it goes.
    rate: Option<u64>,
    /// When everything that was let through so far is done at that rate.
    free: Mutex<Option<Instant>>,
}

impl Pace {
    pub fn new(rate: Option<u64>) -> Self {
        Self { rate, free: Mutex::new(None) }
    }

    /// Waits until `count` more bytes fit, or until `is_over` says that nobody needs them.
    pub fn wait(&self, count: usize, is_over: impl Fn() -> bool) {
        let Some(start) = self.rate.and_then(|rate| self.book(count as u64, rate)) else { return };
        while let Some(left) = start.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            if is_over() {
                return;
            }
            std::thread::sleep(left.min(LOOK));
        }
    }

    /// When it is the turn of so many bytes.
    fn book(&self, count: u64, rate: u64) -> Option<Instant> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let start = free.unwrap_or(now).max(now);
        let takes = Duration::from_nanos(count.saturating_mul(1_000_000_000) / rate.max(1));
        *free = start.checked_add(takes);
        Some(start)
    }
}

/// Puts this process and all threads that it starts from now on behind others: `nice` from 0 to 19 for the processor, and with
/// `idle` for disks, too. What could not be done, for people.
pub fn step_back(nice: u8, idle: bool) -> Vec<String> {
    let mut notices = Vec::new();
    if let Err(error) = rustix::process::nice(i32::from(nice)) {
        notices.push(format!(
            "the processor is used like by any other program: nice {nice} was refused: {error}"
        ));
    }
    // The system call has no safe wrapper that is well kept; the program is part of every Linux.
    let mut ionice = Command::new("ionice");
    ionice.args(["-c", "3", "-p", &std::process::id().to_string()]);
    if idle {
        let status = ionice.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !status.is_ok_and(|status| status.success()) {
            notices.push(
                "disks are used like by any other program: ionice is not there or was refused; --io normal asks for no more".into(),
            );
        }
    }
    notices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_booked_one_behind_the_other() {
        let pace = Pace::new(Some(1000));
        let first = pace.book(500, 1000).unwrap();
        let second = pace.book(1, 1000).unwrap();
        assert!(second.duration_since(first) >= Duration::from_millis(500));
    }

    #[test]
    fn nobody_waits_for_what_is_not_needed_or_not_limited() {
        let pace = Pace::new(Some(1));
        pace.wait(1_000_000, || true);
        pace.wait(1_000_000, || true);
        Pace::new(None).wait(usize::MAX, || false);
    }
}
