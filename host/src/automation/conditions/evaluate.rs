//! Evaluates conditions, and records the values that decided. Pure.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::context::Context;
use super::range::in_range;
use super::time;
use super::verdict::Verdict;
use crate::automation::equality::equal;
use crate::automation::model::{Condition, ConditionKind, Data};
use crate::automation::templates::to_json;
use crate::automation::{literals, zone};

/// Whether all conditions hold. Evaluation stops at the first that does not. The error says what to do.
pub fn all(conditions: &[Condition], context: &Context) -> Result<Verdict, String> {
    decide(false, enabled(conditions).map(|condition| holds(condition, context)))
}

/// Whether all conditions hold. Evaluation stops at the first that does not, or that fails.
pub fn in_order(conditions: &[Condition], context: &Context) -> Result<Verdict, String> {
    let mut seen = Vec::new();
    for condition in enabled(conditions) {
        let verdict = holds(condition, context)?;
        seen.push(verdict.seen);
        if !verdict.holds {
            return Ok(Verdict::new(false, Value::Array(seen)));
        }
    }
    Ok(Verdict::new(true, Value::Array(seen)))
}

/// Whether at least one condition holds.
fn some(conditions: &[Condition], context: &Context) -> Result<Verdict, String> {
    decide(true, enabled(conditions).map(|condition| holds(condition, context)))
}

/// Disabled conditions are ignored.
fn enabled(conditions: &[Condition]) -> impl Iterator<Item = &Condition> {
    conditions.iter().filter(|condition| condition.is_enabled)
}

/// Evaluates in order until a verdict equals `decides`. An error counts only if no verdict decides.
fn decide(decides: bool, verdicts: impl Iterator<Item = Result<Verdict, String>>) -> Result<Verdict, String> {
    let (mut seen, mut problems) = (Vec::new(), Vec::new());
    for verdict in verdicts {
        match verdict {
            Ok(verdict) => {
                seen.push(verdict.seen);
                if verdict.holds == decides {
                    return Ok(Verdict::new(decides, Value::Array(seen)));
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    match problems.is_empty() {
        true => Ok(Verdict::new(!decides, Value::Array(seen))),
        false => Err(problems.join("; ")),
    }
}

/// Whether one condition holds. A disabled condition does.
pub fn holds(condition: &Condition, context: &Context) -> Result<Verdict, String> {
    if !condition.is_enabled {
        return Ok(Verdict::new(true, json!({"enabled": false})));
    }
    match &condition.kind {
        ConditionKind::And(inner) => all(inner, context),
        ConditionKind::Or(inner) => some(inner, context),
        ConditionKind::Not(inner) => some(inner, context).map(|it| Verdict::new(!it.holds, it.seen)),
        ConditionKind::Template(template) => {
            let rendered = context.templates.render(template, context.home, context.variables)?;
            let holds = says_true(&rendered.text);
            Ok(Verdict::new(holds, json!({"result": rendered.json()})))
        }
        ConditionKind::Trigger(ids) => {
            let trigger = context.variables.get("trigger").and_then(|trigger| trigger.as_dict());
            let id = trigger.and_then(|trigger| trigger.get_text("id")).map(to_json).unwrap_or_default();
            let holds = id.as_str().is_some_and(|id| ids.iter().any(|wanted| wanted == id));
            Ok(Verdict::new(holds, json!({"trigger": id})))
        }
        ConditionKind::Time { after, before, weekdays } => {
            time::between(context.home, after.as_ref(), before.as_ref(), weekdays, condition)
        }
        ConditionKind::NumericState(range) => {
            let verdict = |id: &String| {
                let (holds, value) = in_range(range, id, context);
                let holds = holds.map_err(|problem| format!("{}: {problem}", condition.place))?;
                Ok(Verdict::new(holds, json!({"entity_id": id, "value": value})))
            };
            decide(false, range.entities.iter().map(verdict))
        }
        ConditionKind::State { entities, any: false, .. } => {
            decide(false, entities.iter().map(|id| state(condition, id, context)))
        }
        ConditionKind::State { entities, any: true, .. } => any_state(condition, entities, context),
    }
}

/// Whether one of the entities is in one of the wanted states. It fails if one of them fails.
fn any_state(condition: &Condition, entities: &[String], context: &Context) -> Result<Verdict, String> {
    let (mut holds, mut seen, mut problems) = (false, Vec::new(), Vec::new());
    for id in entities {
        match state(condition, id, context) {
            Ok(verdict) => {
                holds |= verdict.holds;
                seen.push(verdict.seen);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(Verdict::new(holds, Value::Array(seen))) } else { Err(problems.join("; ")) }
}

/// Whether the output of a template condition is `true`. Nothing else counts, as in Home Assistant.
pub fn says_true(text: &str) -> bool {
    text.eq_ignore_ascii_case("true")
}

/// Whether one entity is in one of the wanted states, and has been for the required time.
fn state(condition: &Condition, id: &str, context: &Context) -> Result<Verdict, String> {
    let ConditionKind::State { attribute, states, for_duration, .. } = &condition.kind else {
        return Ok(Verdict::new(false, Value::Null));
    };
    let place = &condition.place;
    let missing =
        |id: &str| format!("{place}: there is no entity {id}; correct the ID or wait until it exists");
    let entity = context.home.states.get(id).ok_or_else(|| missing(id))?;
    let value = entity.value(attribute.as_deref());
    let seen = json!({"entity_id": id, "value": value, "since": entity.last_changed.to_iso()});
    let has_one = attribute.as_ref().is_none_or(|name| entity.attributes.get(name).is_some());
    let mut is_so = false;
    for wanted in states.iter().filter(|_| has_one) {
        if is_so {
            break;
        }
        // If the wanted state is an `input_…` entity, its current state is used.
        let named = wanted.as_str().filter(|id| id.starts_with("input_") && literals::is_entity(id));
        is_so |= match named {
            Some(id) => {
                let entity = context.home.states.get(id).ok_or_else(|| missing(id))?;
                value.as_str() == Some(entity.state.as_str())
            }
            None => equal(&value, wanted),
        };
    }
    if !is_so {
        return Ok(Verdict::new(false, seen));
    }
    let Some(data) = for_duration else { return Ok(Verdict::new(true, seen)) };
    let span = span(data, context, condition)?;
    Ok(Verdict::new(zone::plus(entity.last_changed, span) <= context.home.now, seen))
}

fn span(data: &Data, context: &Context, condition: &Condition) -> Result<TimeDelta, String> {
    let value = context.templates.fill_json(data, context.home, context.variables)?;
    literals::period(&value).map_err(|reason| format!("{}: `for` {reason}", condition.place))
}
