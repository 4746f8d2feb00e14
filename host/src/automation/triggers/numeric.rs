//! Numeric state triggers: a number that was outside comes between the bounds.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::hold::{self, Held, Waiting};
use super::{Interest, Moment};
use crate::automation::conditions::in_range;
use crate::automation::home::Event;
use crate::automation::model::{Bound, Data, Range};
use crate::automation::templates::span_text;
use crate::automation::yaml::Place;

/// Entities that are outside at the beginning.
pub fn armed(range: &Range, moment: &Moment) -> BTreeSet<String> {
    let is_outside = |id: &&String| matches!(in_range(range, id, &moment.asked()), Ok((false, _)));
    range.entities.iter().filter(is_outside).cloned().collect()
}

pub fn interest(range: &Range, interest: &mut Interest) {
    interest.entities.extend(range.entities.iter().cloned());
    for bound in [&range.above, &range.below].into_iter().flatten() {
        if let Bound::Entity(id) = bound {
            interest.entities.insert(id.clone());
        }
    }
}

pub fn hear(
    range: &Range,
    hold: Option<&Data>,
    armed: &mut BTreeSet<String>,
    held: &mut Held,
    moment: &Moment,
    place: &Place,
) -> Result<Vec<Value>, String> {
    let mut fired = held.take_due(moment.home);
    let Event::State { id: changed, old, new } = moment.event else { return Ok(fired) };
    let is_bound = |bound: &Option<Bound>| matches!(bound, Some(Bound::Entity(id)) if id == changed);
    let concerns_all = is_bound(&range.above) || is_bound(&range.below);
    for id in range.entities.iter().filter(|id| concerns_all || *id == changed) {
        let (is_inside, _) = in_range(range, id, &moment.asked())?;
        if !is_inside {
            armed.insert(id.clone());
            held.cancel(id);
            continue;
        }
        if !armed.remove(id) {
            continue;
        }
        let now = moment.home.states.get(id).map(|entity| entity.to_json(id));
        let before = match id == changed {
            true => old.as_ref().map(|entity| entity.to_json(id)),
            false => now.clone(),
        };
        let to = if id == changed { new.as_ref().map(|entity| entity.to_json(id)) } else { now };
        let bound = |bound: &Option<Bound>| serde_json::to_value(bound).unwrap_or_default();
        let mut shown = json!({
            "platform": "numeric_state",
            "entity_id": id,
            "above": bound(&range.above),
            "below": bound(&range.below),
            "from_state": before,
            "to_state": to,
            "for": null,
            "attribute": range.attribute,
            "description": format!("numeric state of {id}"),
        });
        match hold::span(hold, &shown, moment, place)? {
            None => fired.push(shown),
            Some(span) => {
                if let Some(fields) = shown.as_object_mut() {
                    fields.insert("for".into(), span_text(span).into());
                }
                let due = hold::due(moment, span);
                held.put(id, Waiting { due, from: Value::Null, to: Value::Null, trigger: shown });
            }
        }
    }
    Ok(fired)
}
