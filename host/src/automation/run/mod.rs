//! All automations at work: triggers become runs, modes say how many, guards stop what causes itself.
//!
//! Pure: told of events, answers and instants, it gives effects. Whoever drives it does them, tells events of theirs with
//! the run that caused them, and asks again at `next`.

mod actions;
mod guard;
mod lifecycle;
mod list;
mod live;
mod loading;
mod memory;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;

use super::home::{Event, Home};
use super::past::Past;
use super::script::{End, Failure, Input, Script};
use super::templates::{Templates, Variables};
use super::trace::{Trace, hidden};
use super::zone;
use crate::model::Timestamp;
use guard::Causes;
pub use list::Listed;
use live::Live;

/// What has to be done for automations.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Call an action; its answer goes to `Engine::answer` with the same numbers.
    Call { run: u64, call: u64, action: String, data: Value, target: Value, wants_response: bool },
    /// Tell everybody of an event, `Engine::hear` too, with `run` as its cause.
    Fire { run: u64, name: String, data: Value },
    /// For the log: what happened to which automation, and what to do.
    Notice { automation: String, message: String },
    /// A run is over.
    Ended { run: u64, automation: String, end: End },
}

/// One run of an automation.
struct Run {
    /// The automation's key.
    of: usize,
    script: Script,
    variables: Variables,
    trace: Trace,
}

/// Every automation and every run.
pub struct Engine {
    templates: Arc<Templates>,
    secrets: Arc<[String]>,
    /// By a key that grows in the order of the file; a reload gives new ones.
    live: BTreeMap<usize, Live>,
    next_key: usize,
    runs: BTreeMap<u64, Run>,
    next_run: u64,
    causes: Causes,
    past: Past,
    /// Automations that show something else than before.
    changed: BTreeSet<usize>,
}

impl Default for Engine {
    fn default() -> Self {
        Self {
            templates: Arc::default(),
            secrets: Arc::from([]),
            live: BTreeMap::new(),
            next_key: 0,
            runs: BTreeMap::new(),
            next_run: 1,
            causes: Causes::default(),
            past: Past::default(),
            changed: BTreeSet::new(),
        }
    }
}

impl Engine {
    /// What happened, and the run that caused it, if one did.
    pub fn hear(&mut self, event: &Event, cause: Option<u64>, home: &Home) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.causes.forget(home.now);
        self.past.begin(home.now);
        let running: Vec<u64> = self.runs.keys().copied().collect();
        for run in running {
            effects.extend(self.step(run, &Input::Event(event), home));
        }
        let keys: Vec<usize> = self.live.keys().copied().collect();
        for key in keys {
            let Some(live) = self.live.get_mut(&key) else { continue };
            if !live.is_concerned(event, home) {
                continue;
            }
            let (firings, problems) = live.hear(event, home, &self.templates);
            let name = live.automation.name();
            let notice = |message| Effect::Notice { automation: name.clone(), message };
            effects.extend(problems.into_iter().map(notice));
            for firing in firings {
                effects.extend(self.trigger(key, firing, cause, false, home));
            }
        }
        self.veiled(effects)
    }

    /// What a called action gave. An answer that nobody waits for any more is left.
    pub fn answer(
        &mut self,
        run: u64,
        call: u64,
        result: Result<Value, Failure>,
        home: &Home,
    ) -> Vec<Effect> {
        let effects = self.step(run, &Input::Answer { call, result }, home);
        self.veiled(effects)
    }

    /// When `Event::Time` has to be told, if nothing happens before.
    pub fn next(&self) -> Option<Timestamp> {
        let watched = self.live.values().filter_map(|live| live.next);
        watched.chain(self.runs.values().filter_map(|run| run.script.next())).min()
    }

    /// The home's clocks go by another zone: `home` shows it already.
    pub fn rezone(&mut self, home: &Home) {
        let past = Past::default();
        self.live.values_mut().for_each(|live| live.reckon(TimeDelta::zero(), home, &past));
        self.runs.values_mut().for_each(|run| run.script.reckon(TimeDelta::zero(), home, &past));
    }

    /// The clock was set forward by `by`, or back: `home` shows it already. Times of the day come when it shows them, but none
    /// twice; what lasts a while lasts as long as it would have.
    pub fn set_clock(&mut self, by: TimeDelta, home: &Home) {
        self.past.turn(by, zone::plus(home.now, -by), home.now);
        self.causes.shift(by);
        self.live.values_mut().for_each(|live| live.reckon(by, home, &self.past));
        self.runs.values_mut().for_each(|run| run.script.reckon(by, home, &self.past));
    }

    /// Ends every run: the program stops.
    pub fn stop(&mut self, home: &Home) -> Vec<Effect> {
        self.live.values_mut().for_each(|live| live.queue.clear());
        let running: Vec<u64> = self.runs.keys().copied().collect();
        let effects = running.into_iter().flat_map(|run| self.cancel(run, home)).collect();
        self.veiled(effects)
    }

    /// Runs that are under way.
    pub fn running(&self) -> usize {
        self.runs.len()
    }

    /// Runs one by hand, by its alias, id or entity; its conditions are not asked unless `asks`.
    pub fn start(&mut self, name: &str, asks: bool, home: &Home) -> Result<Vec<Effect>, String> {
        let key = self.find(name)?;
        let trigger =
            serde_json::json!({"platform": null, "id": null, "idx": null, "description": "by hand"});
        let effects = self.trigger(key, trigger, None, !asks, home);
        Ok(self.veiled(effects))
    }

    /// From now on nothing starts by itself.
    pub fn sleep(&mut self) {
        self.live.values_mut().for_each(Live::sleep);
    }

    /// Every automation, in the order of the file.
    pub fn list(&self) -> Vec<Listed> {
        let running = |key| self.runs.values().filter(|run| run.of == key).count();
        self.live.iter().map(|(key, live)| live.listed(running(*key))).collect()
    }

    /// Those that show something else than when this was asked last.
    pub fn changed(&mut self) -> Vec<Listed> {
        let changed = std::mem::take(&mut self.changed);
        let running = |key| self.runs.values().filter(|run| run.of == key).count();
        changed.into_iter().filter_map(|key| Some(self.live.get(&key)?.listed(running(key)))).collect()
    }

    /// The last runs of one automation, the oldest first, those under way at the end.
    pub fn traces(&self, name: &str) -> Result<Vec<Trace>, String> {
        let key = self.find(name)?;
        let ended = self.live.get(&key).into_iter().flat_map(|live| live.traces.iter().cloned());
        let running = self.runs.values().filter(|run| run.of == key).map(|run| run.trace.clone());
        Ok(ended.chain(running).collect())
    }

    /// Without the secrets in what is told to people.
    fn veiled(&self, mut effects: Vec<Effect>) -> Vec<Effect> {
        for effect in &mut effects {
            match effect {
                Effect::Notice { message, .. }
                | Effect::Ended { end: End::Failed(message) | End::Stopped { message, .. }, .. } => {
                    *message = hidden(message, &self.secrets);
                }
                _ => {}
            }
        }
        effects
    }

    fn find(&self, name: &str) -> Result<usize, String> {
        let mut found = self.live.iter().filter(|(_, live)| live.is_called(name));
        match (found.next(), found.next()) {
            (Some((key, _)), None) => Ok(*key),
            (Some(_), Some(_)) => Err(format!("several automations are called `{name}`; name it by its id")),
            (None, _) => Err(format!("there is no automation `{name}`; `larder automations` lists them")),
        }
    }
}
