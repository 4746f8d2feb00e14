//! State saved across restarts: when each automation last ran, whether it was turned off, and its traces.
//!
//! Versioned JSON. A damaged part is discarded and reported; state of removed automations is dropped.

use serde_json::{Map, Value, json};

use super::effect::Effect;
use super::engine::Engine;
use super::instance::Instance;
use crate::automation::home::Home;
use crate::automation::model::Automation;
use crate::automation::trace::Trace;
use crate::automation::zone;
use crate::model::Timestamp;
use crate::tunables::automations::{MAX_MEMORY, MAX_REMEMBERED};

const VERSION: u64 = 1;

impl Engine {
    /// The state to save. Runs in progress are not saved, because a restart ends them.
    pub fn remember(&self) -> Value {
        let (mut kept, mut size) = (Map::new(), 0_usize);
        for instance in self.instances.values().take(MAX_REMEMBERED) {
            let traces: Vec<_> = instance.traces.iter().map(|trace| json!(trace)).collect();
            size = size.saturating_add(traces.iter().map(|trace| trace.to_string().len()).sum());
            // Traces are large and may be dropped. The time of the last run is always kept.
            let traces = if size > MAX_MEMORY { Vec::new() } else { traces };
            kept.insert(instance.stable_key(), instance.remember(traces));
        }
        json!({"version": VERSION, "automations": kept})
    }

    /// Restores saved state after the automations are loaded. No automation sees that.
    pub fn recall(&mut self, memory: &Value, home: &mut Home) -> Vec<Effect> {
        let notice = |name: &str, message: &str| {
            let message = format!("{message}; unreadable parts are discarded, no action is needed");
            Effect::Notice { automation: name.to_owned(), message }
        };
        let known = memory.get("version").and_then(Value::as_u64) == Some(VERSION);
        let Some(kept) = memory.get("automations").and_then(Value::as_object).filter(|_| known) else {
            return vec![notice("automations", "the saved state of the automations cannot be read")];
        };
        let mut effects = Vec::new();
        for instance in self.instances.values_mut() {
            let Some(kept) = kept.get(&instance.stable_key()) else { continue };
            if instance.recall(kept).is_none() {
                effects.push(notice(&instance.automation.name(), "its saved state is damaged"));
            }
            // New runs get higher numbers than the restored ones.
            let last = instance.traces.iter().map(|trace| trace.run).max().unwrap_or(0);
            self.next_run = self.next_run.max(last.saturating_add(1));
        }
        self.heard = None;
        let keys: Vec<usize> = self.instances.keys().copied().collect();
        keys.into_iter().for_each(|key| self.write_quietly(key, home));
        effects.extend(self.taken());
        effects
    }
}

impl Instance {
    /// The key that identifies it after its file has changed: its ID, or else its name.
    pub fn stable_key(&self) -> String {
        let Automation { id, .. } = &self.automation;
        id.as_ref().map_or_else(|| format!("alias {}", self.automation.name()), |id| format!("id {id}"))
    }

    /// Takes over the state of a previous version.
    pub fn take_over(&mut self, old: &Self) {
        self.last_triggered = old.last_triggered;
        old.traces.iter().for_each(|trace| self.store_trace(trace.clone()));
        if !self.has_initial_state() {
            self.set_enabled(old.is_on());
        }
    }

    /// Whether the file says if it is on. Then nothing that was saved does.
    fn has_initial_state(&self) -> bool {
        self.automation.source.get("initial_state").is_some()
    }

    fn remember(&self, traces: Vec<Value>) -> Value {
        json!({
            "last_triggered": self.last_triggered.map(Timestamp::to_iso),
            "is_off": !self.is_on() && !self.has_initial_state(),
            "traces": traces,
        })
    }

    /// Restores saved state. `None` if a part cannot be read; the other parts are restored.
    fn recall(&mut self, kept: &Value) -> Option<()> {
        let mut is_whole = kept.is_object();
        let mut last = |value: &Value| {
            let time = value.as_str().and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok());
            is_whole &= value.is_null() || time.is_some();
            time.map(|time| zone::timestamp(time.to_utc()))
        };
        self.last_triggered = kept.get("last_triggered").and_then(&mut last);
        if kept.get("is_off").and_then(Value::as_bool).unwrap_or(false) && !self.has_initial_state() {
            self.set_enabled(false);
        }
        for trace in kept.get("traces").and_then(Value::as_array).into_iter().flatten() {
            match Trace::recall(trace) {
                Some(trace) => self.store_trace(trace),
                None => is_whole = false,
            }
        }
        is_whole.then_some(())
    }
}
