//! The threads of one plugin: its manager, its jobs and their workers. Each counts until it has actually ended.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use crate::error::reason;

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

/// What a thread runs.
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
            work();
        });
        thread.map(drop).map_err(refused)
    }

    /// Running threads of the manager and of jobs.
    pub(super) fn count(&self) -> usize {
        self.running().main
    }

    pub(super) fn workers(&self) -> usize {
        self.running().workers
    }

    /// Waits until all threads have ended, at most `most`.
    pub(super) fn wait(&self, most: Duration) {
        let waited =
            self.ended.wait_timeout_while(self.running(), most, |running| running.main + running.workers > 0);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn running(&self) -> MutexGuard<'_, Counts> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds the limits that may have been reached: the system does not say which.
fn refused(error: io::Error) -> io::Error {
    let met =
        "a limit of threads (`ulimit -u`, `TasksMax=`) or of addresses (`ulimit -v`) is reached; raise it";
    io::Error::new(error.kind(), format!("{}; {met}", reason(&error)))
}

impl Drop for Running {
    fn drop(&mut self) {
        *self.0.running().of(self.1) -= 1;
        self.0.ended.notify_all();
    }
}
