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

/// Events of Home Assistant itself, which the record has in another form.
const OWN_EVENTS: [&str; 2] = ["call_service", "automation_triggered"];

pub struct Player {
    engine: Engine,
    home: Home,
    record: Record,
    /// Events that automations fired and that were not heard yet.
    fired: VecDeque<(String, Value, u64)>,
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
            fired: VecDeque::new(),
            answers: BTreeMap::new(),
            whens: Vec::new(),
            late: Vec::new(),
        };
        player.home.now = player.local(start);
        for (verb, rest) in before {
            if verb == "state" { drop(player.set(rest)) } else { player.line(verb, rest) }
        }
        let loaded = load_with_secrets(automations);
        let effects = player.engine.load(loaded.automations, loaded.secrets, &mut player.home);
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
                let started = self.engine.start(name, verb == "ask", &mut self.home);
                self.take(started.unwrap_or_default());
            }
            "service" => {
                let done = self.engine.call(name, &data(more), &json!({}), (0, 0), &mut self.home);
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
        let effects = self.engine.handle(event, None, &mut self.home);
        self.take(effects);
        // What automations fire is heard after what fired it.
        while let Some((name, data, run)) = self.fired.pop_front() {
            let cause = Some(run).filter(|run| *run > 0);
            let effects = self.engine.handle(&Event::Named { name, data }, cause, &mut self.home);
            self.take(effects);
        }
    }

    /// Performs effects and their consequences, in order.
    fn take(&mut self, effects: Vec<Effect>) {
        let mut todo = VecDeque::from(effects);
        let mut rounds = 0;
        loop {
            while let Some(effect) = todo.pop_front() {
                rounds += 1;
                assert!(rounds < 100_000, "it goes on for ever");
                for more in self.effect(effect).into_iter().rev() {
                    todo.push_front(more);
                }
            }
            todo.extend(self.engine.proceed(&mut self.home));
            if todo.is_empty() {
                break;
            }
        }
    }

    fn effect(&mut self, effect: Effect) -> Vec<Effect> {
        let at = zone::utc(self.home.now).with_timezone(&self.home.zone).format("%m-%d %H:%M:%S").to_string();
        match effect {
            Effect::Call { run, call, action, data, target, .. } => {
                let mut all = data.as_object().cloned().unwrap_or_default();
                all.extend(target.as_object().cloned().unwrap_or_default());
                let mut before: Vec<Effect> = Vec::new();
                if Engine::has_action(&action) || ACTIONS.contains(&action.as_str()) {
                    before.extend(self.engine.called(run, &action, &Value::Object(all.clone())));
                }
                let more = match Engine::has_action(&action) {
                    true => {
                        self.record.effect(&at, "call", &action, &Value::Object(all.clone()));
                        self.served(run, call, &action, &Value::Object(all))
                    }
                    false if ACTIONS.contains(&action.as_str()) => {
                        self.record.effect(&at, "call", &action, &Value::Object(all));
                        self.called(run, call, &action)
                    }
                    false => {
                        let failure =
                            Failure { message: format!("there is no action {action}"), is_final: true };
                        self.engine.answer(run, call, Err(failure), &mut self.home)
                    }
                };
                before.extend(more);
                before
            }
            Effect::Answer { run, call } => self.engine.answer(run, call, Ok(json!({})), &mut self.home),
            Effect::Fire { run, name, data } => {
                if !OWN_EVENTS.contains(&name.as_str()) {
                    self.record.effect(&at, "fire", &name, &data);
                }
                self.fired.push_back((name, data, run));
                Vec::new()
            }
            Effect::Show { id, entity, .. } => {
                if let Some(entity) = entity {
                    let was_triggered = !entity.attributes["last_triggered"].is_null();
                    self.record.state(&id, &entity.state, &entity.attributes["current"], was_triggered);
                }
                Vec::new()
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
    fn served(&mut self, run: u64, call: u64, action: &str, data: &Value) -> Vec<Effect> {
        match self.engine.call(action, data, &Value::Null, (run, call), &mut self.home) {
            Ok(effects) => effects,
            Err(message) => {
                let failure = Failure { message, is_final: true };
                self.engine.answer(run, call, Err(failure), &mut self.home)
            }
        }
    }

    fn called(&mut self, run: u64, call: u64, action: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (_, state) in self.whens.clone().into_iter().filter(|(when, _)| when == action) {
            if let Some(event) = self.set(&state) {
                effects.extend(self.engine.handle(&event, Some(run), &mut self.home));
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
            let (due, rest): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.late).into_iter().partition(|(due, ..)| *due <= now);
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
        let wall = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap();
        zone::timestamp(self.home.zone.from_local_datetime(&wall).earliest().unwrap().to_utc())
    }
}

fn data(text: &str) -> Value {
    if text.trim().is_empty() { json!({}) } else { serde_json::from_str(text).unwrap() }
}
