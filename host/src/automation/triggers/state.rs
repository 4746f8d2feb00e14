//! State triggers: fire when the state of an entity, or one attribute, changes between given values.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::context::{Context, Fired};
use super::pending::{self, Pending, PendingFire};
use crate::automation::equality::equal;
use crate::automation::home::{Entity, Event};
use crate::automation::model::StateTrigger;
use crate::automation::templates::span_text;
use crate::automation::yaml::Place;

/// Handles an event.
pub fn handle(trigger: &StateTrigger, pending: &mut Pending, context: &Context, place: &Place) -> Fired {
    let mut fired = Fired::of(pending.take_due(context.home));
    let Event::State { id, old, new } = context.event else { return fired };
    if !trigger.entities.contains(id) {
        return fired;
    }
    let attribute = trigger.attribute.as_deref();
    let value = |entity: Option<&Entity>| entity.map_or(Value::Null, |entity| entity.value(attribute));
    let (from, to) = (value(old.as_deref()), value(new.as_deref()));
    pending.keep(id, |waiting| new.is_some() && stays(trigger, waiting, &to));
    if !fires(trigger, &from, &to) {
        return fired;
    }
    let state = |entity: Option<&Entity>| entity.map_or(Value::Null, |entity| entity.to_json(id));
    let mut shown = json!({
        "platform": "state",
        "entity_id": id,
        "from_state": state(old.as_deref()),
        "to_state": state(new.as_deref()),
        "for": null,
        "attribute": trigger.attribute,
        "description": format!("state of {id}"),
    });
    match pending::span(trigger.for_duration.as_ref(), &shown, context, place) {
        Err(problem) => fired.problems.push(problem),
        Ok(None) => {
            if let (Some(_), Some(fields)) = (&trigger.for_duration, shown.as_object_mut()) {
                fields.insert("for".into(), span_text(TimeDelta::zero()).into());
            }
            fired.triggers.push(shown);
        }
        Ok(Some(span)) => {
            if let Some(fields) = shown.as_object_mut() {
                fields.insert("for".into(), span_text(span).into());
            }
            pending.put(id, PendingFire { due: pending::due(context, span), from, to, trigger: shown });
        }
    }
    fired
}

/// Without `from` and `to` every change fires, including attributes. With one of them, or with `attribute`, the value
/// must change.
fn fires(trigger: &StateTrigger, from: &Value, to: &Value) -> bool {
    let StateTrigger { from: wanted, to: target, not_from, not_to, .. } = trigger;
    let is_any = wanted.is_none() && target.is_none() && not_from.is_none() && not_to.is_none();
    if equal(from, to) && (!is_any || trigger.attribute.is_some()) {
        return false;
    }
    takes(wanted, not_from, from) && takes(target, not_to, to)
}

fn takes(wanted: &Option<Vec<Value>>, unwanted: &Option<Vec<Value>>, value: &Value) -> bool {
    let is_wanted = wanted.as_ref().is_none_or(|wanted| {
        wanted.is_empty() || wanted.iter().any(|it| equal(it, value) || it.as_str() == Some("*"))
    });
    is_wanted && !unwanted.as_ref().is_some_and(|unwanted| unwanted.iter().any(|it| equal(it, value)))
}

/// Whether it still has the new value. With `from` alone: whether it still differs from the old one.
fn stays(trigger: &StateTrigger, waiting: &PendingFire, now: &Value) -> bool {
    match trigger.from.is_some() && trigger.to.is_none() {
        true => !equal(now, &waiting.from),
        false => equal(now, &waiting.to),
    }
}
