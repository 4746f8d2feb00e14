//! The manager's state: what its instance keeps in memory, and the part of it that is saved.
//!
//! Memory lives as long as the instance. Anything that must survive a restart belongs in the [`Store`].

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::Failure;
use crate::manager::document::PendingCopy;
use crate::manager::log;
use crate::manager::store::Store;
use crate::ports::Host;
use crate::schedule::{Next, ScheduleName};
use crate::settings::named::NamedSchedule;

/// Home Assistant's manager states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Blocked,
    Idle,
    CreateBackup,
    ReceiveBackup,
    RestoreBackup,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Idle => "idle",
            Self::CreateBackup => "create_backup",
            Self::ReceiveBackup => "receive_backup",
            Self::RestoreBackup => "restore_backup",
        }
    }
}

#[derive(Default)]
pub struct Inner {
    pub state: State,
    pub store: Store,
    /// The next automatic backup.
    pub next: Next,
    /// Why an automatic backup is due now; `None` if none is due.
    pub due: Option<String>,
    /// The schedules of `larder.toml` that can be used.
    pub named: BTreeMap<ScheduleName, Named>,
    /// The last event of Home Assistant's `backup/subscribe_events`.
    pub last_action: Option<Value>,
    /// The clock is not set, so nothing is planned until it is.
    pub waits_for_clock: bool,
    /// Copies that are no longer wanted, and of which something may be stored.
    pub abandoned: Vec<PendingCopy>,
    /// How many backups are being made or copied. Until the last of them has ended, nothing staged is removed and no copy is tried again: what
    /// they are about to use is not recorded yet.
    pub copying: usize,
    /// Why saving the store failed the last time; `None` if it succeeded.
    pub unsaved: Option<String>,
}

/// A schedule of `larder.toml`, with the same facts about its next backup.
pub struct Named {
    pub settings: NamedSchedule,
    pub next: Next,
    pub due: Option<String>,
}

thread_local! {
    static INNER: RefCell<Inner> = RefCell::default();
}

/// Reads or changes the state. `access` must not call this function again and must not wait.
pub fn with<T>(access: impl FnOnce(&mut Inner) -> T) -> T {
    INNER.with_borrow_mut(access)
}

/// Saves the store. If the state directory is full or read-only, backups continue, and the failure is logged.
pub fn save(host: &dyn Host) {
    // In a read-only host, "denied" is expected.
    let unsaved = with(|inner| inner.store.save(host)).err().filter(|failure| failure.code != "denied");
    note_unsaved(host, unsaved.as_ref());
}

/// Remembers whether saving failed. Repeated identical failures are logged once.
pub fn note_unsaved(host: &dyn Host, failure: Option<&Failure>) {
    let text = failure.map(|failure| format!("Larder's own state could not be saved: {}", failure.message));
    let before = with(|inner| std::mem::replace(&mut inner.unsaved, text.clone()));
    if let Some(text) = text.filter(|text| before.as_ref() != Some(text)) {
        log::error(host, &text);
    }
}
