//! The name, the data and the target of a call, rendered.
//!
//! As in Home Assistant, errors here are errors of the step, so `continue_on_error` covers them.

use serde_json::{Value, json};

use super::context::StepContext;
use super::outcome::Halt;
use super::thread::Thread;
use crate::automation::literals;
use crate::automation::model::Data;

/// Renders the name, the data and the target of a call.
pub fn rendered(
    thread: &Thread,
    name: &Data,
    data: &Data,
    target: &Data,
    context: &StepContext,
) -> Result<(String, Value, Value), Halt> {
    let variables = thread.variables(context);
    let fill = |data: &Data| context.templates.fill_json(data, context.home, &variables).map_err(step_failed);
    let name = action(&fill(name)?)?;
    let target = with_entities(fill(target)?)?;
    let data = match fill(data)? {
        Value::Null => json!({}),
        data @ Value::Object(_) => data,
        other => return Err(step_failed(format!("the data of {name} are {other}; make them a mapping"))),
    };
    Ok((name, data, target))
}

fn step_failed(reason: String) -> Halt {
    Halt::Failed { reason, is_final: false }
}

fn action(name: &Value) -> Result<String, Halt> {
    let text = name.as_str().map_or_else(|| name.to_string(), str::to_lowercase);
    match literals::is_entity(&text) {
        true => Ok(text),
        false => Err(step_failed(format!("the action is `{text}`; make it the name of one, such as a.b"))),
    }
}

/// A target whose entities are a list, or `all` or `none`.
fn with_entities(mut target: Value) -> Result<Value, Halt> {
    let Some(ids) = target.get_mut("entity_id") else { return Ok(target) };
    let listed: Vec<String> = match &*ids {
        Value::String(text) => text.split(',').map(|id| id.trim().to_lowercase()).collect(),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), |id| id.trim().to_lowercase()))
            .collect(),
        other => vec![other.to_string()],
    };
    match listed.as_slice() {
        [word] if ids.is_string() && matches!(word.as_str(), "all" | "none") => *ids = word.clone().into(),
        _ => match listed.iter().find(|id| !literals::is_entity(id)) {
            Some(wrong) => {
                return Err(step_failed(format!("the target has the entity `{wrong}`; use domain.name")));
            }
            None => *ids = listed.into(),
        },
    }
    Ok(target)
}
