//! The threads of one plugin, its manager's, its jobs' and their workers': counted until each has really ended.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use crate::options::BEHIND_JOBS;

#[derive(Default)]
pub(crate) struct Threads {
    running: Mutex<Counts>,
    ended: Condvar,
}

#[derive(Default)]
struct Counts {
    /// The manager and its jobs.
    main: usize,
    workers: usize,
}

/// Whose thread it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Manager,
    Job,
    Worker,
}

impl Who {
    fn name(self) -> &'static str {
        match self {
            Self::Manager => "manager",
            Self::Job => "job",
            Self::Worker => "worker",
        }
    }
}

impl Counts {
    fn of(&mut self, who: Who) -> &mut usize {
        if who == Who::Worker { &mut self.workers } else { &mut self.main }
    }
}

/// One running thread.
struct Running(Arc<Threads>, Who);

impl Threads {
    pub(super) fn spawn(self: &Arc<Self>, who: Who, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        *self.running().of(who) += 1;
        let running = Running(self.clone(), who);
        let thread = Builder::new().name(who.name().into()).spawn(move || {
            let _running = running;
            if who == Who::Worker {
                // Of this thread only. Where it is refused it takes a little longer.
                let _ = rustix::process::nice(BEHIND_JOBS);
            }
            work();
        });
        thread.map(drop)
    }

    /// The manager and jobs.
    pub(super) fn count(&self) -> usize {
        self.running().main
    }

    pub(super) fn workers(&self) -> usize {
        self.running().workers
    }

    /// Waits until all have ended, at most so long.
    pub(super) fn wait(&self, most: Duration) {
        let waited =
            self.ended.wait_timeout_while(self.running(), most, |running| running.main + running.workers > 0);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn running(&self) -> MutexGuard<'_, Counts> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        *self.0.running().of(self.1) -= 1;
        self.0.ended.notify_all();
    }
}
