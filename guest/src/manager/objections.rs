//! Reports settings that cannot work, to clients and to the log.
//!
//! The rules are in `config::objections`.

use serde_json::{Map, Value};

use crate::error::{Failure, Result};
use crate::manager::log;
use crate::manager::state::with;
use crate::model::Caution;
use crate::ports::Outside;

/// Logs every objection.
pub fn log_all(outside: &dyn Outside) {
    all(outside).iter().for_each(|warning| log::warn(outside, &format!("automatic backups: {warning}")));
}

/// Adds the objections to an answer, as `warnings`.
pub fn add_to(answer: &mut Value, outside: &dyn Outside) {
    let warnings = all(outside);
    if let Some(fields) = answer.as_object_mut().filter(|_| !warnings.is_empty()) {
        fields.insert("warnings".into(), warnings.into());
    }
}

/// Takes `strict` and `force` out of a request.
pub fn caution(body: &mut Value) -> Result<Caution> {
    let fields = body.as_object_mut();
    let own = fields.map(|fields| {
        ["strict", "force"].iter().filter_map(|key| fields.remove_entry(*key)).collect::<Map<_, _>>()
    });
    serde_json::from_value(own.unwrap_or_default().into())
        .map_err(|error| Failure::invalid(error.to_string()))
}

/// The ids of the locations that there are.
pub fn known_locations(outside: &dyn Outside) -> Vec<String> {
    outside.locations().into_iter().map(|location| location.id).collect()
}

/// The text of every objection to the current settings.
pub fn all(outside: &dyn Outside) -> Vec<String> {
    let known = known_locations(outside);
    let objections = with(|inner| inner.store.config().objections(&known));
    objections.into_iter().map(|objection| objection.text).collect()
}
