//! What the engine asks its driver to do.

use serde_json::Value;

use crate::automation::script::End;

/// What has to be done for automations.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Call an action; its answer goes to `Engine::answer` with the same numbers.
    Call { run: u64, call: u64, action: String, data: Value, target: Value, wants_response: bool },
    /// Tell everybody of an event, `Engine::handle` too, with `run` as its cause.
    Fire { run: u64, name: String, data: Value },
    /// For the log: what happened to which automation, and what to do.
    Notice { automation: String, message: String },
    /// A run is over.
    Ended { run: u64, automation: String, end: End },
}
