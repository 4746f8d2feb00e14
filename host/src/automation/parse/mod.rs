//! Parses YAML trees into typed automations. Anything unknown is an error at its place; nothing is dropped silently.
//!
//! Accepts what Home Assistant's validator accepts, and refuses the rest. `docs/compatibility.md` lists the exceptions.

mod action;
mod condition;
mod data;
mod enabled;
mod entities;
mod identifiers;
mod imports;
pub mod keys;
mod service;
mod trigger;
mod values;

pub use imports::check_imports;

use std::sync::Arc;

use serde_json::Value;

use self::keys::Keys;
use super::model::{Automation, Mode};
use super::yaml::{Key, Kind, Node, Parsed};
use crate::tunables::automations::{DEFAULT_MAX, MAX_TRACES, MOST_TRACES};

/// Parses one automation.
pub fn automation(node: &Node) -> Parsed<Automation> {
    let mut keys = Keys::of(node, "an automation")?;
    if keys.has("use_blueprint") {
        return Err(node.place.problem("blueprints are not supported; write the automation in full"));
    }
    let id = keys.text("id")?;
    let alias = keys.string("alias")?;
    let description = keys.string("description")?;
    let mode = keys.choice(
        "mode",
        &[
            ("single", Mode::Single),
            ("restart", Mode::Restart),
            ("queued", Mode::Queued),
            ("parallel", Mode::Parallel),
        ],
    )?;
    let mode = mode.unwrap_or(Mode::Single);
    let max = keys.coerced_number("max", 2)?.unwrap_or(DEFAULT_MAX);
    let warns = warns(&mut keys)?;
    let traces = traces(&mut keys)?;
    let trigger_variables = keys.variables("trigger_variables")?;
    trigger_variables.iter().try_for_each(|(_, data)| data::check_limited(data))?;
    let variables = keys.variables("variables")?;
    let is_enabled = keys.flag("initial_state")?.unwrap_or(true);
    // Without effect since Home Assistant has an entity registry.
    keys.unlisted_flag("hide_entity")?;
    let triggers = keys.need_any(&["triggers", "trigger"], "what starts it")?;
    let triggers = trigger::list(triggers)?;
    let conditions = keys.take_any(&["conditions", "condition"])?;
    let conditions = conditions.map(condition::list).transpose()?.unwrap_or_default();
    let actions = keys.need_any(&["actions", "action"], "what it does")?;
    let actions = Arc::new(action::list(actions)?);
    if keys.has("enabled") {
        return Err(node.place.problem("an automation has no key `enabled`; use `initial_state: false`"));
    }
    keys.finish()?;
    let place = node.place.clone();
    Ok(Automation {
        id,
        alias,
        description,
        mode,
        max,
        warns,
        trigger_variables,
        variables,
        traces,
        is_enabled,
        triggers,
        conditions,
        actions,
        place,
        entities: entities::named(node),
        source: source(node),
    })
}

/// The automation as written. The order of keys counts.
fn source(node: &Node) -> Value {
    match &node.kind {
        Kind::List(items) => items.iter().map(source).collect(),
        Kind::Map(entries) => {
            let pair = |(key, value): &(Key, Node)| Value::from(vec![key.name.clone().into(), source(value)]);
            Value::from(vec![Value::Null, entries.iter().map(pair).collect()])
        }
        _ => node.to_json(),
    }
}

/// `max_exceeded`: whether a trigger that starts no run is logged.
fn warns(keys: &mut Keys) -> Parsed<bool> {
    const LEVELS: [&str; 9] =
        ["silent", "critical", "fatal", "error", "warning", "warn", "info", "debug", "notset"];
    let Some((_, node)) = keys.take("max_exceeded") else { return Ok(true) };
    let level = values::text(node, "max_exceeded")?.to_lowercase();
    match LEVELS.contains(&level.as_str()) {
        true => Ok(level != "silent"),
        false => Err(node
            .place
            .problem(format!("`max_exceeded` cannot be `{level}`; use one of {}", LEVELS.join(", ")))),
    }
}

/// The number of traces to keep.
fn traces(keys: &mut Keys) -> Parsed<usize> {
    let Some((_, node)) = keys.take("trace") else { return Ok(MAX_TRACES) };
    let mut inner = Keys::of(node, "`trace`")?;
    let count = inner.coerced_number("stored_traces", 0)?.unwrap_or(MAX_TRACES);
    inner.finish()?;
    match count <= MOST_TRACES {
        true => Ok(count),
        false => Err(node.place.problem(format!("`stored_traces` must be at most {MOST_TRACES}"))),
    }
}
