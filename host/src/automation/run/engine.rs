//! The engine: holds all automations and their runs.
//!
//! Pure: it receives events, answers and instants, and returns effects. The driver performs the effects, passes on
//! the events that they cause together with the run that caused them, and calls again at `next`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;

use super::active_run::Run;
use super::effect::Effect;
use super::instance::Instance;
use super::loop_guard::LoopGuard;
use super::summary::Summary;
use crate::automation::clock_history::ClockHistory;
use crate::automation::home::{Event, Home};
use crate::automation::script::{End, Failure, Input};
use crate::automation::templates::Templates;
use crate::automation::trace::{Trace, redacted};
use crate::automation::zone;
use crate::model::Timestamp;

/// Every automation and every run.
pub struct Engine {
    pub(super) templates: Arc<Templates>,
    pub(super) secrets: Arc<[String]>,
    /// By a key that increases in file order. A reload assigns new keys.
    pub(super) instances: BTreeMap<usize, Instance>,
    pub(super) next_key: usize,
    pub(super) runs: BTreeMap<u64, Run>,
    pub(super) next_run: u64,
    pub(super) loop_guard: LoopGuard,
    pub(super) clock_history: ClockHistory,
    /// Automations whose entity changed.
    pub(super) changed: BTreeSet<usize>,
}

impl Default for Engine {
    fn default() -> Self {
        Self {
            templates: Arc::default(),
            secrets: Arc::from([]),
            instances: BTreeMap::new(),
            next_key: 0,
            runs: BTreeMap::new(),
            next_run: 1,
            loop_guard: LoopGuard::default(),
            clock_history: ClockHistory::default(),
            changed: BTreeSet::new(),
        }
    }
}

impl Engine {
    /// Handles an event. `cause` is the run that caused it, if any.
    pub fn handle(&mut self, event: &Event, cause: Option<u64>, home: &Home) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.loop_guard.forget(home.now);
        self.clock_history.begin(home.now);
        let running: Vec<u64> = self.runs.keys().copied().collect();
        for run in running {
            effects.extend(self.step(run, &Input::Event(event), home));
        }
        let keys: Vec<usize> = self.instances.keys().copied().collect();
        for key in keys {
            let Some(instance) = self.instances.get_mut(&key) else { continue };
            if !instance.is_concerned(event, home) {
                continue;
            }
            let (firings, problems) = instance.handle(event, home, &self.templates);
            let name = instance.automation.name();
            let notice = |message| Effect::Notice { automation: name.clone(), message };
            effects.extend(problems.into_iter().map(notice));
            for firing in firings {
                effects.extend(self.trigger(key, firing, cause, false, home));
            }
        }
        self.redacted(effects)
    }

    /// Handles the result of a called action. A result that no run waits for is ignored.
    pub fn answer(
        &mut self,
        run: u64,
        call: u64,
        result: Result<Value, Failure>,
        home: &Home,
    ) -> Vec<Effect> {
        let effects = self.step(run, &Input::Answer { call, result }, home);
        self.redacted(effects)
    }

    /// When to pass in `Event::Time`, unless another event comes first.
    pub fn next(&self) -> Option<Timestamp> {
        let watched = self.instances.values().filter_map(|instance| instance.next);
        watched.chain(self.runs.values().filter_map(|run| run.script.next())).min()
    }

    /// The time zone changed; `home` already has the new one.
    pub fn set_zone(&mut self, home: &Home) {
        let history = ClockHistory::default();
        self.instances
            .values_mut()
            .for_each(|instance| instance.clock_changed(TimeDelta::zero(), home, &history));
        self.runs.values_mut().for_each(|run| run.script.clock_changed(TimeDelta::zero(), home, &history));
    }

    /// The clock was set by `by`, forward or back; `home` already has the new time. Times of day fire when the new
    /// clock shows them, but none fires twice. Durations keep their length.
    pub fn set_clock(&mut self, by: TimeDelta, home: &Home) {
        self.clock_history.clock_set(by, zone::plus(home.now, -by), home.now);
        self.loop_guard.shift(by);
        self.instances
            .values_mut()
            .for_each(|instance| instance.clock_changed(by, home, &self.clock_history));
        self.runs.values_mut().for_each(|run| run.script.clock_changed(by, home, &self.clock_history));
    }

    /// Ends every run, because the program stops.
    pub fn stop(&mut self, home: &Home) -> Vec<Effect> {
        self.instances.values_mut().for_each(|instance| instance.queue.clear());
        let running: Vec<u64> = self.runs.keys().copied().collect();
        let effects = running.into_iter().flat_map(|run| self.cancel(run, home)).collect();
        self.redacted(effects)
    }

    /// The number of runs in progress.
    pub fn running(&self) -> usize {
        self.runs.len()
    }

    /// Starts an automation by hand, by its alias, ID or entity. `checks_conditions`: whether its conditions must hold.
    pub fn start(&mut self, name: &str, checks_conditions: bool, home: &Home) -> Result<Vec<Effect>, String> {
        let key = self.find(name)?;
        let trigger =
            serde_json::json!({"platform": null, "id": null, "idx": null, "description": "by hand"});
        let effects = self.trigger(key, trigger, None, !checks_conditions, home);
        Ok(self.redacted(effects))
    }

    /// Disables all triggers, so that runs start only by hand.
    pub fn disable_triggers(&mut self) {
        self.instances.values_mut().for_each(Instance::disable_triggers);
    }

    /// All automations, in file order.
    pub fn list(&self) -> Vec<Summary> {
        let running = |key| self.runs.values().filter(|run| run.automation == key).count();
        self.instances.iter().map(|(key, instance)| instance.summary(running(*key))).collect()
    }

    /// The automations whose entity changed since the last call.
    pub fn changed(&mut self) -> Vec<Summary> {
        let changed = std::mem::take(&mut self.changed);
        let running = |key| self.runs.values().filter(|run| run.automation == key).count();
        changed.into_iter().filter_map(|key| Some(self.instances.get(&key)?.summary(running(key)))).collect()
    }

    /// The traces of one automation, oldest first, with runs in progress at the end.
    pub fn traces(&self, name: &str) -> Result<Vec<Trace>, String> {
        let key = self.find(name)?;
        let ended = self.instances.get(&key).into_iter().flat_map(|instance| instance.traces.iter().cloned());
        let running = self.runs.values().filter(|run| run.automation == key).map(|run| run.trace.clone());
        Ok(ended.chain(running).collect())
    }

    /// Replaces secrets in messages for users.
    pub(super) fn redacted(&self, mut effects: Vec<Effect>) -> Vec<Effect> {
        for effect in &mut effects {
            match effect {
                Effect::Notice { message, .. }
                | Effect::Ended { end: End::Failed(message) | End::Stopped { message, .. }, .. } => {
                    *message = redacted(message, &self.secrets);
                }
                _ => {}
            }
        }
        effects
    }

    pub(super) fn find(&self, name: &str) -> Result<usize, String> {
        let mut found = self.instances.iter().filter(|(_, instance)| instance.is_called(name));
        match (found.next(), found.next()) {
            (Some((key, _)), None) => Ok(*key),
            (Some(_), Some(_)) => Err(format!("several automations are called `{name}`; use the ID")),
            (None, _) => Err(format!("there is no automation `{name}`; `larder automations` lists them")),
        }
    }
}
