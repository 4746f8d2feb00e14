//! The actions: their description, the job that does each, and whether what they are given makes sense.
//!
//! Decides nothing about whether a command may run; that is the manager's.

mod table;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use table::ACTIONS;

use crate::config::{self, Complaint, Purpose, Rule};
use crate::error::{Failure, Result};
use crate::model::{
    BackupRef, CreateRequest, DeleteRequest, EncryptRequest, ExtractRequest, KeepRequest, KeyRequest,
    ReadRequest, RekeyRequest, RestoreRequest, VerifiedSize,
};

pub struct Action {
    pub name: &'static str,
    pub description: &'static str,
    pub fields: &'static [Field],
    pub public: bool,
    /// The kind of job that does it.
    pub job: &'static str,
}

pub struct Field {
    pub name: &'static str,
    pub type_name: &'static str,
    pub required: bool,
    pub description: &'static str,
    /// What its value may be.
    rule: Rule,
}

/// What a value of that type may be, where nothing else is said.
const fn rule(type_name: &'static str) -> Rule {
    match type_name.as_bytes() {
        b"string" => Rule::Text,
        b"boolean" => Rule::Bool,
        b"array" => Rule::List(&Rule::Text),
        _ => Rule::Anything,
    }
}

const fn field(name: &'static str, type_name: &'static str, description: &'static str) -> Field {
    Field { name, type_name, required: false, description, rule: rule(type_name) }
}

const fn required(name: &'static str, type_name: &'static str, description: &'static str) -> Field {
    Field { name, type_name, required: true, description, rule: rule(type_name) }
}

impl Field {
    const fn of(self, rule: Rule) -> Self {
        Self {
            name: self.name,
            type_name: self.type_name,
            required: self.required,
            description: self.description,
            rule,
        }
    }
}

const fn client(
    name: &'static str,
    job: &'static str,
    description: &'static str,
    fields: &'static [Field],
) -> Action {
    Action { name, description, fields, public: false, job }
}

/// Checks an action's data; the job that does it, which gets the same data. The error says which action and value is wrong.
pub fn check(name: &str, data: &str) -> Result<&'static str> {
    let value: Value = serde_json::from_str(data)
        .map_err(|error| Failure::invalid(format!("{name}: its data is not JSON: {error}")))?;
    let Value::Object(fields) = &value else {
        return Err(Failure::invalid(format!("{name}: its data must be an object")));
    };
    let Some(action) = ACTIONS.iter().find(|action| action.name == name) else {
        return Err(Failure::new("unknown_command", format!("there is no action {name}")));
    };
    // The settings are checked as a whole by their own rules.
    if action.job == "config_update" {
        return Ok(action.job);
    }
    if let Some(key) = fields.keys().next().filter(|_| action.fields.is_empty()) {
        return Err(Failure::invalid(format!("{name}: extra keys not allowed: {key}")));
    }
    let mut wrong = complaints(action.fields, fields);
    if !wrong.is_empty() {
        wrong.sort();
        return Err(Failure::invalid(wrong.join("\n")));
    }
    let checked = match action.job {
        "create" | "preview" => typed::<CreateRequest>(value),
        "info" | "details" => typed::<BackupRef>(value),
        "delete" => typed::<DeleteRequest>(value),
        "keep" => typed::<KeepRequest>(value),
        "rekey" => typed::<RekeyRequest>(value),
        "restore" => typed::<RestoreRequest>(value),
        "extract" => typed::<ExtractRequest>(value),
        "remember_verified" => typed::<VerifiedSize>(value),
        "encrypt" => typed::<EncryptRequest>(value),
        "create_automatic" | "agents_info" | "config_info" | "adopt" | "schedule" | "retention" => Ok(()),
        "new_key" | "add_key" | "remove_key" | "rename_key" | "show_key" | "keys" | "emergency_kit" => {
            typed::<KeyRequest>(value)
        }
        _ => typed::<ReadRequest>(value),
    };
    match checked {
        Ok(()) => Ok(action.job),
        Err(error) => Err(Failure::invalid(format!("{name}: {error}"))),
    }
}

/// What is wrong with an action's data, in Home Assistant's words.
fn complaints(known: &[Field], given: &Map<String, Value>) -> Vec<String> {
    let wrong = known.iter().flat_map(|field| match given.get(field.name) {
        Some(value) => {
            let wrong = config::check(&field.rule, value, field.name, Purpose::Request);
            wrong.iter().map(Complaint::line).collect()
        }
        None if field.required => vec![config::required(field.name)],
        None => Vec::new(),
    });
    let is_known = |name: &str| known.iter().any(|field| field.name == name);
    let unknown = given.iter().filter(|(name, _)| !is_known(name));
    let unknown =
        unknown.map(|(name, value)| config::unknown(name, value, known.iter().map(|field| field.name)));
    wrong.chain(unknown).collect()
}

fn typed<T: DeserializeOwned>(value: Value) -> serde_json::Result<()> {
    serde_json::from_value::<T>(value).map(drop)
}

#[cfg(test)]
mod tests;
