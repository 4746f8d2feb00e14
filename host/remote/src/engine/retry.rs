//! Patience: further attempts with growing pauses, until there has been no progress for too long.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::random;
use super::types::Times;
use crate::error::{Error, Result};
use crate::stop::Stop;

/// How long something is tried. Shared by all parts of an upload.
pub(super) struct Patience {
    times: Times,
    state: Mutex<State>,
}

struct State {
    /// The last progress.
    since: Instant,
    /// Whether the server has ever answered.
    is_answered: bool,
    /// The most bytes that were ever on their way.
    best: u64,
    /// Attempts that failed since the last progress.
    failures: u32,
    /// The whole time, where only that counts.
    limit: Option<Duration>,
}

impl Patience {
    /// Patience that starts anew with each progress.
    pub(super) fn new(times: Times) -> Self {
        Self::with(times, None)
    }

    /// Patience for a request that somebody waits for.
    pub(super) fn small(times: Times) -> Self {
        Self::with(times, Some(times.small_request))
    }

    /// Patience for an answer that was lost.
    pub(super) fn unclear(times: Times) -> Self {
        Self::with(times, Some(times.unclear))
    }

    fn with(times: Times, limit: Option<Duration>) -> Self {
        let state = State { since: Instant::now(), is_answered: false, best: 0, failures: 0, limit };
        Self { times, state: Mutex::new(state) }
    }

    /// The server answered as it should.
    pub(super) fn answered(&self) {
        let mut state = self.state();
        state.is_answered = true;
    }

    /// So many bytes are on their way or stored. Progress is what was never reached before.
    pub(super) fn reached(&self, bytes: u64) {
        let mut state = self.state();
        if bytes > state.best {
            (state.best, state.since, state.failures) = (bytes, Instant::now(), 0);
        }
    }

    /// Waits before another attempt. Returns the error when there is to be none.
    pub(super) fn after(&self, error: Error, stop: &Stop) -> Result<()> {
        if !error.is_transient() {
            return Err(error);
        }
        let (passed, most, failures) = {
            let mut state = self.state();
            state.failures = state.failures.saturating_add(1);
            let most = match (state.limit, state.is_answered || state.best > 0) {
                (Some(limit), _) => limit,
                (None, true) => self.times.no_progress,
                (None, false) => self.times.no_contact,
            };
            (state.since.elapsed(), most, state.failures)
        };
        let pause = self.pause(failures);
        if passed.saturating_add(pause) > most {
            return Err(error);
        }
        stop.wait(pause)
    }

    /// Twice as long each time, with a random part so that several uploads do not come back in step.
    fn pause(&self, failures: u32) -> Duration {
        let factor = 1_u32 << failures.saturating_sub(1).min(16);
        let pause = self.times.retry_first.saturating_mul(factor).min(self.times.retry_longest);
        let half = pause / 2;
        let jitter = random::below(u64::try_from(half.as_millis()).unwrap_or(0).saturating_add(1));
        half.saturating_add(Duration::from_millis(jitter))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Calls `attempt` until it succeeds, fails for good, or patience is at its end.
pub(super) fn retry<T>(
    patience: &Patience,
    stop: &Stop,
    mut attempt: impl FnMut() -> Result<T>,
) -> Result<T> {
    loop {
        stop.check()?;
        match attempt() {
            Ok(value) => {
                patience.answered();
                return Ok(value);
            }
            Err(error) => patience.after(error, stop)?,
        }
    }
}
