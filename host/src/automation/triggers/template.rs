//! Template triggers: fire when a template becomes true.
//!
//! The template is rendered again when something that it read changes, and at every full minute if it reads the time.

use serde_json::{Value, json};

use super::context::{Context, Fired};
use super::pending::{self, Pending, PendingFire};
use crate::automation::home::{Event, Home};
use crate::automation::model::{Data, Template};
use crate::automation::templates::{Reads, is_true, span_text};
use crate::automation::yaml::Place;
use crate::automation::zone::{self, Every};
use crate::model::Timestamp;

/// The last result.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LastResult {
    is_true: bool,
    /// What it returned. `None` after a failure.
    value: Option<Value>,
    pub reads: Reads,
    /// When to render again, unless something changes before.
    pub next: Option<Timestamp>,
}

/// Renders for the first time. A template that fails counts as true, so it must become false before it can fire, and
/// is tried again with every change.
pub fn first(template: &Template, context: &Context) -> (LastResult, Option<String>) {
    let mut last = LastResult { is_true: true, ..LastResult::default() };
    let problem = last.render(template, context).err();
    (last, problem)
}

impl LastResult {
    /// The clock or the time zone changed.
    pub fn clock_changed(&mut self, home: &Home) {
        self.next = self.next.map(|next| minute(home).map_or(next, |minute| minute.min(next)));
    }

    /// On failure the last value stays, but the reads are updated.
    fn render(&mut self, template: &Template, context: &Context) -> Result<(), String> {
        let (rendered, reads) = context.templates.attempt(template, context.home, context.variables);
        self.next = reads.time.then(|| minute(context.home)).flatten();
        self.reads = reads;
        self.value = None;
        let rendered = rendered?;
        self.is_true = is_true(&rendered.value);
        self.value = Some(rendered.json());
        Ok(())
    }
}

fn minute(home: &Home) -> Option<Timestamp> {
    zone::next_pattern(home.zone, home.now, Every::Any, Every::Any, Every::Is(0))
}

/// Handles an event.
pub fn handle(
    template: &Template,
    for_duration: Option<&Data>,
    last: &mut LastResult,
    pending: &mut Pending,
    context: &Context,
    place: &Place,
) -> Fired {
    let mut fired = Fired::of(pending.take_due(context.home));
    let is_concerned = match context.event {
        Event::State { id, .. } => last.reads.all || last.reads.entities.contains(id),
        Event::Time => last.next.is_some_and(|next| next <= context.home.now),
        _ => false,
    };
    if !is_concerned {
        return fired;
    }
    let (was_true, before) = (last.is_true, last.value.clone());
    if let Err(problem) = last.render(template, context) {
        fired.problems.push(problem);
        return fired;
    }
    // Another value counts as a change, even if it is true as well.
    if last.value != before {
        pending.cancel("");
    }
    if was_true || !last.is_true {
        return fired;
    }
    let mut shown = json!({
        "platform": "template",
        "entity_id": null,
        "from_state": null,
        "to_state": null,
        "for": null,
        "description": "time change or manual update via template",
    });
    if let (Event::State { id, old, new }, Some(fields)) = (context.event, shown.as_object_mut()) {
        fields.insert("entity_id".into(), id.clone().into());
        fields.insert("description".into(), format!("{id} via template").into());
        fields.insert("from_state".into(), old.as_ref().map_or(Value::Null, |entity| entity.to_json(id)));
        fields.insert("to_state".into(), new.as_ref().map_or(Value::Null, |entity| entity.to_json(id)));
    }
    match pending::span(for_duration, &shown, context, place) {
        Err(problem) => fired.problems.push(problem),
        Ok(None) => fired.triggers.push(shown),
        Ok(Some(span)) => {
            if let Some(fields) = shown.as_object_mut() {
                fields.insert("for".into(), span_text(span).into());
            }
            let due = pending::due(context, span);
            pending.put("", PendingFire { due, from: Value::Null, to: Value::Null, trigger: shown });
        }
    }
    fired
}
