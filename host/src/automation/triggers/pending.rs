//! The option `for`: a new state must last for a while before the trigger fires. Records per entity when it fires.

use chrono::TimeDelta;
use serde_json::Value;

use super::context::Context;
use crate::automation::home::Home;
use crate::automation::model::Data;
use crate::automation::templates;
use crate::automation::yaml::Place;
use crate::automation::{literals, zone};
use crate::model::Timestamp;
use crate::tunables::automations::MAX_PENDING_FIRES;

/// The triggers that wait for their time, with their entities.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pending {
    waiting: Vec<(String, PendingFire)>,
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
        self.waiting.iter().map(|(_, waiting)| waiting.due).min()
    }

    /// Adds one. Each change of an entity that fires waits on its own, as in Home Assistant.
    pub fn put(&mut self, id: &str, waiting: PendingFire) {
        if self.waiting.len() < MAX_PENDING_FIRES {
            self.waiting.push((id.to_owned(), waiting));
        }
    }

    pub fn cancel(&mut self, id: &str) {
        self.waiting.retain(|(of, _)| of != id);
    }

    /// Cancels those of an entity that do not stay.
    pub fn keep(&mut self, id: &str, stays: impl Fn(&PendingFire) -> bool) {
        self.waiting.retain(|(of, waiting)| of != id || stays(waiting));
    }

    /// The clock was set by `by`. The remaining times stay the same.
    pub fn shift(&mut self, by: TimeDelta) {
        self.waiting.iter_mut().for_each(|(_, waiting)| waiting.due = zone::plus(waiting.due, by));
    }

    /// Takes what is due, earliest first.
    pub fn take_due(&mut self, home: &Home) -> Vec<Value> {
        let mut due: Vec<_> =
            self.waiting.extract_if(.., |(_, waiting)| waiting.due <= home.now).map(|(_, it)| it).collect();
        due.sort_by_key(|waiting| waiting.due);
        due.into_iter().map(|waiting| waiting.trigger).collect()
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
    variables.insert("trigger".into(), templates::trigger(trigger));
    let value = context.templates.fill_json(data, context.home, &variables)?;
    let span = literals::period(&value).map_err(|reason| format!("{place}: `for` {reason}"))?;
    Ok((!span.is_zero()).then_some(span))
}

/// When a span that starts now ends.
pub fn due(context: &Context, span: TimeDelta) -> Timestamp {
    zone::plus(context.home.now, span)
}
