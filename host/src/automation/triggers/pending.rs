//! The option `for`: a new state must last for a while before the trigger fires. Records per entity when it fires.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::Value;

use super::context::Context;
use crate::automation::home::Home;
use crate::automation::model::Data;
use crate::automation::yaml::Place;
use crate::automation::{literals, zone};
use crate::model::Timestamp;

/// The triggers that wait for their time, by entity.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pending {
    waiting: BTreeMap<String, PendingFire>,
}

/// One entity in the wanted state, and when it fires.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingFire {
    pub due: Timestamp,
    /// The old and the new value, to check whether the new one lasts.
    pub from: Value,
    pub to: Value,
    /// The variable `trigger` for then.
    pub trigger: Value,
}

impl Pending {
    /// When the first one fires.
    pub fn next(&self) -> Option<Timestamp> {
        self.waiting.values().map(|waiting| waiting.due).min()
    }

    pub fn get(&self, id: &str) -> Option<&PendingFire> {
        self.waiting.get(id)
    }

    pub fn put(&mut self, id: &str, waiting: PendingFire) {
        self.waiting.insert(id.to_owned(), waiting);
    }

    pub fn cancel(&mut self, id: &str) {
        self.waiting.remove(id);
    }

    /// The clock was set by `by`. The remaining times stay the same.
    pub fn shift(&mut self, by: TimeDelta) {
        self.waiting.values_mut().for_each(|waiting| waiting.due = zone::plus(waiting.due, by));
    }

    /// Takes what is due, earliest first.
    pub fn take_due(&mut self, home: &Home) -> Vec<Value> {
        let is_due = |waiting: &PendingFire| waiting.due <= home.now;
        let mut due: Vec<_> = self.waiting.iter().filter(|(_, it)| is_due(it)).collect();
        due.sort_by_key(|(_, waiting)| waiting.due);
        let due: Vec<_> =
            due.into_iter().map(|(id, waiting)| (id.clone(), waiting.trigger.clone())).collect();
        due.iter().for_each(|(id, _)| self.cancel(id));
        due.into_iter().map(|(_, trigger)| trigger).collect()
    }
}

/// The duration of `for`, if any. Its templates can use `trigger`.
pub fn span(
    for_duration: Option<&Data>,
    trigger: &Value,
    context: &Context,
    place: &Place,
) -> Result<Option<TimeDelta>, String> {
    let Some(data) = for_duration else { return Ok(None) };
    let mut variables = context.variables.clone();
    variables.insert("trigger".into(), trigger.clone());
    let value = context.templates.fill(data, context.home, &variables)?;
    let span = literals::period(&value).map_err(|reason| format!("{place}: `for` {reason}"))?;
    Ok((!span.is_zero()).then_some(span))
}

/// When a span that starts now ends.
pub fn due(context: &Context, span: TimeDelta) -> Timestamp {
    zone::plus(context.home.now, span)
}
