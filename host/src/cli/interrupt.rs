//! Ctrl-C and its like (SIGINT, SIGTERM, SIGHUP): work that is under way ends in an orderly way, and what became of it is said.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, AtomicU8, Ordering};
use std::thread::Builder;

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use serde_json::Value;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::text::word;
use crate::home::bus::{Event, Listener, REPLACED, STORED};
use crate::process::terminal::{is_ignored, say};
use crate::storage::locations::OutputFile;

/// The first signal that came; 0 before.
static SIGNAL: AtomicI32 = AtomicI32::new(0);
static WORK: AtomicU8 = AtomicU8::new(NONE);

/// Nothing is under way that has to be ended: the process ends at once.
const NONE: u8 = 0;
/// This process works: it looks for the signal.
const HERE: u8 = 1;
/// The running service works, and goes on.
const SERVICE: u8 = 2;
/// The work is done, and its answer is about to be given.
const DONE: u8 = 3;

/// Watches for signals from now on, but for those that whoever started the process had ignored (`nohup`).
pub(super) fn watch() {
    let wanted = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|signal| !is_ignored(*signal));
    // Without it a signal ends the process at once, and the next one puts right what is left.
    let Ok(mut signals) = Signals::new(wanted) else { return };
    let _ = Builder::new().name("signals".into()).spawn(move || signals.forever().for_each(came));
}

fn came(signal: i32) {
    let is_first = SIGNAL.swap(signal, Ordering::SeqCst) == 0;
    match WORK.load(Ordering::SeqCst) {
        HERE | DONE if is_first => return,
        HERE => say("interrupted again: ended at once; the next command puts right what is left"),
        SERVICE => say("\ninterrupted; the service goes on with it: `larder status` shows how it ends"),
        _ => {
            show_what_is_typed();
            say("interrupted");
        }
    }
    std::process::exit(128 + signal);
}

/// Whoever is asked for a password types unseen; the terminal stays like that otherwise.
fn show_what_is_typed() {
    let terminal = std::io::stdin();
    if let Ok(mut modes) = tcgetattr(&terminal)
        && !modes.local_modes.contains(LocalModes::ECHO)
    {
        modes.local_modes.insert(LocalModes::ECHO);
        let _ = tcsetattr(&terminal, OptionalActions::Now, &modes);
        say("");
    }
}

/// The signal that came, if one did.
pub(super) fn signal() -> Option<i32> {
    Some(SIGNAL.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
}

/// While it lives, work is under way.
pub(super) struct Working;

impl Working {
    pub(super) fn here() -> Self {
        WORK.store(HERE, Ordering::SeqCst);
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

/// Nothing is under way: a person is asked something.
pub(super) fn idle() {
    WORK.store(NONE, Ordering::SeqCst);
}

/// Work that a signal ended.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub(crate) struct Interrupted {
    pub(crate) signal: i32,
    action: String,
    /// What was stored or put in place before the signal was seen.
    done: Option<Event>,
    /// What happens until the host is gone.
    events: Mutex<Listener>,
}

impl Interrupted {
    pub(super) fn new(signal: i32, action: &str, done: Option<Event>, events: Listener) -> Self {
        Self { signal, action: action.to_owned(), done, events: Mutex::new(events) }
    }

    /// What became of the work. The host that did it must be gone.
    pub(crate) fn outcome(&self) -> String {
        let late = self.events.lock().ok().and_then(|events| events.try_iter().filter(is_done).last());
        if let Some(done) = late.as_ref().or(self.done.as_ref()) {
            return self.done(done);
        }
        let what = match self.action.as_str() {
            "backup.generate" | "backup.create" | "backup.create_automatic" | "backup.import" => {
                "no backup was stored"
            }
            "backup.encrypt" | "backup.decrypt" => "no copy was written",
            "backup.rekey" => "nothing was written, and the backup keeps its password",
            "backup.restore" => "nothing was replaced",
            "backup.extract" => "nothing was extracted",
            "backup.verify" => "the backup was not read to its end",
            "backup.delete" | "backup.retention" => "`larder list` shows what is there",
            _ => return "interrupted".into(),
        };
        format!("interrupted: {what}")
    }

    fn done(&self, event: &Event) -> String {
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        let name = word(&data, "name");
        let is_copy = word(&data, "location") == OutputFile::ID;
        match (self.action.as_str(), is_copy) {
            ("backup.restore", _) => {
                "interrupted, after all was put in place: the restore is complete".into()
            }
            ("backup.extract", _) => "interrupted, after all was extracted".into(),
            (_, true) => format!("interrupted, after the copy {name} was written: it is whole"),
            ("backup.rekey", false) => {
                format!("interrupted, after {name} had got its new password: the one before opens it no more")
            }
            (_, false) => format!("interrupted, after {name} had been stored: it is whole"),
        }
    }
}

/// Whether it tells of something that is there now.
pub(super) fn is_done(event: &Event) -> bool {
    [STORED, REPLACED].contains(&event.topic.as_str())
}
