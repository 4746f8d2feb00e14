//! Effects: what the engine asks its driver to do.

use serde_json::Value;

use crate::automation::script::End;

/// A request to the driver.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Call an action. Pass the result to `Engine::answer` with the same numbers.
    Call { run: u64, call: u64, action: String, data: Value, target: Value, wants_response: bool },
    /// Fire an event. Pass it to `Engine::handle` too, with `run` as its cause.
    Fire { run: u64, name: String, data: Value },
    /// A log message: what happened to which automation, and what to do.
    Notice { automation: String, message: String },
    /// A run has ended.
    Ended { run: u64, automation: String, end: End },
}
