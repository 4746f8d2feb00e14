//! Numeric state triggers: fire when a number that was outside the range enters it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::context::{Context, Fired, Interest};
use super::pending::{self, Pending, PendingFire};
use crate::automation::conditions::{self, in_range};
use crate::automation::home::Event;
use crate::automation::model::{Bound, Data, Range};
use crate::automation::templates::{self, span_text};
use crate::automation::yaml::Place;

/// The entities that are outside the range at first.
pub fn armed(range: &Range, context: &Context) -> BTreeSet<String> {
    let is_outside = |id: &&String| is_inside(range, id, context) == Ok(false);
    range.entities.iter().filter(is_outside).cloned().collect()
}

/// Whether the number of an entity is in the range. A template for it sees what the trigger is.
fn is_inside(range: &Range, id: &str, context: &Context) -> Result<bool, String> {
    if range.value.is_none() {
        return in_range(range, id, &context.for_conditions()).0;
    }
    let trigger = json!({
        "platform": "numeric_state",
        "entity_id": id,
        "below": bound(&range.below),
        "above": bound(&range.above),
        "attribute": range.attribute,
    });
    let mut variables = context.variables.clone();
    variables.insert("trigger".into(), templates::trigger(&trigger));
    in_range(range, id, &conditions::Context { variables: &variables, ..context.for_conditions() }).0
}

fn bound(bound: &Option<Bound>) -> Value {
    serde_json::to_value(bound).unwrap_or_default()
}

/// Adds the events that the trigger needs.
pub fn interest(range: &Range, interest: &mut Interest) {
    interest.entities.extend(range.entities.iter().cloned());
}

/// Handles an event.
pub fn handle(
    range: &Range,
    for_duration: Option<&Data>,
    armed: &mut BTreeSet<String>,
    pending: &mut Pending,
    context: &Context,
    place: &Place,
) -> Fired {
    let mut fired = Fired::of(pending.take_due(context.home));
    let Event::State { id: changed, old, new } = context.event else { return fired };
    // A changed bound takes effect with the next number, as in Home Assistant.
    for id in range.entities.iter().filter(|id| *id == changed) {
        match is_inside(range, id, context) {
            Ok(true) if armed.remove(id) => {}
            Ok(true) => continue,
            Ok(false) => {
                armed.insert(id.clone());
                pending.cancel(id);
                continue;
            }
            // A removed entity is not reported.
            Err(_) if id == changed && new.is_none() => {
                pending.cancel(id);
                continue;
            }
            Err(problem) => {
                pending.cancel(id);
                fired.problems.push(format!("{place}: {problem}"));
                continue;
            }
        }
        let mut shown = json!({
            "platform": "numeric_state",
            "entity_id": id,
            "below": bound(&range.below),
            "above": bound(&range.above),
            "from_state": old.as_ref().map(|entity| entity.to_json(id)),
            "to_state": new.as_ref().map(|entity| entity.to_json(id)),
            "for": null,
            "description": format!("numeric state of {id}"),
        });
        match pending::span(for_duration, &shown, context, place) {
            Err(problem) => fired.problems.push(problem),
            Ok(None) => fired.triggers.push(shown),
            Ok(Some(span)) => {
                if let Some(fields) = shown.as_object_mut() {
                    fields.insert("for".into(), span_text(span).into());
                }
                let due = pending::due(context, span);
                pending.put(id, PendingFire { due, from: Value::Null, to: Value::Null, trigger: shown });
            }
        }
    }
    fired
}
