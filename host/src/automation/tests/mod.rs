//! Black-box tests of automations: text in; parsed forms, errors and runs in virtual time out. Cases are data.

mod actions;
mod conditions;
mod custom;
mod documented;
mod engine;
mod entities;
mod goldens;
mod inventory;
mod parsing;
mod properties;
mod rendering;
mod runs;
mod triggers;
mod validator;

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::DateTime;
use serde_json::{Value, json};

use super::files::{self, Loaded, Source};
use super::home::{Entity, Event, Home};
use super::run::{Effect, Engine};
use super::script::Failure;
use crate::model::Timestamp;

/// The files and environment variables of a test.
#[derive(Default)]
pub struct Given {
    pub files: BTreeMap<PathBuf, String>,
    pub variables: BTreeMap<String, String>,
}

impl Source for Given {
    fn read(&self, path: &Path) -> Result<String, String> {
        self.files.get(path).cloned().ok_or("no such file".into())
    }

    fn list(&self, path: &Path) -> Result<Vec<PathBuf>, String> {
        let held: Vec<_> = self.files.keys().filter(|file| file.parent() == Some(path)).cloned().collect();
        if held.is_empty() { Err("no such directory".into()) } else { Ok(held) }
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }
}

/// Loads a text as `automations.yaml`.
pub fn load(text: &str) -> Loaded {
    let path = PathBuf::from("/config/automations.yaml");
    let given = Given { files: BTreeMap::from([(path.clone(), text.to_owned())]), ..Given::default() };
    files::load(&given, Path::new("/config"), &path)
}

/// Loads a text as `automations.yaml`, beside a `secrets.yaml` with a password.
pub fn load_with_secrets(text: &str) -> Loaded {
    let path = PathBuf::from("/config/automations.yaml");
    let secrets = (PathBuf::from("/config/secrets.yaml"), "password: swordfish\n".to_owned());
    let given =
        Given { files: BTreeMap::from([(path.clone(), text.to_owned()), secrets]), ..Given::default() };
    files::load(&given, Path::new("/config"), &path)
}

pub fn at(text: &str) -> Timestamp {
    super::zone::timestamp(DateTime::parse_from_rfc3339(text).unwrap().to_utc())
}

/// A time zone by its name, with the built-in rules.
pub fn zone_of(name: &str) -> larder_zone::Zone {
    crate::time::timezone::Tables::new(Path::new("/nonexistent")).zone(name).unwrap().0
}

pub fn entity(state: &str, attributes: Value, since: Timestamp) -> Arc<Entity> {
    Arc::new(Entity { state: state.into(), attributes, last_changed: since, last_updated: since })
}

/// A home in virtual time. Calls are answered at once if `answers_at_once` is set.
pub struct Play {
    pub engine: Engine,
    pub home: Home,
    /// What happened, one line each.
    pub log: Vec<String>,
    pub waits: Vec<(u64, u64)>,
    pub answers_at_once: bool,
    /// Events that automations fired and that were not heard yet.
    fired: VecDeque<(String, Value, u64)>,
}

impl Play {
    pub fn new(text: &str, zone: &str, now: &str) -> Self {
        let loaded = load(text);
        assert_eq!(loaded.problems.iter().map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
        let mut home = Home { now: at(now), zone: zone_of(zone), states: Arc::default() };
        let mut engine = Engine::default();
        let effects = engine.load(loaded.automations, loaded.secrets, &mut home);
        let mut play =
            Self { engine, home, log: vec![], waits: vec![], answers_at_once: true, fired: VecDeque::new() };
        play.take(effects);
        play
    }

    pub fn set(&mut self, id: &str, state: &str, attributes: Value) {
        let old = self.home.states.get(id).cloned();
        let is_same = |old: &Arc<Entity>| old.state == state && old.attributes == attributes;
        if old.as_ref().is_some_and(is_same) {
            return;
        }
        let mut new = Entity::clone(&entity(state, attributes, self.home.now));
        if let Some(old) = old.as_ref().filter(|old| old.state == state) {
            new.last_changed = old.last_changed;
        }
        let new = Some(Arc::new(new));
        Arc::make_mut(&mut self.home.states).insert(id.into(), new.clone().unwrap());
        self.hear(&Event::State { id: id.into(), old, new }, None);
    }

    pub fn fire(&mut self, name: &str, data: Value) {
        self.hear(&Event::Named { name: name.into(), data }, None);
    }

    pub fn hear(&mut self, event: &Event, cause: Option<u64>) {
        let effects = self.engine.handle(event, cause, &mut self.home);
        self.take(effects);
        // What automations fire is heard after what fired it.
        while let Some((name, data, run)) = self.fired.pop_front() {
            let event = Event::Named { name, data };
            let effects = self.engine.handle(&event, Some(run).filter(|run| *run > 0), &mut self.home);
            self.take(effects);
        }
    }

    /// Advances time to `then`, with every event on the way at its time.
    pub fn until(&mut self, then: &str) {
        let then = at(then);
        let mut rounds = 0;
        while let Some(next) = self.engine.next().filter(|next| *next <= then) {
            rounds += 1;
            assert!(rounds < 100_000, "time does not go on");
            self.home.now = next.max(self.home.now);
            self.hear(&Event::Time, None);
        }
        self.home.now = then;
    }

    fn take(&mut self, effects: Vec<Effect>) {
        let local = super::zone::utc(self.home.now).with_timezone(&self.home.zone);
        let now = local.format("%m-%d %H:%M:%S").to_string();
        for effect in effects {
            match effect {
                Effect::Call { run, call, action, data, target, .. } => {
                    let shown = if target == json!({}) { String::new() } else { format!(" on {target}") };
                    self.log.push(format!("{now} {action} {data}{shown}"));
                    match self.answers_at_once {
                        true => self.served(run, call, &action, data, target),
                        false => self.waits.push((run, call)),
                    }
                }
                Effect::Answer { run, call } => self.answer(run, call, Ok(json!({}))),
                Effect::Fire { run, name, data } => {
                    self.log.push(format!("{now} event {name} {data}"));
                    self.fired.push_back((name, data, run));
                }
                Effect::Show { .. } => {}
                Effect::Notice { message, .. } => self.log.push(format!("{now} notice: {message}")),
                Effect::Ended { .. } => {}
            }
        }
        let more = self.engine.proceed(&mut self.home);
        if !more.is_empty() {
            self.take(more);
        }
    }
    /// Performs an action of the automation domain, and answers every other one.
    fn served(&mut self, run: u64, call: u64, action: &str, data: Value, target: Value) {
        let mut merged = data.as_object().cloned().unwrap_or_default();
        merged.extend(target.as_object().cloned().unwrap_or_default());
        let data = Value::Object(merged);
        let called = self.engine.called(run, action, &data);
        self.take(called.into_iter().collect());
        if !Engine::has_action(action) {
            return self.answer(run, call, Ok(json!({"ok": 1})));
        }
        match self.engine.call(action, &data, &Value::Null, (run, call), &mut self.home) {
            Ok(effects) => self.take(effects),
            Err(message) => self.answer(run, call, Err(Failure { message, is_final: true })),
        }
    }

    fn answer(&mut self, run: u64, call: u64, result: Result<Value, Failure>) {
        let effects = self.engine.answer(run, call, result, &mut self.home);
        self.take(effects);
    }
}
