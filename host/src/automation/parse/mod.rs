//! Parses YAML trees into typed automations. Anything unknown is an error at its place; nothing is dropped silently.

mod action;
mod condition;
mod entities;
mod imports;
pub mod keys;
mod trigger;
mod values;

pub use imports::check_imports;

use std::sync::Arc;

use self::keys::Keys;
use super::model::{Automation, Mode};
use super::yaml::{Node, Parsed};
use crate::tunables::automations::{DEFAULT_MAX, MAX_TRACES, MOST_TRACES};

/// Parses one automation.
pub fn automation(node: &Node) -> Parsed<Automation> {
    let mut keys = Keys::of(node, "an automation")?;
    if keys.has("use_blueprint") {
        return Err(node.place.problem("blueprints are not supported; write the automation in full"));
    }
    let id = keys.text("id")?;
    let alias = keys.text("alias")?;
    let description = keys.text("description")?;
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
    let max = keys.whole_number("max", 2)?.unwrap_or(DEFAULT_MAX);
    let levels = ["silent", "critical", "fatal", "error", "warning", "warn", "info", "debug", "notset"];
    let warns = keys.choice("max_exceeded", &levels.map(|level| (level, level != "silent")))?.unwrap_or(true);
    let traces = traces(&mut keys)?;
    let trigger_variables = keys.variables("trigger_variables")?;
    let variables = keys.variables("variables")?;
    let initial = keys.flag("initial_state")?.unwrap_or(true);
    let is_enabled = keys.flag("enabled")?.unwrap_or(true) && initial;
    let triggers = keys.need_any(&["triggers", "trigger"], "what starts it")?;
    let triggers = trigger::list(triggers)?;
    let conditions = keys.take_any(&["conditions", "condition"])?;
    let conditions = conditions.map(condition::list).transpose()?.unwrap_or_default();
    let actions = keys.need_any(&["actions", "action"], "what it does")?;
    let actions = Arc::new(action::list(actions)?);
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
        source: node.to_json(),
    })
}

/// The number of traces to keep.
fn traces(keys: &mut Keys) -> Parsed<usize> {
    let Some((_, node)) = keys.take("trace") else { return Ok(MAX_TRACES) };
    let mut inner = Keys::of(node, "`trace`")?;
    let count = inner.whole_number("stored_traces", 0)?.unwrap_or(MAX_TRACES);
    inner.finish()?;
    match count <= MOST_TRACES {
        true => Ok(count),
        false => Err(node.place.problem(format!("`stored_traces` must be at most {MOST_TRACES}"))),
    }
}
