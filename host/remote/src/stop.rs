//! A token that stops work from another thread. Cheap to clone; clones share it.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::error::{Error, Kind, Result};

/// Stops work. Long calls look at it between two steps.
#[derive(Clone, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// Stops everything that holds this token. Cannot be undone.
    pub fn stop(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    pub fn is_stopped(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An error of the kind `Stopped` once the work is to stop.
    pub fn check(&self) -> Result<()> {
        match self.is_stopped() {
            true => Err(Error::new(Kind::Stopped, "stopped")),
            false => Ok(()),
        }
    }

    /// Waits. Returns early, with an error, once the work is to stop.
    pub fn wait(&self, time: Duration) -> Result<()> {
        let guard = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.1.wait_timeout_while(guard, time, |stopped| !*stopped);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.check()
    }
}
