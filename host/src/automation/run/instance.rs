//! One loaded automation: its triggers, queue and traces, and whether it is enabled or was halted.

use std::collections::VecDeque;

use chrono::TimeDelta;
use serde_json::Value;

use super::active_run::Run;
use super::effect::Effect;
use super::summary::Summary;
use crate::automation::clock_history::ClockHistory;
use crate::automation::home::{Event, Home};
use crate::automation::model::{Automation, Mode};
use crate::automation::templates::{self, Templates, Variables};
use crate::automation::trace::{Trace, Traces};
use crate::automation::triggers::{self, Interest, Watch};
use crate::automation::zone;
use crate::model::Timestamp;

/// A loaded automation and its state.
pub struct Instance {
    pub automation: Automation,
    /// Whether its triggers are enabled: as in its file, until it is turned on or off.
    is_on: bool,
    watch: Option<Watch>,
    interest: Interest,
    /// Variables for triggers and runs.
    variables: Variables,
    /// When its triggers need `Event::Time`.
    pub next: Option<Timestamp>,
    pub queue: VecDeque<(u64, Run)>,
    pub traces: Traces,
    pub last_triggered: Option<Timestamp>,
    /// Start times of recent runs.
    pub starts: VecDeque<Timestamp>,
    /// Why the loop guard halted it.
    halted: Option<String>,
}

/// Why an automation is to run.
#[derive(Debug)]
pub struct Firing {
    /// The variable `trigger`.
    pub trigger: Value,
    /// The description that traces show.
    pub reason: Value,
    /// The run that caused it.
    pub cause: Option<u64>,
    /// The ID of the context of what caused it.
    pub parent: Option<String>,
    /// Whether the conditions do not count.
    pub is_forced: bool,
    /// The variables that a call of `automation.trigger` passes.
    pub variables: Variables,
}

/// What happens to a new run.
pub enum Admission {
    Start,
    /// Start it and cancel the others.
    Replace,
    Queue,
    Refuse {
        message: String,
    },
}

impl Instance {
    /// An automation that is not watching yet.
    pub fn new(automation: Automation) -> Self {
        Self {
            is_on: automation.is_enabled,
            automation,
            watch: None,
            interest: Interest::default(),
            variables: Variables::new(),
            next: None,
            queue: VecDeque::new(),
            traces: Traces::default(),
            last_triggered: None,
            starts: VecDeque::new(),
            halted: None,
        }
    }

    /// Starts watching, if it is enabled. Returns notices about problems.
    pub fn watch(&mut self, home: &Home, engine: &Templates) -> Vec<Effect> {
        if !self.is_on {
            return Vec::new();
        }
        let mut problems = Vec::new();
        let id = self.entity_id();
        let this = home.states.get(&id).map_or(Value::Null, |entity| entity.to_json(&id));
        self.variables = Variables::from_iter([("this".into(), templates::described(&this))]);
        for (name, data) in &self.automation.trigger_variables {
            match engine.fill(data, home, &self.variables) {
                Ok(value) => {
                    self.variables.insert(name.as_str().into(), value);
                }
                Err(problem) => problems.push(problem),
            }
        }
        let triggers = &self.automation.triggers;
        let (watch, more) = Watch::new(triggers, home, engine, &self.variables);
        problems.extend(more);
        self.interest = watch.interest();
        self.next = watch.next();
        self.watch = Some(watch);
        let automation = self.automation.name();
        problems
            .into_iter()
            .map(|message| Effect::Notice { automation: automation.clone(), message })
            .collect()
    }

    /// The clock or the time zone changed. `by` is how far the clock was set.
    pub fn clock_changed(&mut self, by: TimeDelta, home: &Home, history: &ClockHistory) {
        self.starts.iter_mut().for_each(|start| *start = zone::plus(*start, by));
        if let Some(watch) = self.watch.as_mut() {
            watch.clock_changed(home, history);
            watch.shift(by);
            self.next = watch.next();
        }
    }

    /// Halts it until `resume`.
    pub fn halt(&mut self, message: String) {
        self.halted = Some(message);
        self.watch = None;
        self.next = None;
        self.queue.clear();
        self.starts.clear();
    }

    /// Enables or disables it. It does not watch until `watch`. False if nothing changed.
    pub fn set_enabled(&mut self, is_on: bool) -> bool {
        if self.is_on == is_on && self.halted.is_none() {
            return false;
        }
        self.is_on = is_on;
        self.halted = None;
        self.watch = None;
        self.next = None;
        true
    }

    /// Stores the trace of a run that has ended.
    pub fn store_trace(&mut self, trace: Trace) {
        self.traces.push(trace, self.automation.traces);
    }

    /// Whether its triggers are enabled.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Ends a halt. It does not watch until `watch`. False if it was not halted.
    pub fn resume(&mut self) -> bool {
        self.halted.take().is_some()
    }

    /// The events that its triggers wait for by name.
    pub fn events(&self) -> impl Iterator<Item = &String> {
        self.interest.events.iter().filter(|_| self.watch.is_some())
    }

    /// Whether an event may fire a trigger. Called for every automation and event, so it must be cheap.
    pub fn is_concerned(&self, event: &Event, home: &Home) -> bool {
        match event {
            _ if self.watch.is_none() => false,
            Event::State { id, .. } => self.interest.all_states || self.interest.entities.contains(id),
            Event::Named { name, .. } => self.interest.events.contains(name),
            Event::Time => self.next.is_some_and(|next| next <= home.now),
            Event::Start | Event::Shutdown => true,
        }
    }

    /// The triggers that an event fires: the variable `trigger` of each, and problems.
    pub fn handle(&mut self, event: &Event, home: &Home, templates: &Templates) -> (Vec<Value>, Vec<String>) {
        let Some(watch) = self.watch.as_mut() else { return Default::default() };
        let (firings, problems) = watch.handle(event, home, templates, &self.variables);
        self.interest = watch.interest();
        self.next = watch.next();
        (firings.into_iter().map(|triggers::Firing { trigger, .. }| trigger).collect(), problems)
    }

    /// What happens to a new run while `running` others are in progress.
    pub fn admission(&self, running: usize) -> Admission {
        let Automation { mode, max, .. } = &self.automation;
        let name = self.automation.name();
        match mode {
            _ if running == 0 => Admission::Start,
            Mode::Restart => Admission::Replace,
            Mode::Single => Admission::Refuse {
                message: format!(
                    "{name} is still running and was not started again; set its `mode` to change that"
                ),
            },
            Mode::Parallel if running < *max => Admission::Start,
            Mode::Queued if running + self.queue.len() < *max => Admission::Queue,
            _ => Admission::Refuse {
                message: format!("{name} already has {max} runs in progress or queued; raise its `max`"),
            },
        }
    }

    /// The ID of its entity.
    pub fn entity_id(&self) -> String {
        self.automation.entity_id()
    }

    /// Whether `name` is its alias, its ID or its entity ID.
    pub fn is_called(&self, name: &str) -> bool {
        let Automation { alias, id, .. } = &self.automation;
        alias.as_deref() == Some(name) || id.as_deref() == Some(name) || self.entity_id() == name
    }

    /// Its summary, with `running` runs in progress.
    pub fn summary(&self, running: usize) -> Summary {
        Summary {
            name: self.automation.name(),
            id: self.automation.id.clone(),
            entity_id: self.entity_id(),
            mode: self.automation.mode,
            is_enabled: self.is_on,
            max: self.automation.max,
            halted: self.halted.clone(),
            next: self.next,
            last_triggered: self.last_triggered,
            running,
            queued: self.queue.len(),
        }
    }
}
