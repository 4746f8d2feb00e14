//! Retries system calls that fail for a temporary reason, with a back-off.
//!
//! A network share that reconnects answers EAGAIN or EINTR, and at the end of a copy EPERM as well. Only idempotent calls may be retried:
//! writes at a given offset, and renames whose caller checks whether they were already done.

use std::io;
use std::thread::sleep;
use std::time::Duration;

use rustix::io::Errno;

use crate::tunables::{RETRY_FIRST, RETRY_LONGEST, RETRY_TIME};

/// An error that may carry a system error number.
pub(crate) trait SystemError {
    fn errno(&self) -> Option<Errno>;
}

impl SystemError for Errno {
    fn errno(&self) -> Option<Errno> {
        Some(*self)
    }
}

impl SystemError for io::Error {
    fn errno(&self) -> Option<Errno> {
        Errno::from_io_error(self)
    }
}

/// Runs `work`, and again while the system answers "not now".
pub(crate) fn retry<T, E: SystemError>(work: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    retry_with(&[Errno::AGAIN, Errno::INTR], sleep, work)
}

/// The same for the calls that end a copy (write, sync, rename), where network shares also answer "not permitted" for a moment.
pub(crate) fn retry_at_end<T, E: SystemError>(work: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    retry_with(&[Errno::AGAIN, Errno::INTR, Errno::PERM], sleep, work)
}

fn retry_with<T, E: SystemError>(
    temporary: &[Errno],
    mut pause: impl FnMut(Duration),
    mut work: impl FnMut() -> Result<T, E>,
) -> Result<T, E> {
    for wait in pauses() {
        match work() {
            Err(error) if error.errno().is_some_and(|errno| temporary.contains(&errno)) => pause(wait),
            done => return done,
        }
    }
    work()
}

/// Pauses that double each time, until their sum reaches [`RETRY_TIME`].
fn pauses() -> impl Iterator<Item = Duration> {
    let next = |wait: &Duration| Some(wait.saturating_mul(2).min(RETRY_LONGEST));
    let mut waited = Duration::ZERO;
    std::iter::successors(Some(RETRY_FIRST), next).take_while(move |wait| {
        waited = waited.saturating_add(*wait);
        waited <= RETRY_TIME
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call that fails with these errors and then succeeds: the number of calls, the time waited, and the outcome.
    fn run(temporary: &[Errno], errors: &[Errno]) -> (usize, Duration, Result<(), Errno>) {
        let (mut asked, mut waited) = (0, Duration::ZERO);
        let outcome = retry_with(
            temporary,
            |wait| waited += wait,
            || {
                asked += 1;
                errors.get(asked - 1).map_or(Ok(()), |errno| Err(*errno))
            },
        );
        (asked, waited, outcome)
    }

    #[test]
    fn temporary_errors_are_retried_until_the_call_succeeds() {
        let errors = [Errno::AGAIN, Errno::INTR, Errno::AGAIN, Errno::AGAIN];
        let (asked, waited, outcome) = run(&[Errno::AGAIN, Errno::INTR], &errors);
        assert_eq!((asked, outcome), (5, Ok(())));
        assert_eq!(waited, RETRY_FIRST * (1 + 2 + 4 + 8));
    }

    #[test]
    fn permanent_errors_return_at_once_and_temporary_ones_after_some_seconds() {
        assert_eq!(run(&[Errno::AGAIN], &[Errno::IO]), (1, Duration::ZERO, Err(Errno::IO)));
        assert_eq!(run(&[Errno::AGAIN], &[Errno::PERM]), (1, Duration::ZERO, Err(Errno::PERM)));
        let (asked, waited, outcome) = run(&[Errno::AGAIN], &[Errno::AGAIN; 1000]);
        assert_eq!(outcome, Err(Errno::AGAIN));
        assert!(
            asked < 30 && waited <= RETRY_TIME && waited + RETRY_LONGEST > RETRY_TIME,
            "{asked} {waited:?}"
        );
    }
}
