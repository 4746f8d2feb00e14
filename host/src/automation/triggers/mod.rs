//! Triggers: which of them an event fires, with what for `trigger`, and when they want to be asked again.
//!
//! A watch holds what a trigger has to remember between events and nothing else; it is a function of that, the event and
//! the home. Owns no timer: `next` names the instant, whoever drives hands over `Event::Time` then, or later.

mod hold;
mod numeric;
mod state;
mod template;
mod timed;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::conditions::Asked;
use super::home::{Event, Home};
use super::model::{Trigger, TriggerKind};
use super::templates::{Templates, Variables};
use crate::model::Timestamp;
use hold::Held;

/// A trigger that fired.
#[derive(Debug, Clone, PartialEq)]
pub struct Firing {
    /// Its place in the list.
    pub index: usize,
    /// The variable `trigger`.
    pub trigger: Value,
}

/// What triggers have to hear of; a time is heard by whoever asked for one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interest {
    pub entities: BTreeSet<String>,
    /// Every change of a state.
    pub all_states: bool,
    pub events: BTreeSet<String>,
}

/// A list of triggers at work.
#[derive(Debug, Clone)]
pub struct Watch {
    watched: Vec<Watched>,
}

/// One trigger and what it remembers.
#[derive(Debug, Clone)]
struct Watched {
    trigger: Trigger,
    held: Held,
    memory: Memory,
}

#[derive(Debug, Clone, PartialEq)]
enum Memory {
    None,
    /// When it comes next: for each of a time trigger's times, or for the pattern.
    Next(Vec<Option<Timestamp>>),
    /// Entities whose number was outside, so that it may come inside.
    Armed(BTreeSet<String>),
    Template(template::Last),
}

/// What every kind of trigger is asked with.
struct Moment<'a> {
    event: &'a Event,
    home: &'a Home,
    templates: &'a Templates,
    variables: &'a Variables,
}

impl Moment<'_> {
    fn asked(&self) -> Asked<'_> {
        Asked { home: self.home, templates: self.templates, variables: self.variables }
    }
}

impl Watch {
    /// Begins to watch. Nothing that is so already fires. Errors are of templates and say what to do.
    pub fn new(
        triggers: &[Trigger],
        home: &Home,
        templates: &Templates,
        variables: &Variables,
    ) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let moment = Moment { event: &Event::Time, home, templates, variables };
        let watched = triggers.iter().map(|trigger| {
            let memory = match &trigger.kind {
                _ if !trigger.is_enabled => Memory::None,
                TriggerKind::Time { at, weekdays } => Memory::Next(timed::times(at, weekdays, home)),
                TriggerKind::TimePattern { hours, minutes, seconds } => {
                    Memory::Next(vec![super::zone::next_pattern(
                        home.zone, home.now, *hours, *minutes, *seconds,
                    )])
                }
                TriggerKind::NumericState { range, .. } => Memory::Armed(numeric::armed(range, &moment)),
                TriggerKind::Template { value, .. } => {
                    let (last, problem) = template::first(value, &moment);
                    problems.extend(problem);
                    Memory::Template(last)
                }
                _ => Memory::None,
            };
            Watched { trigger: trigger.clone(), held: Held::default(), memory }
        });
        (Self { watched: watched.collect() }, problems)
    }

    /// Which triggers an event fires, in order, and what went wrong with others.
    pub fn hear(
        &mut self,
        event: &Event,
        home: &Home,
        templates: &Templates,
        variables: &Variables,
    ) -> (Vec<Firing>, Vec<String>) {
        let moment = Moment { event, home, templates, variables };
        let (mut firings, mut problems) = (Vec::new(), Vec::new());
        for (index, watched) in self.watched.iter_mut().enumerate() {
            if !watched.trigger.is_enabled {
                continue;
            }
            match watched.hear(&moment) {
                Ok(found) => firings.extend(
                    found
                        .into_iter()
                        .map(|found| Firing { index, trigger: described(&watched.trigger, index, found) }),
                ),
                Err(problem) => problems.push(problem),
            }
        }
        (firings, problems)
    }

    /// When to hand over `Event::Time`, if nothing happens before.
    pub fn next(&self) -> Option<Timestamp> {
        let own = self.watched.iter().filter_map(|watched| match &watched.memory {
            Memory::Next(times) => times.iter().flatten().min().copied(),
            Memory::Template(last) => last.next,
            _ => None,
        });
        own.chain(self.watched.iter().filter_map(|watched| watched.held.next())).min()
    }

    /// What has to be handed over, at present: a template may change it whenever it is rendered.
    pub fn interest(&self) -> Interest {
        let mut interest = Interest::default();
        for watched in self.watched.iter().filter(|watched| watched.trigger.is_enabled) {
            match (&watched.trigger.kind, &watched.memory) {
                (TriggerKind::State(state), _) => interest.entities.extend(state.entities.iter().cloned()),
                (TriggerKind::NumericState { range, .. }, _) => numeric::interest(range, &mut interest),
                (TriggerKind::Time { at, .. }, _) => timed::interest(at, &mut interest),
                (TriggerKind::Event { names, .. }, _) => interest.events.extend(names.iter().cloned()),
                (_, Memory::Template(last)) => {
                    interest.entities.extend(last.reads.entities.iter().cloned());
                    interest.all_states |= last.reads.all;
                }
                _ => {}
            }
        }
        interest
    }
}

impl Watched {
    fn hear(&mut self, moment: &Moment) -> Result<Vec<Value>, String> {
        let place = &self.trigger.place;
        match (&self.trigger.kind, &mut self.memory) {
            (TriggerKind::State(trigger), _) => state::hear(trigger, &mut self.held, moment, place),
            (TriggerKind::NumericState { range, hold }, Memory::Armed(armed)) => {
                numeric::hear(range, hold.as_ref(), armed, &mut self.held, moment, place)
            }
            (TriggerKind::Template { value, hold }, Memory::Template(last)) => {
                template::hear(value, hold.as_ref(), last, &mut self.held, moment, place)
            }
            (TriggerKind::Time { at, weekdays }, Memory::Next(next)) => {
                Ok(timed::hear_times(at, weekdays, next, moment))
            }
            (TriggerKind::TimePattern { hours, minutes, seconds }, Memory::Next(next)) => {
                Ok(timed::hear_pattern((*hours, *minutes, *seconds), next, moment))
            }
            (TriggerKind::Event { names, data }, _) => Ok(named(names, data, moment.event)),
            (TriggerKind::Start, _) if *moment.event == Event::Start => Ok(vec![
                json!({"platform": "homeassistant", "event": "start", "description": "Home Assistant starting"}),
            ]),
            (TriggerKind::Shutdown, _) if *moment.event == Event::Shutdown => Ok(vec![
                json!({"platform": "homeassistant", "event": "shutdown", "description": "Home Assistant stopping"}),
            ]),
            _ => Ok(Vec::new()),
        }
    }
}

/// An event by name whose data holds everything that is asked for.
fn named(names: &[String], wanted: &Value, event: &Event) -> Vec<Value> {
    let Event::Named { name, data } = event else { return Vec::new() };
    let holds = |wanted: &Value| {
        wanted.as_object().is_none_or(|wanted| wanted.iter().all(|(key, value)| data.get(key) == Some(value)))
    };
    match names.contains(name) && holds(wanted) {
        false => Vec::new(),
        true => vec![json!({
            "platform": "event",
            "event": {"event_type": name, "data": data},
            "description": format!("event '{name}'"),
        })],
    }
}

/// With what every trigger's variable has.
fn described(trigger: &Trigger, index: usize, mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        let id = trigger.id.clone().unwrap_or_else(|| index.to_string());
        fields.insert("id".into(), id.into());
        fields.insert("idx".into(), index.to_string().into());
        fields.insert("alias".into(), trigger.alias.clone().map_or(Value::Null, Value::from));
    }
    value
}
