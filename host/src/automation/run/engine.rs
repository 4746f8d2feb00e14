//! The engine: holds all automations and their runs.
//!
//! Pure apart from the home: it receives events, answers and instants, keeps the entities of automations in the home,
//! and returns effects. The driver performs the effects, passes on the events that they cause together with the run
//! that caused them, and calls again at `next`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;

use super::active_run::{Caller, Run};
use super::effect::Effect;
use super::instance::{Firing, Instance};
use super::loop_guard::LoopGuard;
use super::summary::Summary;
use super::work::Work;
use crate::automation::clock_history::ClockHistory;
use crate::automation::home::{Event, Home};
use crate::automation::script::{End, Failure, Input};
use crate::automation::templates::{CustomTemplates, Templates};
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
    /// What is to be done, the next item last.
    pub(super) stack: Vec<Work>,
    /// What is to be done after that, the next item first.
    pub(super) later: VecDeque<Work>,
    /// Results that have not been returned yet.
    pub(super) effects: Vec<Effect>,
    /// Calls of `automation.trigger` that wait for the runs that they started.
    pub(super) callers: Vec<Caller>,
    /// The events that triggers wait for by name. `None` until it is needed.
    pub(super) heard: Option<BTreeSet<String>>,
    /// Whether triggers are not watched yet.
    pub(super) is_held: bool,
    pub(super) is_loaded: bool,
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
            stack: Vec::new(),
            later: VecDeque::new(),
            effects: Vec::new(),
            callers: Vec::new(),
            heard: None,
            is_held: false,
            is_loaded: false,
        }
    }
}

impl Engine {
    /// An engine whose automations start watching with `watch`, when the home is complete. Until then they run only
    /// by hand.
    pub fn held() -> Self {
        Self { is_held: true, ..Self::default() }
    }

    /// Starts watching: what has happened before fires nothing.
    pub fn watch(&mut self, home: &Home) -> Vec<Effect> {
        self.is_held = false;
        self.heard = None;
        for instance in self.instances.values_mut() {
            self.effects.extend(instance.watch(home, &self.templates));
        }
        self.taken()
    }

    /// Handles an event. `cause` is the run that caused it, if any.
    pub fn handle(&mut self, event: &Event, cause: Option<u64>, home: &mut Home) -> Vec<Effect> {
        self.loop_guard.forget(home.now);
        self.clock_history.begin(home.now);
        self.publish(event, cause, home);
        self.work(home)
    }

    /// Handles the result of a called action. A result that no run waits for is ignored.
    pub fn answer(
        &mut self,
        run: u64,
        call: u64,
        result: Result<Value, Failure>,
        home: &mut Home,
    ) -> Vec<Effect> {
        self.stack.push(Work::Step { run, input: Input::Answer { call, result } });
        self.work(home)
    }

    /// When to pass in `Event::Time`, unless another event comes first.
    pub fn next(&self) -> Option<Timestamp> {
        if self.has_work() {
            return Some(Timestamp::default());
        }
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
    pub fn stop(&mut self, home: &mut Home) -> Vec<Effect> {
        self.instances.values_mut().for_each(|instance| instance.queue.clear());
        let running: Vec<u64> = self.runs.keys().copied().collect();
        running.into_iter().for_each(|run| self.cancel(run, home));
        self.taken()
    }

    /// Replaces the files that templates may import.
    pub fn set_custom_templates(&self, custom: CustomTemplates) {
        self.templates.set_custom(custom);
    }

    /// The number of runs in progress.
    pub fn running(&self) -> usize {
        self.runs.len()
    }

    /// Starts an automation by hand, by its alias, ID or entity. `checks_conditions`: whether its conditions must hold.
    pub fn start(
        &mut self,
        name: &str,
        checks_conditions: bool,
        home: &mut Home,
    ) -> Result<Vec<Effect>, String> {
        let key = self.find(name)?;
        let firing = Firing { is_forced: !checks_conditions, ..Firing::by_hand("by hand") };
        self.trigger(key, firing, home);
        Ok(self.work(home))
    }

    /// All automations, in file order.
    pub fn list(&self) -> Vec<Summary> {
        let running = |key| self.runs.values().filter(|run| run.automation == key).count();
        self.instances.iter().map(|(key, instance)| instance.summary(running(*key))).collect()
    }

    /// The traces of one automation, oldest first, with runs in progress at the end.
    pub fn traces(&self, name: &str) -> Result<Vec<Trace>, String> {
        let key = self.find(name)?;
        let ended = self.instances.get(&key).into_iter().flat_map(|instance| instance.traces.iter().cloned());
        let running = self.runs.values().filter(|run| run.automation == key).map(|run| run.trace.clone());
        Ok(ended.chain(running).collect())
    }

    /// The results so far, without secrets in messages for users.
    pub(super) fn taken(&mut self) -> Vec<Effect> {
        let mut effects = std::mem::take(&mut self.effects);
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

    pub(super) fn notice(&mut self, key: usize, message: String) {
        let automation =
            self.instances.get(&key).map(|instance| instance.automation.name()).unwrap_or_default();
        self.effects.push(Effect::Notice { automation, message });
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
