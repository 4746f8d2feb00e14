//! The memory of automations across restarts: when each ran last, its traces, and whether it is off.
//!
//! Saved a while after a change, so that a busy bus does not wear out a disk.

use super::Driver;
use crate::automation::run::Effect;
use crate::home::bus::Level;
use crate::model::Timestamp;
use crate::service::host::Host;
use crate::tunables::SAVE_AFTER;

const DOCUMENT: &str = "automations";

impl Driver {
    /// Loads what was saved. What is not usable is reported and dropped.
    pub(super) fn recall(&mut self, host: &mut Host) {
        let text = match host.memory.load(DOCUMENT) {
            Ok(Some(text)) => text,
            Ok(None) => return,
            Err(error) => return host.notices.push(error.to_string()),
        };
        // Text that is not JSON is reported like any other damage.
        let memory = serde_json::from_str(&text).unwrap_or_default();
        let (notices, shown): (Vec<_>, Vec<_>) = self
            .engine
            .recall(&memory, &mut self.home)
            .into_iter()
            .partition(|effect| matches!(effect, Effect::Notice { .. }));
        for effect in notices {
            if let Effect::Notice { message, .. } = effect {
                host.notices.push(message);
            }
        }
        self.perform(host, shown);
    }

    /// Schedules a save: something changed.
    pub(super) fn save_later(&mut self, now: Timestamp) {
        self.save_due.get_or_insert(Timestamp { seconds: now.seconds.saturating_add(SAVE_AFTER), ..now });
    }

    pub(super) fn save_if_due(&mut self, host: &mut Host) {
        if self.save_due.is_some_and(|due| due <= self.home.now) {
            self.save(host);
        }
    }

    pub(super) fn save(&mut self, host: &mut Host) {
        if self.save_due.take().is_some()
            && let Err(error) = host.memory.save(DOCUMENT, &self.engine.remember().to_string())
        {
            let text = format!("{error}: after a restart, Larder will not know when automations ran last");
            host.bus.log(Level::Warning, &text);
        }
    }
}
