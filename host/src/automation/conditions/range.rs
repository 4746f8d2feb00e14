//! Numeric ranges: decides whether an entity's number is between two bounds.

use serde_json::Value;

use super::context::Context;
use crate::automation::home::Entity;
use crate::automation::model::{Bound, Range};
use crate::automation::templates;

/// Whether the entity's number is between the bounds, and the value that was compared. A missing, unknown or
/// unavailable value is outside; a value that is not a number is an error.
pub fn in_range(range: &Range, id: &str, context: &Context) -> (Result<bool, String>, Value) {
    match value_of(range, id, context) {
        Ok(value) => (is_within(range, id, &value, context), value),
        Err(problem) => (Err(problem), Value::Null),
    }
}

fn value_of(range: &Range, id: &str, context: &Context) -> Result<Value, String> {
    let entity = entity(id, context)?;
    // Without the attribute there is no number, whatever a template would make of it.
    let has_attribute = range.attribute.as_ref().is_none_or(|name| entity.attributes.get(name).is_some());
    let Some(template) = range.value.as_ref().filter(|_| has_attribute) else {
        return Ok(entity.value(range.attribute.as_deref()));
    };
    let mut variables = context.variables.clone();
    variables.insert("state".into(), templates::Value::State(templates::state_of(id, entity)));
    Ok(context.templates.render(template, context.home, &variables)?.json())
}

fn entity<'a>(id: &str, context: &'a Context) -> Result<&'a Entity, String> {
    let entity = context.home.states.get(id).map(AsRef::as_ref);
    entity.ok_or_else(|| format!("there is no entity {id}; correct the ID or wait until it exists"))
}

fn is_within(range: &Range, id: &str, value: &Value, context: &Context) -> Result<bool, String> {
    let Some(number) = number(value, id)? else { return Ok(false) };
    // As in Home Assistant, `below` decides first, and then `above` is not looked at.
    for (bound, is_below) in [(&range.below, true), (&range.above, false)] {
        let bound = match bound {
            None => continue,
            Some(Bound::Number(bound)) => *bound,
            Some(Bound::Entity(id)) => {
                let state = Value::String(entity(id, context)?.state.clone());
                // If a bound is unknown, no number is inside.
                let Some(bound) = self::number(&state, id)? else { return Ok(false) };
                bound
            }
        };
        if (is_below && number >= bound) || (!is_below && number <= bound) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The number, or `None` if the value is unknown or unavailable.
fn number(value: &Value, id: &str) -> Result<Option<f64>, String> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::Number(number) => return Ok(number.as_f64()),
        Value::Bool(flag) => return Ok(Some(f64::from(u8::from(*flag)))),
        Value::String(text) if matches!(text.as_str(), "unknown" | "unavailable") => return Ok(None),
        value => value.as_str().unwrap_or_default(),
    };
    let wrong = || format!("`{text}` of {id} is not a number; give it one or convert it in `value_template`");
    text.trim().parse().map(Some).map_err(|_| wrong())
}
