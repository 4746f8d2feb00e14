//! Effects: what the engine asks its driver to do.

use std::sync::Arc;

use serde_json::Value;

use crate::automation::home::Entity;
use crate::automation::script::End;

/// A request to the driver. It carries out a list of them in order, then calls `Engine::proceed` until that returns
/// nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Call an action. Pass the result to `Engine::answer` with the same numbers, at once if there is one.
    Call { run: u64, call: u64, action: String, data: Value, target: Value, wants_response: bool },
    /// An action of the automation domain that the engine performed is done: pass an empty result to `Engine::answer` at
    /// once.
    Answer { run: u64, call: u64 },
    /// Fire an event. Pass it to `Engine::handle` too, with `run` as its cause; 0 stands for no run.
    Fire { run: u64, name: String, data: Value },
    /// The entity of an automation changed, or was removed. The home that was passed in already has it, and the
    /// automations have seen it.
    Show { id: String, entity: Option<Arc<Entity>>, cause: Option<u64> },
    /// A log message: what happened to which automation, and what to do.
    Notice { automation: String, message: String },
    /// A run has ended.
    Ended { run: u64, automation: String, end: End },
}
