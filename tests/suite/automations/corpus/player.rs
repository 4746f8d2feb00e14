//! Plays a timeline: drives the engine as a host does, in virtual time, and records what happens.

mod lines;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{NaiveDateTime, TimeDelta, TimeZone};
use larder::automation::files::Loaded;
use larder::automation::home::{Entity, Event, Home};
use larder::automation::model::Automation;
use larder::automation::run::{Effect, Engine};
use larder::automation::script::Failure;
use larder::automation::zone;
use larder::model::Timestamp;
use larder::time::timezone::Tables;
use serde_json::{Value, json};

use super::timeline::{Line, Timeline};

pub struct Player {
    timeline: Timeline,
    folder: PathBuf,
    engine: Engine,
    automations: Vec<Automation>,
    home: Home,
    log: String,
    todo: VecDeque<Effect>,
    /// Events that automations fired: heard when nothing is left to do.
    fired: VecDeque<(Event, Option<u64>)>,
    /// The results of calls, next one first.
    answers: BTreeMap<String, VecDeque<Line>>,
    /// State changes caused by calls.
    whens: Vec<Line>,
    /// Delayed answers.
    late: Vec<(Timestamp, u64, u64, Value)>,
}

impl Player {
    pub fn new(timeline: Timeline, folder: PathBuf) -> Self {
        let zone = Tables::new("/nonexistent".as_ref()).zone(&timeline.zone).unwrap().0;
        let home = Home { now: Timestamp::default(), zone, states: Arc::default() };
        let mut player = Self {
            timeline,
            folder,
            engine: Engine::default(),
            automations: Vec::new(),
            home,
            log: String::new(),
            todo: VecDeque::new(),
            fired: VecDeque::new(),
            answers: BTreeMap::new(),
            whens: Vec::new(),
            late: Vec::new(),
        };
        player.home.now = player.local(&player.timeline.start);
        player
    }

    /// Plays the timeline and returns what happened, one line each.
    pub fn play(mut self, loaded: Loaded) -> String {
        for line in std::mem::take(&mut self.timeline.before) {
            match line.verb.as_str() {
                "state" => drop(self.set(&line.all())),
                _ => self.whens.push(line),
            }
        }
        self.note("start", "");
        self.load(loaded);
        for line in std::mem::take(&mut self.timeline.lines) {
            self.line(&line);
        }
        self.log
    }

    fn load(&mut self, loaded: Loaded) {
        self.automations = loaded.automations.clone();
        let effects = self.engine.load(loaded.automations, loaded.secrets, &mut self.home);
        self.take(effects);
    }

    /// Sets `id = state {attributes}` and returns the event if anything changed.
    fn set(&mut self, text: &str) -> Option<Event> {
        let (id, rest) = text.split_once('=').unwrap();
        let (state, attributes) = match rest.split_once('{') {
            Some((state, rest)) => (state.trim(), data(&format!("{{{rest}"))),
            None => (rest.trim(), json!({})),
        };
        self.put(id.trim(), state, attributes)
    }

    fn put(&mut self, id: &str, state: &str, attributes: Value) -> Option<Event> {
        let (now, old) = (self.home.now, self.home.states.get(id).cloned());
        let mut new = Entity { state: state.into(), attributes, last_changed: now, last_updated: now };
        if let Some(old) = &old {
            if old.state == new.state && old.attributes == new.attributes {
                return None;
            }
            if old.state == new.state {
                new.last_changed = old.last_changed;
            }
        }
        let new = Some(Arc::new(new));
        Arc::make_mut(&mut self.home.states).insert(id.into(), new.clone().unwrap());
        Some(Event::State { id: id.into(), old, new })
    }

    fn hear(&mut self, event: &Event) {
        let effects = self.engine.handle(event, None, &mut self.home);
        self.take(effects);
    }

    /// Performs effects and their consequences, in order.
    fn take(&mut self, effects: Vec<Effect>) {
        self.todo.extend(effects);
        let mut rounds = 0;
        loop {
            let Some(effect) = self.todo.pop_front() else {
                self.todo.extend(self.engine.proceed(&mut self.home));
                match (self.todo.is_empty(), self.fired.pop_front()) {
                    (false, _) => continue,
                    (true, None) => return,
                    (true, Some((event, cause))) => {
                        self.todo.extend(self.engine.handle(&event, cause, &mut self.home));
                        continue;
                    }
                }
            };
            rounds += 1;
            assert!(rounds < 100_000, "it goes on for ever");
            // What an action causes comes before anything else.
            let more = self.effect(effect);
            more.into_iter().rev().for_each(|effect| self.todo.push_front(effect));
        }
    }

    fn effect(&mut self, effect: Effect) -> Vec<Effect> {
        match effect {
            Effect::Call { run, call, action, data, target, .. } => {
                let shown = if target == json!({}) { String::new() } else { format!(" on {target}") };
                self.note("call", &format!("{action} {data}{shown}"));
                match Engine::has_action(&action) {
                    true => self.served(run, call, &action, &data, &target),
                    false => self.called(run, call, &action),
                }
            }
            Effect::Answer { run, call } => self.engine.answer(run, call, Ok(json!({})), &mut self.home),
            Effect::Fire { run, name, data } => {
                self.note("fire", &format!("{name} {data}"));
                let cause = Some(run).filter(|run| *run > 0);
                self.fired.push_back((Event::Named { name, data }, cause));
                Vec::new()
            }
            Effect::Show { .. } => Vec::new(),
            Effect::Notice { automation, message } => {
                self.note("notice", &format!("{automation}: {message}"));
                Vec::new()
            }
            Effect::Ended { run, automation, end } => {
                self.note("end", &format!("{automation} #{run}: {end}"));
                Vec::new()
            }
        }
    }

    /// Performs an action of the automation domain.
    fn served(&mut self, run: u64, call: u64, action: &str, data: &Value, target: &Value) -> Vec<Effect> {
        match self.engine.call(action, data, target, (run, call), &mut self.home) {
            Ok(effects) => effects,
            Err(message) => {
                let failure = Failure { message, is_final: true };
                self.engine.answer(run, call, Err(failure), &mut self.home)
            }
        }
    }

    fn called(&mut self, run: u64, call: u64, action: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for when in self.whens.clone().iter().filter(|when| when.name == action) {
            if let Some(event) = self.set(when.rest.trim_start_matches("state ")) {
                effects.extend(self.engine.handle(&event, Some(run), &mut self.home));
            }
        }
        let answer = self.answers.get_mut(action).and_then(VecDeque::pop_front);
        let result = match answer.as_ref().map(|line| (line.verb.as_str(), line.rest.as_str())) {
            None => Ok(json!({})),
            Some(("answer", text)) => Ok(data(text)),
            Some(("slowly", text)) => {
                let due = zone::plus(self.home.now, TimeDelta::minutes(1));
                self.late.push((due, run, call, data(text)));
                return effects;
            }
            Some((verb, text)) => Err(Failure { message: text.into(), is_final: verb == "refuse" }),
        };
        effects.extend(self.engine.answer(run, call, result, &mut self.home));
        effects
    }

    /// Advances time to `then`, with every event on the way at its time.
    fn until(&mut self, then: Timestamp) {
        let mut rounds = 0;
        loop {
            let late = self.late.iter().map(|(due, ..)| *due).min();
            let next = self.engine.next().into_iter().chain(late).min().filter(|next| *next <= then);
            let Some(next) = next else { break };
            rounds += 1;
            assert!(rounds < 100_000, "time does not go on");
            self.home.now = next.max(self.home.now);
            let now = self.home.now;
            let all = std::mem::take(&mut self.late).into_iter();
            let (due, rest): (Vec<_>, Vec<_>) = all.partition(|(due, ..)| *due <= now);
            self.late = rest;
            for (_, run, call, answer) in due {
                let effects = self.engine.answer(run, call, Ok(answer), &mut self.home);
                self.take(effects);
            }
            self.hear(&Event::Time);
        }
        self.home.now = then.max(self.home.now);
    }

    fn local(&self, text: &str) -> Timestamp {
        let (text, is_again) = text.strip_suffix(" again").map_or((text, false), |text| (text, true));
        let wall = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap();
        let found = self.home.zone.from_local_datetime(&wall);
        let found = if is_again { found.latest() } else { found.earliest() };
        zone::timestamp(found.unwrap().to_utc())
    }

    fn note(&mut self, what: &str, text: &str) {
        let local = zone::utc(self.home.now).with_timezone(&self.home.zone);
        let line = format!("{} {what} {text}", local.format("%Y-%m-%d %H:%M:%S%.f %z"));
        self.log += line.trim_end();
        self.log.push('\n');
    }
}

fn data(text: &str) -> Value {
    if text.trim().is_empty() { json!({}) } else { serde_json::from_str(text).unwrap() }
}
