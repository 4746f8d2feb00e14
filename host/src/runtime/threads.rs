//! The threads of one plugin, its manager's and its jobs': counted until each has really ended.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

#[derive(Default)]
pub(crate) struct Threads {
    running: Mutex<usize>,
    ended: Condvar,
}

/// One running thread.
struct Running(Arc<Threads>);

impl Threads {
    pub(super) fn spawn(
        self: &Arc<Self>,
        name: &str,
        work: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        *self.running() += 1;
        let running = Running(self.clone());
        let thread = Builder::new().name(name.into()).spawn(move || {
            let _running = running;
            work();
        });
        thread.map(drop)
    }

    pub(super) fn count(&self) -> usize {
        *self.running()
    }

    /// Waits until all have ended, at most so long.
    pub(super) fn wait(&self, most: Duration) {
        let waited = self.ended.wait_timeout_while(self.running(), most, |running| *running > 0);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn running(&self) -> MutexGuard<'_, usize> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        *self.0.running() -= 1;
        self.0.ended.notify_all();
    }
}
