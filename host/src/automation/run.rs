//! All automations at work: triggers become runs, modes say how many, guards stop what causes itself.
//!
//! Pure: told of events, answers and instants, it gives effects. Whoever drives it does them, tells events of theirs with
//! the run that caused them, and asks again at `next`.

mod guard;
mod listed;
mod live;
mod memory;
mod served;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::home::{Event, Home};
use super::model::Automation;
use super::script::{self, End, Failure, Input, Script, World};
use super::templates::{Templates, Variables};
use super::trace::{Trace, hidden};
use crate::model::Timestamp;
use guard::Causes;
pub use listed::Listed;
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
            changed: BTreeSet::new(),
        }
    }
}

impl Engine {
    /// Takes these automations in place of those before. What did not change goes on, runs too; of others the runs end.
    pub fn load(&mut self, automations: Vec<Automation>, secrets: Vec<String>, home: &Home) -> Vec<Effect> {
        self.secrets = secrets.into();
        let mut effects = Vec::new();
        let mut before = std::mem::take(&mut self.live);
        let mut renamed = BTreeMap::new();
        for automation in automations {
            let key = self.next_key;
            self.next_key += 1;
            let same = before.iter().find(|(_, live)| live.automation.source == automation.source);
            let same = same.map(|(key, _)| *key).and_then(|old| Some((old, before.remove(&old)?)));
            let live = match same {
                Some((old, mut live)) => {
                    renamed.insert(old, key);
                    live.automation.place = automation.place;
                    // A reload is how a stopped one is started again.
                    effects.extend(live.resume(home, &self.templates));
                    live
                }
                None => {
                    let (live, notices) = Live::new(automation, home, &self.templates);
                    effects.extend(notices);
                    live
                }
            };
            self.changed.insert(key);
            self.live.insert(key, live);
        }
        let mut gone = Vec::new();
        for (id, run) in &mut self.runs {
            match renamed.get(&run.of) {
                Some(key) => run.of = *key,
                None => gone.push(*id),
            }
        }
        self.causes.rename(&renamed);
        for id in gone {
            if let Some(live) = self.runs.remove(&id).and_then(|run| before.get(&run.of)) {
                let automation = live.automation.name();
                effects.push(Effect::Ended { run: id, automation, end: End::Cancelled });
            }
        }
        self.veiled(effects)
    }

    /// What happened, and the run that caused it, if one did.
    pub fn hear(&mut self, event: &Event, cause: Option<u64>, home: &Home) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.causes.forget(home.now);
        let running: Vec<u64> = self.runs.keys().copied().collect();
        for run in running {
            effects.extend(self.step(run, &Input::Event(event), home));
        }
        let keys: Vec<usize> = self.live.keys().copied().collect();
        for key in keys {
            let Some(live) = self.live.get_mut(&key) else { continue };
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

    /// A trigger fired: looks at guards, conditions and mode, then begins a run or lets it wait.
    fn trigger(
        &mut self,
        key: usize,
        trigger: Value,
        cause: Option<u64>,
        is_forced: bool,
        home: &Home,
    ) -> Vec<Effect> {
        let Some(live) = self.live.get_mut(&key) else { return Vec::new() };
        let name = live.automation.name();
        let notice = |message: String| vec![Effect::Notice { automation: name.clone(), message }];
        if let Err(message) = self.causes.check(key, cause, live, home.now) {
            return notice(message);
        }
        let run = self.next_run;
        self.next_run += 1;
        let mut trace = Trace::new(run, home.now, &trigger, self.secrets.clone());
        let begun = live.begin(&trigger, is_forced, home, &self.templates, &mut trace);
        let variables = match begun {
            Ok(Some(variables)) => variables,
            Ok(None) => {
                trace.finish(home.now, "not run: a condition does not hold");
                live.traces.push(trace);
                return Vec::new();
            }
            Err(problem) => {
                trace.finish(home.now, &format!("failed: {problem}"));
                live.traces.push(trace);
                return notice(problem);
            }
        };
        self.causes.began(run, key, cause, home.now);
        live.starts.push_back(home.now);
        let mut effects = Vec::new();
        let running: Vec<u64> = self.runs.iter().filter(|(_, it)| it.of == key).map(|(id, _)| *id).collect();
        let script = Script::new(&live.automation.actions);
        let started = Run { of: key, script, variables, trace };
        let place = live.place(running.len());
        if !matches!(place, live::Place::None { .. }) {
            live.last_triggered = Some(home.now);
            self.changed.insert(key);
        }
        match place {
            live::Place::Now => effects.extend(self.begin(run, started, home)),
            live::Place::Instead => {
                running.into_iter().for_each(|old| effects.extend(self.cancel(old, home)));
                effects.extend(self.begin(run, started, home));
            }
            live::Place::Later => live.queue.push_back((run, started)),
            live::Place::None { message } => {
                let mut trace = started.trace;
                trace.finish(home.now, &format!("not run: {message}"));
                let warns = live.automation.warns;
                live.traces.push(trace);
                if warns {
                    effects.extend(notice(message));
                }
            }
        }
        effects
    }

    fn begin(&mut self, id: u64, run: Run, home: &Home) -> Vec<Effect> {
        self.runs.insert(id, run);
        self.step(id, &Input::Begin, home)
    }

    fn step(&mut self, id: u64, input: &Input, home: &Home) -> Vec<Effect> {
        let Some(run) = self.runs.get_mut(&id) else { return Vec::new() };
        let Run { of, script, variables, trace } = run;
        let mut world = World { home, templates: &self.templates, trace, variables, told: Vec::new() };
        let found = script.step(input, &mut world);
        let automation = self.live.get(of).map(|live| live.automation.name()).unwrap_or_default();
        let mut effects = Vec::new();
        for effect in found {
            match effect {
                script::Effect::Call { call, action, data, target, wants_response } => {
                    effects.push(Effect::Call { run: id, call, action, data, target, wants_response });
                }
                script::Effect::Fire { name, data } => effects.push(Effect::Fire { run: id, name, data }),
                script::Effect::Notice(message) => {
                    effects.push(Effect::Notice { automation: automation.clone(), message });
                }
                script::Effect::End(end) => effects.extend(self.ended(id, end, home)),
            }
        }
        effects
    }

    fn cancel(&mut self, id: u64, home: &Home) -> Vec<Effect> {
        if let Some(run) = self.runs.get_mut(&id) {
            run.script.cancel();
        }
        self.ended(id, End::Cancelled, home)
    }

    /// A run is over: it is remembered, and the next in the queue begins.
    fn ended(&mut self, id: u64, end: End, home: &Home) -> Vec<Effect> {
        let Some(mut run) = self.runs.remove(&id) else { return Vec::new() };
        run.trace.finish(home.now, &end.to_string());
        self.changed.insert(run.of);
        let Some(live) = self.live.get_mut(&run.of) else { return Vec::new() };
        live.traces.push(run.trace);
        let automation = live.automation.name();
        let mut effects = Vec::new();
        if let End::Failed(message) = &end {
            effects.push(Effect::Notice { automation: automation.clone(), message: message.clone() });
        }
        effects.push(Effect::Ended { run: id, automation, end });
        if let Some((next, waiting)) = live.queue.pop_front() {
            effects.extend(self.begin(next, Run { of: run.of, ..waiting }, home));
        }
        effects
    }
}
