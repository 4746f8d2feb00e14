//! Numeric ranges: decides whether an entity's number is between two bounds.

use serde_json::Value;

use super::context::Context;
use crate::automation::home::Entity;
use crate::automation::model::{Bound, Range};

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
    let Some(template) = &range.value else { return Ok(entity.value(range.attribute.as_deref())) };
    let mut variables = context.variables.clone();
    variables.insert("state".into(), entity.to_json(id));
    Ok(context.templates.render(template, context.home, &variables)?.value)
}

fn entity<'a>(id: &str, context: &'a Context) -> Result<&'a Entity, String> {
    let entity = context.home.states.get(id).map(AsRef::as_ref);
    entity.ok_or_else(|| format!("there is no entity {id}; correct the ID or wait until it exists"))
}

fn is_within(range: &Range, id: &str, value: &Value, context: &Context) -> Result<bool, String> {
    let Some(number) = number(value, id)? else { return Ok(false) };
    let bound = |bound: &Option<Bound>| match bound {
        None => Ok(Some(None)),
        Some(Bound::Number(number)) => Ok(Some(Some(*number))),
        Some(Bound::Entity(id)) => {
            let state = Value::String(entity(id, context)?.state.clone());
            Ok::<_, String>(self::number(&state, id)?.map(Some))
        }
    };
    // If a bound is unknown, no number is inside.
    let (Some(above), Some(below)) = (bound(&range.above)?, bound(&range.below)?) else { return Ok(false) };
    Ok(above.is_none_or(|above| number > above) && below.is_none_or(|below| number < below))
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
    let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
    let wrong = || format!("`{text}` of {id} is not a number; give it one or convert it in `value_template`");
    number.map(Some).ok_or_else(wrong)
}
