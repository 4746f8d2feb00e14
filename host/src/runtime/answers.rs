//! The answers of a plugin, checked and made safe to show.

use super::bindings::exports::larder::automation::actions;
use super::bindings::larder::automation::types;
use super::failure::Failure;
use crate::model::{Action, Field, sanitized};
use crate::tunables::{MAX_JSON, MAX_MESSAGE, MAX_WORD};

impl From<types::Failure> for Failure {
    fn from(failure: types::Failure) -> Self {
        Self::reported(&failure.code, &failure.message)
    }
}

impl From<Failure> for types::Failure {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code, message: failure.message }
    }
}

/// The answer, if it is JSON and not too large. `what` names the action or job.
pub(super) fn checked(what: &str, result: Result<String, types::Failure>) -> Result<String, Failure> {
    let text = result.map_err(Failure::from)?;
    if text.len() > MAX_JSON {
        let size = text.len();
        return Err(Failure::stopped(format!(
            "the plugin answered {what} with {size} bytes, more than {MAX_JSON}"
        )));
    }
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::stopped(format!(
            "the plugin answered {what} with text that is not usable JSON: {error}"
        ))),
    }
}

/// An action as the plugin describes it.
pub(super) fn action(action: actions::Action) -> Action {
    let fields = action.fields.into_iter().map(|field| Field {
        name: sanitized(&field.name, MAX_WORD),
        type_name: sanitized(&field.type_name, MAX_WORD),
        required: field.required,
        description: sanitized(&field.description, MAX_MESSAGE),
    });
    Action {
        fields: fields.collect(),
        name: sanitized(&action.name, MAX_WORD),
        description: sanitized(&action.description, MAX_MESSAGE),
        public: action.public,
    }
}
