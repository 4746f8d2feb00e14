//! What is remembered of automations across restarts: when each ran last, its traces, whether it is off. Saved a little later
//! than it changes, so that a busy bus does not wear out a disk.

use chrono::TimeDelta;

use super::Driver;
use crate::assemble::Host;
use crate::automation::run::Effect;
use crate::automation::zone;
use crate::home::bus::Level;
use crate::model::Timestamp;
use crate::options::SAVE_AFTER;

const DOCUMENT: &str = "automations";
/// Who shows their entities.
pub(super) const OWNER: &str = "automation";

#[derive(Default)]
pub(super) struct Memory {
    /// When what changed has to be stored.
    due: Option<Timestamp>,
}

impl Memory {
    pub fn changed(&mut self, now: Timestamp) {
        self.due.get_or_insert(Timestamp { seconds: now.seconds.saturating_add(SAVE_AFTER), ..now });
    }

    pub fn set_clock(&mut self, by: TimeDelta) {
        self.due = self.due.map(|due| zone::plus(due, by));
    }

    pub fn due(&self) -> Option<Timestamp> {
        self.due
    }
}

impl Driver {
    /// What was remembered. What cannot be used is told and forgotten.
    pub(super) fn recall(&mut self, host: &mut Host) {
        let text = match host.memory.load(DOCUMENT) {
            Ok(Some(text)) => text,
            Ok(None) => return,
            Err(error) => return host.notices.push(error.to_string()),
        };
        // What is no JSON is told as any other damage.
        let memory = serde_json::from_str(&text).unwrap_or_default();
        for effect in self.engine.recall(&memory) {
            if let Effect::Notice { message, .. } = effect {
                host.notices.push(message);
            }
        }
    }

    pub(super) fn save_if_due(&mut self, host: &mut Host) {
        if self.memory.due.is_some_and(|due| due <= self.home.now) {
            self.save(host);
        }
    }

    pub(super) fn save(&mut self, host: &mut Host) {
        if self.memory.due.take().is_some()
            && let Err(error) = host.memory.save(DOCUMENT, &self.engine.remember().to_string())
        {
            let text = format!("{error}: after a restart it is not known when automations ran last");
            host.bus.log(Level::Warning, &text);
        }
    }

    /// Shows the automations that changed as entities.
    pub(super) fn show(&mut self, host: &Host) {
        let states = host.states().for_owner(OWNER);
        for listed in self.engine.changed() {
            states.set(&listed.entity_id, listed.state().into(), listed.attributes());
        }
    }

    /// Shows all anew: they were loaded.
    pub(super) fn show_all(&mut self, host: &Host) {
        let ids: Vec<_> = self.engine.list().into_iter().map(|listed| listed.entity_id).collect();
        host.states().for_owner(OWNER).retain(&ids);
        self.show(host);
    }
}
