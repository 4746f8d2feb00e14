//! What the automatic settings ask for and cannot be had, for whoever has to hear of it: a client, a person, the log.
//!
//! The rules are in `config::objections`.

use serde_json::Value;

use crate::error::{Failure, Result};
use crate::manager::log;
use crate::manager::with;
use crate::model::Caution;
use crate::ports::Outside;

/// Says all of it in the log.
pub fn tell(outside: &dyn Outside) {
    all(outside).iter().for_each(|warning| log::warn(outside, &format!("automatic backups: {warning}")));
}

/// Adds to an answer what the settings ask for and cannot be had.
pub fn add_to(answer: &mut Value, outside: &dyn Outside) {
    let warnings = all(outside);
    if let Some(fields) = answer.as_object_mut().filter(|_| !warnings.is_empty()) {
        fields.insert("warnings".into(), warnings.into());
    }
}

/// Takes out of a request how careful its client wants to be.
pub fn caution(body: &mut Value) -> Result<Caution> {
    let fields = body.as_object_mut();
    let own = fields.map(|fields| {
        ["strict", "force"]
            .iter()
            .filter_map(|key| fields.remove_entry(*key))
            .collect::<serde_json::Map<_, _>>()
    });
    serde_json::from_value(own.unwrap_or_default().into())
        .map_err(|error| Failure::invalid(error.to_string()))
}

pub fn known_locations(outside: &dyn Outside) -> Vec<String> {
    outside.locations().into_iter().map(|location| location.id).collect()
}

/// What the settings ask for that cannot be had.
pub fn all(outside: &dyn Outside) -> Vec<String> {
    let known = known_locations(outside);
    let objections = with(|inner| inner.store.config().objections(&known));
    objections.into_iter().map(|objection| objection.text).collect()
}
