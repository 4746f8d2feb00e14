//! Reports settings that cannot work, to clients and to the log.
//!
//! The rules are in `settings::objections`.

use serde_json::{Map, Value};

use crate::error::{Failure, Result};
use crate::manager::state::with;
use crate::manager::{log, schedules};
use crate::model::Caution;
use crate::ports::Host;

/// Logs every objection.
pub fn log_all(host: &dyn Host) {
    all(host).iter().for_each(|warning| log::warn(host, &format!("automatic backups: {warning}")));
    schedules::log_missing_locations(host, &known_locations(host));
}

/// Adds the objections to an answer, as `warnings`.
pub fn add_to(answer: &mut Value, host: &dyn Host) {
    let warnings = all(host);
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
pub fn known_locations(host: &dyn Host) -> Vec<String> {
    host.locations().into_iter().map(|location| location.id).collect()
}

/// The text of every objection to the current settings.
pub fn all(host: &dyn Host) -> Vec<String> {
    let known = known_locations(host);
    let objections = with(|inner| inner.store.config().objections(&known));
    objections.into_iter().map(|objection| objection.text).collect()
}
