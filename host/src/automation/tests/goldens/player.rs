//! Plays a timeline to Larder's engine, in virtual time, as a host does. `ask_runs.py` describes its lines.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::{NaiveDateTime, TimeDelta, TimeZone};
use serde_json::{Value, json};

use super::runs::Record;
use crate::automation::home::{Entity, Event, Home};
use crate::automation::run::{Effect, Engine};
use crate::automation::script::{End, Failure};
use crate::automation::tests::{load_with_secrets, zone_of};
use crate::automation::{literals, zone};
use crate::model::Timestamp;

/// The actions that exist besides those of the automation domain.
const ACTIONS: [&str; 4] = ["notify.phone", "test.do", "test.other", "test.get"];

pub struct Player {
    engine: Engine,
    home: Home,
    record: Record,
    todo: VecDeque<Effect>,
    /// The results of calls, next one first: how, and with what.
    answers: BTreeMap<String, VecDeque<(String, String)>>,
    /// State changes caused by calls: the action and the state.
    whens: Vec<(String, String)>,
    late: Vec<(Timestamp, u64, u64, Value)>,
}

impl Player {
    /// What happens.
    pub fn play(automations: &str, timeline: &str) -> Record {
        let (mut zone, mut start) = ("UTC", "2026-01-01 00:00:00");
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for line in timeline.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
            match verb {
                "zone" => zone = rest,
                "start" => start = rest,
                "state" | "when" if after.is_empty() => before.push((verb, rest)),
                _ => after.push((verb, rest)),
            }
        }
        let home = Home { now: Timestamp::default(), zone: zone_of(zone), states: Arc::default() };
        let mut player = Self {
            engine: Engine::default(),
            home,
            record: Record::default(),
            todo: VecDeque::new(),
            answers: BTreeMap::new(),
            whens: Vec::new(),
            late: Vec::new(),
        };
        player.home.now = player.local(start);
        for (verb, rest) in before {
            if verb == "state" { drop(player.set(rest)) } else { player.line(verb, rest) }
        }
        let loaded = load_with_secrets(automations);
        let effects = player.engine.load(loaded.automations, loaded.secrets, &player.home);
        player.take(effects);
        player.hear(&Event::Start);
        after.into_iter().for_each(|(verb, rest)| player.line(verb, rest));
        player.record
    }

    fn line(&mut self, verb: &str, rest: &str) {
        let (name, more) = rest.split_once(' ').unwrap_or((rest, ""));
        match verb {
            "at" => self.until(self.local(rest)),
            "after" => {
                let span = literals::period(&Value::from(rest)).unwrap();
                self.until(zone::plus(self.home.now, span));
            }
            "state" => self.set(rest).into_iter().for_each(|event| self.hear(&event)),
            "gone" => {
                let old = Arc::make_mut(&mut self.home.states).remove(name);
                self.hear(&Event::State { id: name.into(), old, new: None });
            }
            "event" => self.hear(&Event::Named { name: name.into(), data: data(more) }),
            "run" | "ask" => {
                let started = self.engine.start(name, verb == "ask", &self.home);
                self.take(started.unwrap_or_default());
            }
            "service" => {
                let done = self.engine.call(name, &data(more), &json!({}), None, &self.home);
                self.take(done.unwrap_or_default());
            }
            "answer" | "slowly" | "fail" | "break" => {
                self.answers.entry(name.into()).or_default().push_back((verb.into(), more.into()));
            }
            "when" => self.whens.push((name.into(), more.trim_start_matches("state ").into())),
            verb => panic!("a timeline does not know `{verb}`"),
        }
    }

    /// Sets `id = state {attributes}` and returns the event if anything changed.
    fn set(&mut self, text: &str) -> Option<Event> {
        let (id, rest) = text.split_once('=').unwrap();
        let (state, attributes) = rest
            .split_once('{')
            .map_or((rest, json!({})), |(state, rest)| (state, data(&format!("{{{rest}"))));
        self.put(id.trim(), state.trim(), attributes)
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
        let effects = self.engine.handle(event, None, &self.home);
        self.take(effects);
    }

    /// Performs effects and their consequences, in order.
    fn take(&mut self, effects: Vec<Effect>) {
        self.todo.extend(effects);
        self.publish();
        let mut rounds = 0;
        while let Some(effect) = self.todo.pop_front() {
            rounds += 1;
            assert!(rounds < 100_000, "it goes on for ever");
            let more = self.effect(effect);
            self.todo.extend(more);
            self.publish();
        }
    }

    /// Updates the entities of automations.
    fn publish(&mut self) {
        for listed in self.engine.list() {
            let (id, state, attributes) = (listed.entity_id.clone(), listed.state(), listed.attributes());
            self.record.state(&id, state, &attributes["current"], !attributes["last_triggered"].is_null());
            if let Some(event) = self.put(&id, state, attributes) {
                let more = self.engine.handle(&event, None, &self.home);
                self.todo.extend(more);
            }
        }
    }

    fn effect(&mut self, effect: Effect) -> Vec<Effect> {
        let at = zone::utc(self.home.now).with_timezone(&self.home.zone).format("%m-%d %H:%M:%S").to_string();
        match effect {
            Effect::Call { run, call, action, data, target, .. } => {
                let mut all = data.as_object().cloned().unwrap_or_default();
                all.extend(target.as_object().cloned().unwrap_or_default());
                match Engine::has_action(&action) {
                    true => {
                        self.record.effect(&at, "call", &action, &Value::Object(all));
                        self.served(run, call, &action, &data, &target)
                    }
                    false if ACTIONS.contains(&action.as_str()) => {
                        self.record.effect(&at, "call", &action, &Value::Object(all));
                        self.called(run, call, &action)
                    }
                    false => {
                        let failure =
                            Failure { message: format!("there is no action {action}"), is_final: true };
                        self.engine.answer(run, call, Err(failure), &self.home)
                    }
                }
            }
            Effect::Fire { run, name, data } => {
                self.record.effect(&at, "fire", &name, &data);
                self.engine.handle(&Event::Named { name, data }, Some(run), &self.home)
            }
            Effect::Notice { .. } => Vec::new(),
            Effect::Ended { automation, end, .. } => {
                let how = match end {
                    End::Done | End::Stopped { .. } => "finished",
                    End::Failed(_) => "error",
                    End::Cancelled => "cancelled",
                };
                self.record.end(&automation, how);
                Vec::new()
            }
        }
    }

    /// Performs an action of the automation domain.
    fn served(&mut self, run: u64, call: u64, action: &str, data: &Value, target: &Value) -> Vec<Effect> {
        let (mut effects, result) = match self.engine.call(action, data, target, Some(run), &self.home) {
            Ok(effects) => (effects, Ok(json!({}))),
            Err(message) => (Vec::new(), Err(Failure { message, is_final: false })),
        };
        effects.extend(self.engine.answer(run, call, result, &self.home));
        effects
    }

    fn called(&mut self, run: u64, call: u64, action: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (_, state) in self.whens.clone().into_iter().filter(|(when, _)| when == action) {
            if let Some(event) = self.set(&state) {
                effects.extend(self.engine.handle(&event, Some(run), &self.home));
            }
        }
        let answer = self.answers.get_mut(action).and_then(VecDeque::pop_front);
        let result = match answer.as_ref().map(|(how, what)| (how.as_str(), what.as_str())) {
            None => Ok(json!({})),
            Some(("answer", what)) => Ok(data(what)),
            Some(("slowly", what)) => {
                self.late.push((zone::plus(self.home.now, TimeDelta::minutes(1)), run, call, data(what)));
                return effects;
            }
            Some((_, what)) => Err(Failure { message: what.into(), is_final: false }),
        };
        effects.extend(self.engine.answer(run, call, result, &self.home));
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
            let (due, rest): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.late).into_iter().partition(|(due, ..)| *due <= now);
            self.late = rest;
            for (_, run, call, answer) in due {
                let effects = self.engine.answer(run, call, Ok(answer), &self.home);
                self.take(effects);
            }
            self.hear(&Event::Time);
        }
        self.home.now = then.max(self.home.now);
    }

    fn local(&self, text: &str) -> Timestamp {
        let wall = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap();
        zone::timestamp(self.home.zone.from_local_datetime(&wall).earliest().unwrap().to_utc())
    }
}

fn data(text: &str) -> Value {
    if text.trim().is_empty() { json!({}) } else { serde_json::from_str(text).unwrap() }
}
