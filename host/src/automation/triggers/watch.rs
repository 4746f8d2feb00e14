//! Watches a list of triggers.
//!
//! A watch holds only what its triggers have to remember between events, and is a function of that, the event and the
//! home. Owns no timer: `next` names the instant, and the driver passes in `Event::Time` then or later.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use super::context::{Context, Fired, Interest};
use super::pending::Pending;
use super::{event, numeric_state, state, template, time};
use crate::automation::clock_history::ClockHistory;
use crate::automation::home::{Event, Home};
use crate::automation::literals;
use crate::automation::model::{At, Trigger, TriggerKind};
use crate::automation::templates::{Reads, Templates, Variables};
use crate::automation::zone::{self, Every};
use crate::model::Timestamp;

/// A trigger that fired.
#[derive(Debug, Clone, PartialEq)]
pub struct Firing {
    /// Its index in the list.
    pub index: usize,
    /// The variable `trigger`.
    pub trigger: Value,
}

/// A list of triggers that is being watched.
#[derive(Debug, Clone)]
pub struct Watch {
    watched: Vec<Watched>,
}

/// One trigger and its memory.
#[derive(Debug, Clone)]
struct Watched {
    trigger: Trigger,
    pending: Pending,
    memory: Memory,
}

#[derive(Debug, Clone, PartialEq)]
enum Memory {
    None,
    /// When the pattern is next due.
    Next(Option<Timestamp>),
    /// The times of a time trigger, and when each is next due.
    Times(Vec<At>, Vec<Option<Timestamp>>),
    Event(event::Filter),
    /// Entities whose number was outside the range, so that it may enter.
    Armed(BTreeSet<String>),
    Template(template::LastResult),
}

impl Watch {
    /// Starts watching. A state that already matches does not fire. Returns the errors of templates, which say what
    /// to do.
    pub fn new(
        triggers: &[Trigger],
        home: &Home,
        templates: &Templates,
        variables: &Variables,
    ) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let context = Context { event: &Event::Time, home, templates, variables };
        let mut watched = Vec::new();
        for trigger in triggers {
            let mut trigger = trigger.clone();
            trigger.is_enabled &= is_enabled(&trigger, &context, &mut problems);
            let memory = memory(&trigger, &context, &mut problems);
            watched.push(Watched { trigger, pending: Pending::default(), memory });
        }
        (Self { watched }, problems)
    }

    /// Handles an event: which triggers it fires, in order, and the problems of others.
    pub fn handle(
        &mut self,
        event: &Event,
        home: &Home,
        templates: &Templates,
        variables: &Variables,
    ) -> (Vec<Firing>, Vec<String>) {
        let context = Context { event, home, templates, variables };
        let (mut firings, mut problems) = (Vec::new(), Vec::new());
        for (index, watched) in self.watched.iter_mut().enumerate() {
            if !watched.trigger.is_enabled {
                continue;
            }
            let Fired { triggers, problems: more } = watched.handle(&context);
            problems.extend(more);
            let fired = triggers.into_iter().map(|found| described(&watched.trigger, index, found));
            firings.extend(fired.map(|trigger| Firing { index, trigger }));
        }
        (firings, problems)
    }

    /// The clock or the time zone changed: recalculates the times that are not due yet, but none in the past.
    pub fn clock_changed(&mut self, home: &Home, history: &ClockHistory) {
        let is_to_come =
            |time: &Option<Timestamp>| history.skips_gap || time.is_none_or(|time| time > home.now);
        for Watched { trigger, memory, .. } in &mut self.watched {
            match (&trigger.kind, memory) {
                (TriggerKind::Time { weekdays, .. }, Memory::Times(at, times)) => {
                    for (time, at) in times.iter_mut().zip(at.iter()).filter(|(time, _)| is_to_come(time)) {
                        *time = history
                            .next_unseen_daily(home.now, |now| time::next(at, weekdays, &home.at(now)));
                    }
                }
                (TriggerKind::TimePattern { hours, minutes, seconds }, Memory::Next(next))
                    if is_to_come(next) =>
                {
                    let find = |now| zone::next_pattern(home.zone, now, *hours, *minutes, *seconds);
                    // A pattern that matches every hour does not depend on the time of day.
                    *next = match hours {
                        Every::Any => find(home.now),
                        _ => history.next_unseen(home.now, find),
                    };
                }
                (TriggerKind::Template { .. }, Memory::Template(last)) => last.clock_changed(home),
                _ => {}
            }
        }
    }

    /// The clock was set by `by`, forward or back: durations of `for` keep their length.
    pub fn shift(&mut self, by: TimeDelta) {
        self.watched.iter_mut().for_each(|watched| watched.pending.shift(by));
    }

    /// When to pass in `Event::Time`, unless another event comes first.
    pub fn next(&self) -> Option<Timestamp> {
        let own = self.watched.iter().filter_map(|watched| match &watched.memory {
            Memory::Next(time) => *time,
            Memory::Times(_, times) => times.iter().flatten().min().copied(),
            Memory::Template(last) => last.next,
            _ => None,
        });
        own.chain(self.watched.iter().filter_map(|watched| watched.pending.next())).min()
    }

    /// Whether a trigger waits for an event of this name.
    pub fn hears(&self, name: &str) -> bool {
        let waits = |it: &Watched| matches!(&it.memory, Memory::Event(filter) if filter.names.iter().any(|of| of == name));
        self.watched.iter().any(waits)
    }

    /// Whether no trigger can fire.
    pub fn is_idle(&self) -> bool {
        self.watched.iter().all(|watched| !watched.trigger.is_enabled)
    }

    /// The events that are needed at present. A template may change this whenever it is rendered.
    pub fn interest(&self) -> Interest {
        let mut interest = Interest::default();
        for watched in self.watched.iter().filter(|watched| watched.trigger.is_enabled) {
            match (&watched.trigger.kind, &watched.memory) {
                (TriggerKind::State(state), _) => interest.entities.extend(state.entities.iter().cloned()),
                (TriggerKind::NumericState { range, .. }, _) => numeric_state::interest(range, &mut interest),
                (_, Memory::Times(at, _)) => time::interest(at, &mut interest),
                (_, Memory::Event(filter)) => interest.events.extend(filter.names.iter().cloned()),
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

/// Whether the template of `enabled` is true. It may use variables, but neither states nor the time.
fn is_enabled(trigger: &Trigger, context: &Context, problems: &mut Vec<String>) -> bool {
    let Some(template) = &trigger.enabled_if else { return true };
    match context.templates.render(template, context.home, context.variables) {
        Ok(rendered) if rendered.reads == Reads::default() => literals::is_truthy(&rendered.json()),
        Ok(_) => {
            let place = &template.place;
            problems.push(format!(
                "{place}: the template of `enabled` reads states or the time, so the trigger is disabled; use                  variables, or true or false"
            ));
            false
        }
        Err(problem) => {
            problems.push(format!("{problem}; the trigger is disabled"));
            false
        }
    }
}

/// The initial memory of a trigger.
fn memory(trigger: &Trigger, context: &Context, problems: &mut Vec<String>) -> Memory {
    let home = context.home;
    match &trigger.kind {
        _ if !trigger.is_enabled => Memory::None,
        TriggerKind::Time { at, weekdays } => {
            let at: Vec<At> = at.iter().filter_map(|at| time::rendered(at, context, problems)).collect();
            let times = time::times(&at, weekdays, home);
            Memory::Times(at, times)
        }
        TriggerKind::TimePattern { hours, minutes, seconds } => {
            Memory::Next(zone::next_pattern(home.zone, home.now, *hours, *minutes, *seconds))
        }
        TriggerKind::NumericState { range, .. } => Memory::Armed(numeric_state::armed(range, context)),
        TriggerKind::Template { value, .. } => {
            let (last, problem) = template::first(value, context);
            problems.extend(problem);
            Memory::Template(last)
        }
        TriggerKind::Event { names, data, context: wanted } => {
            match event::Filter::new(names, data, wanted.as_ref(), context) {
                Ok(filter) => Memory::Event(filter),
                Err(problem) => {
                    problems.push(problem);
                    Memory::None
                }
            }
        }
        _ => Memory::None,
    }
}

impl Watched {
    fn handle(&mut self, context: &Context) -> Fired {
        let place = &self.trigger.place;
        let home_event = |name: &str, what: &str| {
            vec![
                json!({"platform": "homeassistant", "event": name, "description": format!("Home Assistant {what}")}),
            ]
        };
        Fired::of(match (&self.trigger.kind, &mut self.memory) {
            (TriggerKind::State(trigger), _) => {
                return state::handle(trigger, &mut self.pending, context, place);
            }
            (TriggerKind::NumericState { range, for_duration }, Memory::Armed(armed)) => {
                return numeric_state::handle(
                    range,
                    for_duration.as_ref(),
                    armed,
                    &mut self.pending,
                    context,
                    place,
                );
            }
            (TriggerKind::Template { value, for_duration }, Memory::Template(last)) => {
                return template::handle(
                    value,
                    for_duration.as_ref(),
                    last,
                    &mut self.pending,
                    context,
                    place,
                );
            }
            (TriggerKind::Time { weekdays, .. }, Memory::Times(at, next)) => {
                time::due_times(at, weekdays, next, context)
            }
            (TriggerKind::TimePattern { hours, minutes, seconds }, Memory::Next(next)) => {
                time::due_pattern((*hours, *minutes, *seconds), next, context)
            }
            (TriggerKind::Event { .. }, Memory::Event(filter)) => filter.handle(context.event, context.home),
            (TriggerKind::Start, _) if *context.event == Event::Start => home_event("start", "starting"),
            (TriggerKind::Shutdown, _) if *context.event == Event::Shutdown => {
                home_event("shutdown", "stopping")
            }
            _ => Vec::new(),
        })
    }
}

/// Adds the fields that every `trigger` variable has, in Home Assistant's order.
fn described(trigger: &Trigger, index: usize, value: Value) -> Value {
    let id = trigger.id.clone().unwrap_or_else(|| index.to_string());
    let mut fields = Map::new();
    let is_first = |key: &str| matches!(key, "platform" | "entity_id" | "from_state" | "to_state");
    let is_template = matches!(trigger.kind, TriggerKind::Template { .. });
    let own = || value.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone()));
    fields.extend(own().filter(|(key, _)| is_template && is_first(key)));
    fields.insert("id".into(), id.into());
    fields.insert("idx".into(), index.to_string().into());
    fields.insert("alias".into(), trigger.alias.clone().map_or(Value::Null, Value::from));
    fields.extend(own().filter(|(key, _)| !(is_template && is_first(key))));
    fields.into()
}
