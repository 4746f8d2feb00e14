//! The functions of states: `states`, `is_state`, `state_attr`, `has_value`, `expand`.

use std::collections::HashSet;
use std::sync::Arc;

use super::state::{find, with_unit};
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::Result;
use crate::value::{Key, Value};

/// What a call of the global `states` does.
pub const CALL: Builtin = builtin("states", "entity_id, rounded=, with_unit=", states);

const IS_STATE: Builtin = builtin("is_state", "entity_id, state", is_state);
const IS_STATE_ATTR: Builtin = builtin("is_state_attr", "entity_id, name, value", is_state_attr);
const STATE_ATTR: Builtin = builtin("state_attr", "entity_id, name", state_attr);
const HAS_VALUE: Builtin = builtin("has_value", "entity_id", has_value);
const EXPAND: Builtin = builtin("expand", "*args", expand);

pub const GLOBALS: &[Builtin] = &[IS_STATE, IS_STATE_ATTR, STATE_ATTR, HAS_VALUE, EXPAND];

pub const FILTERS: &[Builtin] = &[CALL, STATE_ATTR, HAS_VALUE, EXPAND];

pub const TESTS: &[Builtin] = &[IS_STATE, IS_STATE_ATTR, HAS_VALUE];

fn states(args: &mut Args, context: &Context) -> Result<Value> {
    let Some(state) = find(args.value(0), context)? else { return Ok(Value::text("unknown")) };
    // Without an entity registry no state is rounded.
    Ok(match args.flag(2, false) {
        true => Value::from(with_unit(&state)),
        false => Value::Text(Arc::clone(&state.state)),
    })
}

fn is_state(args: &mut Args, context: &Context) -> Result<Value> {
    let Some(state) = find(args.value(0), context)? else { return Ok(Value::Bool(false)) };
    let is = |value: &Value| value.as_str() == Some(&*state.state);
    let wanted = args.value(1);
    Ok(Value::Bool(match wanted {
        Value::List(items) => items.items.iter().any(is),
        wanted => is(wanted),
    }))
}

fn is_state_attr(args: &mut Args, context: &Context) -> Result<Value> {
    let attribute = attribute(args, context)?;
    Ok(Value::Bool(attribute.is_some_and(|attribute| attribute.equals(args.value(2)))))
}

fn state_attr(args: &mut Args, context: &Context) -> Result<Value> {
    Ok(attribute(args, context)?.unwrap_or(Value::None))
}

fn attribute(args: &Args, context: &Context) -> Result<Option<Value>> {
    let Some(state) = find(args.value(0), context)? else { return Ok(None) };
    let name = Key::new(args.value(1).clone())?;
    Ok(state.attributes.as_dict().and_then(|attributes| attributes.get(&name)).cloned())
}

fn has_value(args: &mut Args, context: &Context) -> Result<Value> {
    let state = find(args.value(0), context)?;
    Ok(Value::Bool(state.is_some_and(|state| !matches!(&*state.state, "unavailable" | "unknown"))))
}

/// The states of entities, with groups and zones replaced by their members, in the order in which they are found from the end.
fn expand(args: &mut Args, context: &Context) -> Result<Value> {
    let mut search = std::mem::take(&mut args.rest);
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    while let Some(value) = search.pop() {
        context.spend(1)?;
        let state = match value {
            Value::State(state) => state,
            Value::Text(_) => match find(&value, context)? {
                Some(state) => state,
                None => continue,
            },
            Value::Undefined(_) | Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) => continue,
            // Values that cannot be iterated are left out.
            other => {
                match context.items(&other) {
                    Ok(items) => search.extend(items),
                    Err(error) if error.kind == crate::error::ErrorKind::Type => {}
                    Err(error) => return Err(error),
                }
                continue;
            }
        };
        if seen.contains(&state.entity_id) {
            continue;
        }
        let members = match state.entity_id.split_once('.') {
            Some(("group", _)) => "entity_id",
            Some(("zone", _)) => "persons",
            _ => {
                context.read_entity(&state.entity_id);
                seen.insert(Arc::clone(&state.entity_id));
                found.push(Value::State(state));
                continue;
            }
        };
        context.read_entity(&state.entity_id);
        let members = state.attributes.as_dict().and_then(|attributes| attributes.get_text(members));
        if let Some(members) = members.filter(|members| members.is_true()) {
            search.extend(context.items(members)?);
        }
    }
    Ok(Value::list(found))
}
