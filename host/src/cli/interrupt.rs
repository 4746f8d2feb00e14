//! Interruption by Ctrl-C and similar signals (SIGINT, SIGTERM, SIGHUP). Work in progress ends cleanly, and its outcome is
//! reported.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, AtomicU8, Ordering};
use std::thread::Builder;

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use serde_json::Value;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::value::string;
use crate::home::bus::{Event, Listener, REPLACED, STORED};
use crate::process::terminal::{self, is_ignored};
use crate::storage::locations::OutputFile;

/// The first signal received; 0 before that.
static SIGNAL: AtomicI32 = AtomicI32::new(0);
static WORK: AtomicU8 = AtomicU8::new(NONE);

/// No work is under way: a signal ends the process immediately.
const NONE: u8 = 0;
/// This process is working and checks for the signal.
const IN_PROCESS: u8 = 1;
/// The running service is working, and continues after a signal here.
const SERVICE: u8 = 2;
/// The work is done and its answer is about to be printed.
const DONE: u8 = 3;

/// Handles signals from now on, except those that were ignored when the process started (`nohup`).
pub(super) fn watch() {
    let wanted = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| !is_ignored(*signal));
    // Without this thread, a signal ends the process at once and the next command cleans up.
    let Ok(mut signals) = Signals::new(wanted) else { return };
    let _ = Builder::new().name("signals".into()).spawn(move || signals.forever().for_each(handle));
}

fn handle(signal: i32) {
    let is_first = SIGNAL.swap(signal, Ordering::SeqCst) == 0;
    match WORK.load(Ordering::SeqCst) {
        IN_PROCESS | DONE if is_first => return,
        IN_PROCESS => {
            terminal::message("interrupted again: stopping immediately; the next command cleans up")
        }
        SERVICE => {
            terminal::message("\ninterrupted; the service continues: `larder status` shows the result")
        }
        _ => {
            restore_echo();
            terminal::message("interrupted");
        }
    }
    std::process::exit(128 + signal);
}

/// Turns the terminal's echo on again: a password prompt had turned it off.
fn restore_echo() {
    let terminal = std::io::stdin();
    if let Ok(mut modes) = tcgetattr(&terminal)
        && !modes.local_modes.contains(LocalModes::ECHO)
    {
        modes.local_modes.insert(LocalModes::ECHO);
        let _ = tcsetattr(&terminal, OptionalActions::Now, &modes);
        terminal::message("");
    }
}

/// The signal that was received, if any.
pub(super) fn signal() -> Option<i32> {
    Some(SIGNAL.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
}

/// Work is under way until this is dropped.
pub(super) struct Working;

impl Working {
    pub(super) fn in_process() -> Self {
        WORK.store(IN_PROCESS, Ordering::SeqCst);
        Self
    }

    pub(super) fn in_service() -> Self {
        WORK.store(SERVICE, Ordering::SeqCst);
        Self
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        WORK.store(DONE, Ordering::SeqCst);
    }
}

/// Declares that no work is under way: the user is being asked something.
pub(super) fn idle() {
    WORK.store(NONE, Ordering::SeqCst);
}

/// Work that a signal ended.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(crate) struct Interrupted {
    pub(crate) signal: i32,
    action: String,
    /// The last backup stored or restore completed before the signal was seen.
    done: Option<Event>,
    /// Events until the host is dropped.
    events: Mutex<Listener>,
}

impl Interrupted {
    pub(super) fn new(signal: i32, action: &str, done: Option<Event>, events: Listener) -> Self {
        Self { signal, action: action.to_owned(), done, events: Mutex::new(events) }
    }

    /// The message about the outcome. Call it after the host was dropped.
    pub(crate) fn outcome(&self) -> String {
        let late = self.events.lock().ok().and_then(|events| events.try_iter().filter(is_done).last());
        if let Some(done) = late.as_ref().or(self.done.as_ref()) {
            return self.done(done);
        }
        let what = match self.action.as_str() {
            "backup.generate"
            | "backup.create"
            | "backup.create_automatic"
            | "backup.create_scheduled"
            | "backup.import" => "no backup was stored",
            "backup.encrypt" | "backup.decrypt" => "no copy was written",
            "backup.rekey" => "nothing was written, and the backup keeps its password",
            "backup.restore" => "nothing was replaced",
            "backup.extract" => "nothing was extracted",
            "backup.verify" => "the backup was not read completely",
            "backup.copy" => "the copy is not listed; the next command continues it or cleans up",
            "backup.agents.test" => "what the test stored may be left there",
            "backup.delete" | "backup.retention" => "`larder list` shows the remaining backups",
            _ => return "interrupted".into(),
        };
        format!("interrupted: {what}")
    }

    fn done(&self, event: &Event) -> String {
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        let name = string(&data, "name");
        let is_copy = string(&data, "location") == OutputFile::ID;
        match (self.action.as_str(), is_copy) {
            ("backup.restore", _) => "interrupted after the restore: it is complete".into(),
            ("backup.extract", _) => "interrupted after everything was extracted".into(),
            (_, true) => format!("interrupted after the copy {name} was written: it is complete"),
            ("backup.rekey", false) => {
                format!("interrupted after {name} got its new password: the old password no longer opens it")
            }
            (_, false) => format!("interrupted after {name} was stored: it is complete"),
        }
    }
}

/// Whether an event says that a backup was stored or a restore completed.
pub(super) fn is_done(event: &Event) -> bool {
    [STORED, REPLACED].contains(&event.topic.as_str())
}

/// Whether a signal ended the work. Then nothing else is begun.
pub(super) fn is_interrupted(error: &anyhow::Error) -> bool {
    error.is::<Interrupted>()
}
