//! The one door into a component: nothing outside this directory calls a guest.

mod address_space;
pub(crate) mod bindings;
mod cache;
mod engine;
mod instance;
mod jobs;
mod memory;
mod set_up;
mod stderr;
mod store_data;
mod threads;
mod watchdog;
mod work_queue;
mod workers;

pub use crate::model::{Action, Field};
pub use engine::Runtime;
pub use instance::{Manager, Pending};
pub use jobs::Job;
pub(crate) use jobs::{JobEvent, Progress};
pub use set_up::{Started, Starting};
pub(crate) use store_data::StoreData;
pub use store_data::{Grants, Network, Writes};
pub use workers::Crew;
pub(crate) use workers::{Behind, Piece};

use crate::model::sanitized;
use crate::options::{MAX_MESSAGE, MAX_WORD};

/// The code of a failure of a plugin that does not run any more.
pub const STOPPED: &str = "plugin_stopped";

/// Why an action or a job did not do what was asked: `wit/types.wit`, `failure`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{message}")]
pub struct Failure {
    /// A machine-readable reason.
    pub code: String,
    pub message: String,
}

impl Failure {
    /// In a plugin's words: made fit to be shown.
    fn new(code: &str, message: &str) -> Self {
        Self { code: sanitized(code, MAX_WORD), message: sanitized(message, MAX_MESSAGE) }
    }

    /// The plugin did not live to answer; `message` says what it did and which limit it met.
    pub(crate) fn stopped(message: impl Into<String>) -> Self {
        Self { code: STOPPED.into(), message: sanitized(&message.into(), MAX_MESSAGE) }
    }
}
