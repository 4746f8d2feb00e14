//! The actions that clients and automations can call. Each is one row of the table; `manager` decides whether it may run now, and
//! `jobs` does the work.
//!
//! Also checks the data of a call. Does not decide whether an action may run.

mod action;
mod table;

use serde_json::{Map, Value};

pub use action::{Action, Field};
pub use table::ACTIONS;

use crate::error::{Failure, Result};
use crate::settings;
use crate::settings::{Complaint, Purpose};

/// Checks an action's data and returns the action. The error names the action and the value that is wrong.
pub fn check(name: &str, data: &str) -> Result<&'static Action> {
    let value: Value = serde_json::from_str(data)
        .map_err(|error| Failure::invalid(format!("{name}: its data is not JSON: {error}")))?;
    let Value::Object(fields) = &value else {
        return Err(Failure::invalid(format!("{name}: its data must be an object")));
    };
    let Some(action) = ACTIONS.iter().find(|action| action.name == name) else {
        return Err(Failure::new("unknown_command", format!("there is no action {name}")));
    };
    // The settings are checked as a whole, by `settings`.
    if action.job == "config_update" {
        return Ok(action);
    }
    if let Some(key) = fields.keys().next().filter(|_| action.fields().next().is_none()) {
        return Err(Failure::invalid(format!("{name}: extra keys not allowed: {key}")));
    }
    let mut wrong = complaints(action, fields);
    if !wrong.is_empty() {
        wrong.sort();
        return Err(Failure::invalid(wrong.join("\n")));
    }
    match (action.parse)(value) {
        Ok(()) => Ok(action),
        Err(error) => Err(Failure::invalid(format!("{name}: {error}"))),
    }
}

/// What is wrong with an action's data, as Home Assistant words it.
fn complaints(action: &Action, given: &Map<String, Value>) -> Vec<String> {
    let wrong = action.fields().flat_map(|field| match given.get(field.name) {
        Some(value) => {
            let wrong = settings::check(&field.rule, value, field.name, Purpose::Request);
            wrong.iter().map(Complaint::line).collect()
        }
        None if field.required => vec![settings::required(field.name)],
        None => Vec::new(),
    });
    let is_known = |name: &str| action.fields().any(|field| field.name == name);
    let unknown = given.iter().filter(|(name, _)| !is_known(name));
    let unknown =
        unknown.map(|(name, value)| settings::unknown(name, value, action.fields().map(|field| field.name)));
    wrong.chain(unknown).collect()
}

#[cfg(test)]
mod tests;
