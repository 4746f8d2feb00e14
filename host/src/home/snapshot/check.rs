//! Damage checks of databases, on a thread parallel to the backup: SQLite checks a private copy of each.
//!
//! Owns the thread and its findings. A database that cannot be checked is a finding too. It never delays a backup for
//! long: the queue is bounded, and the caller limits how long it waits for findings.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use rusqlite::InterruptHandle;

use super::copy::{DatabaseCopy, Scratch, Verdict, sqlite_message};
use super::descriptor::Descriptor;
use super::locks::Lock;
use crate::error::reason;
use crate::model::HomePath;
use crate::tunables::DATABASES_TO_CHECK;

/// A database to check.
#[derive(Clone)]
pub(super) enum Source {
    /// Files of the home under their lock, and how many bytes of each belong to the database.
    Locked { main: Arc<Descriptor>, size: u64, log: Option<(Arc<Descriptor>, u64)>, lock: Arc<Lock> },
    /// A copy whose main file holds everything.
    Copied(Arc<DatabaseCopy>),
}

/// A database that is damaged or could not be checked.
pub struct Finding {
    pub path: HomePath,
    /// One sentence for the user, without the path.
    pub reason: String,
}

pub(super) struct DatabaseChecker {
    queue: Option<SyncSender<(HomePath, Source)>>,
    findings: Receiver<Finding>,
    /// Databases for which the queue had no room.
    left_out: Vec<Finding>,
    cancellation: Arc<Cancellation>,
}

#[derive(Default)]
struct Cancellation {
    is_cancelled: AtomicBool,
    running: Mutex<Option<InterruptHandle>>,
}

impl DatabaseChecker {
    /// `None` when no thread can be started.
    pub(super) fn start(scratch: Scratch) -> Option<Self> {
        let (queue, waiting) = sync_channel::<(HomePath, Source)>(DATABASES_TO_CHECK);
        let (found, findings) = channel();
        let cancellation = Arc::<Cancellation>::default();
        let cancelled = Arc::clone(&cancellation);
        let work = move || {
            for (path, source) in waiting {
                if let Some(reason) = check(source, &scratch, &cancelled)
                    && found.send(Finding { path, reason }).is_err()
                {
                    return;
                }
            }
        };
        Builder::new().name("database check".into()).spawn(work).ok()?;
        Some(Self { queue: Some(queue), findings, left_out: Vec::new(), cancellation })
    }

    /// Queues a database. Never waits: a check must not slow down the backup.
    pub(super) fn add(&mut self, path: &[u8], source: Source) {
        let queued = self.queue.as_ref().is_some_and(|queue| queue.try_send((path.to_vec(), source)).is_ok());
        if !queued {
            let reason = not_checked("too many other databases are waiting to be checked");
            self.left_out.push(Finding { path: path.to_vec(), reason });
        }
    }

    /// All findings. Waits up to `wait` for each, then gives up on the rest.
    pub(super) fn finish(mut self, wait: Duration) -> Vec<Finding> {
        self.queue = None;
        let mut all = std::mem::take(&mut self.left_out);
        loop {
            match self.findings.recv_timeout(wait) {
                Ok(finding) => all.push(finding),
                Err(RecvTimeoutError::Disconnected) => return all,
                Err(RecvTimeoutError::Timeout) => {
                    let seconds = wait.as_secs();
                    let reason = format!(
                        "not all databases were checked for damage: one check took longer than {seconds} s"
                    );
                    all.push(Finding { path: HomePath::new(), reason });
                    return all;
                }
            }
        }
    }
}

impl Drop for DatabaseChecker {
    fn drop(&mut self) {
        self.cancellation.cancel();
    }
}

impl Cancellation {
    fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
        if let Some(handle) = &*self.running.lock().unwrap_or_else(PoisonError::into_inner) {
            handle.interrupt();
        }
    }

    fn set_running(&self, handle: Option<InterruptHandle>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = handle;
    }
}

fn not_checked(why: &str) -> String {
    format!("stored, but not checked for damage: {why}")
}

/// Checks one database; `None` when it is sound.
fn check(source: Source, scratch: &Scratch, cancellation: &Cancellation) -> Option<String> {
    if cancellation.is_cancelled.load(Ordering::Relaxed) {
        return None;
    }
    let check = copied(source, scratch)
        .and_then(|copy| Ok((copy.check().map_err(|error| sqlite_message(&error))?, copy)));
    let (check, _copy) = match check {
        Ok(check) => check,
        Err(why) => return Some(not_checked(&why)),
    };
    cancellation.set_running(Some(check.handle()));
    let verdict = check.run();
    cancellation.set_running(None);
    match verdict {
        Verdict::Sound => None,
        Verdict::Damaged(what) => Some(format!(
            "stored as is, but SQLite reports damage: {what}; repair it (`sqlite3 FILE .recover`) or restore it from an earlier \
             backup"
        )),
        Verdict::Unknown(why) => Some(not_checked(&why)),
    }
}

/// A copy whose main file holds everything.
fn copied(source: Source, scratch: &Scratch) -> Result<Arc<DatabaseCopy>, String> {
    let (main, size, log, lock) = match source {
        Source::Copied(copy) => return Ok(copy),
        Source::Locked { main, size, log, lock } => (main, size, log, lock),
    };
    let mut files = vec![("", main.as_ref(), size)];
    files.extend(log.as_ref().map(|(log, size)| ("-wal", log.as_ref(), *size)));
    let copy = DatabaseCopy::new(scratch, &files)
        .map_err(|error| format!("it could not be copied: {}", reason(&error)))?;
    drop(lock);
    if log.is_some() {
        copy.recover().map_err(|error| sqlite_message(&error))?;
    }
    Ok(Arc::new(copy))
}
