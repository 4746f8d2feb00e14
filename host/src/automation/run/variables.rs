//! The variables of a run: what started it, the automation's own entity, and the variables of the file.

use serde_json::{Value, json};

use super::instance::{Firing, Instance};
use crate::automation::conditions;
use crate::automation::home::{Entity, Event, Home};
use crate::automation::model::Data;
use crate::automation::templates::{self, Templates, Variables, from_json};
use crate::automation::trace::Trace;
use crate::model::Timestamp;

/// The ID of a run, as Home Assistant's events carry it.
pub fn run_id(run: u64) -> String {
    format!("{run:032x}")
}

/// The ID of the context of a run: of everything that it causes.
fn context_id(run: u64) -> String {
    format!("01RUN{run:021}")
}

/// The ID of the context of an event that no run caused.
fn event_context_id(at: Timestamp) -> String {
    format!("01E{:013X}{:010X}", at.seconds, at.nanoseconds)
}

impl Firing {
    /// A trigger that an event fired.
    pub fn of(mut trigger: Value, event: &Event, cause: Option<u64>, home: &Home) -> Self {
        let parent = match event {
            Event::State { .. } | Event::Named { .. } => {
                Some(cause.map_or_else(|| event_context_id(home.now), context_id))
            }
            _ => None,
        };
        if let Some(fields) = trigger.get_mut("event").and_then(Value::as_object_mut) {
            fields.insert("context".into(), context(parent.as_deref(), None));
        }
        let reason = trigger.get("description").cloned().unwrap_or_default();
        Self { trigger, reason, cause, parent, is_forced: false, variables: Variables::new() }
    }

    /// A start without a trigger. `reason` is what the trace shows.
    pub fn by_hand(reason: &str) -> Self {
        Self {
            trigger: json!({"platform": null}),
            reason: reason.into(),
            cause: None,
            parent: None,
            is_forced: true,
            variables: Variables::new(),
        }
    }

    /// The same, with a run as its cause.
    pub fn caused_by(self, cause: Option<u64>) -> Self {
        Self { parent: cause.map(context_id), cause, ..self }
    }

    /// The trigger as the trace shows it.
    pub fn shown(&self) -> Value {
        let mut shown = self.trigger.clone();
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("description".into(), self.reason.clone());
        }
        shown
    }
}

fn context(id: Option<&str>, parent: Option<&str>) -> Value {
    json!({"id": id, "parent_id": parent, "user_id": null})
}

impl Instance {
    /// The variables of a new run, or `None` if its conditions do not hold.
    pub fn begin(
        &self,
        firing: &Firing,
        home: &Home,
        engine: &Templates,
        trace: &mut Trace,
    ) -> Result<Option<Variables>, String> {
        let mut variables = firing.variables.clone();
        variables.insert("trigger".into(), templates::trigger(&firing.trigger));
        // The variables of a trigger see nothing but that trigger.
        for (name, data) in self.variables_of(&firing.trigger) {
            if name != "trigger" {
                let value = engine.fill(data, home, &variables)?;
                variables.insert(name.as_str().into(), value);
            }
        }
        variables.entry("this".into()).or_insert_with(|| templates::described(&self.this(home)));
        // What is known already wins, so that a trigger can override the variables of its automation.
        for (name, data) in self.definitions() {
            if !variables.contains_key(name) {
                let value = engine.fill(data, home, &variables)?;
                variables.insert(name.into(), value);
            }
        }
        trace.record("trigger", home.now, &firing.shown());
        if !firing.is_forced && !self.automation.conditions.is_empty() {
            let context = conditions::Context { home, templates: engine, variables: &variables };
            let verdict = conditions::all(&self.automation.conditions, &context)?;
            trace.record("condition", home.now, &json!({"result": verdict.holds, "seen": verdict.seen}));
            if !verdict.holds {
                return Ok(None);
            }
        }
        let own = context_id(trace.run);
        variables.insert("context".into(), from_json(&context(Some(&own), firing.parent.as_deref())));
        Ok(Some(variables))
    }

    fn variables_of(&self, trigger: &Value) -> &[(String, Data)] {
        let idx = trigger.get("idx").and_then(Value::as_str).and_then(|idx| idx.parse::<usize>().ok());
        let own = idx.and_then(|idx| self.automation.triggers.get(idx));
        own.map_or(&[], |trigger| trigger.variables.as_slice())
    }

    /// `trigger_variables` and `variables`. A name in both has the place of the first and the value of the second.
    fn definitions(&self) -> impl Iterator<Item = (&str, &Data)> {
        let (first, second) = (&self.automation.trigger_variables, &self.automation.variables);
        let last = |name: &String| second.iter().rev().find(|(other, _)| other == name);
        let first =
            first.iter().map(move |(name, data)| (name.as_str(), last(name).map_or(data, |(_, it)| it)));
        first.chain(second.iter().map(|(name, data)| (name.as_str(), data)))
    }

    /// The variable `this`: its entity as the home shows it, or as it will be shown.
    pub fn this(&self, home: &Home) -> Value {
        let id = self.entity_id();
        let mut this = match home.states.get(&id) {
            Some(entity) => described(entity, &id),
            None => {
                let summary = self.summary(0);
                let since = self.last_triggered.unwrap_or(home.now);
                let (state, attributes) = (summary.state().to_owned(), summary.attributes());
                described(&Entity { state, attributes, last_changed: since, last_updated: since }, &id)
            }
        };
        if let Some(fields) = this.as_object_mut() {
            let run = self.traces.iter().last().map(|trace| context_id(trace.run));
            let own = run.unwrap_or_else(|| event_context_id(home.now));
            fields.insert("context".into(), context(Some(&own), None));
        }
        this
    }
}

/// An entity with all that Home Assistant keeps of it, apart from its context.
fn described(entity: &Entity, id: &str) -> Value {
    json!({
        "entity_id": id,
        "state": entity.state,
        "attributes": entity.attributes,
        "last_changed": entity.last_changed.to_iso(),
        "last_reported": entity.last_updated.to_iso(),
        "last_updated": entity.last_updated.to_iso(),
    })
}
