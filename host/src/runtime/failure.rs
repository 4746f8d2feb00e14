//! The failure of an action or a job, as a client sees it: `failure` of `wit/types.wit`.

use crate::model::sanitized;
use crate::tunables::{MAX_MESSAGE, MAX_WORD};

/// The code of a failure of a plugin that no longer runs.
pub const STOPPED: &str = "plugin_stopped";

/// A machine-readable code and a human-readable message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize)]
#[error("{message}")]
pub struct Failure {
    pub code: String,
    pub message: String,
}

impl Failure {
    /// A failure that the plugin reported. Its text is made safe to show.
    pub(super) fn reported(code: &str, message: &str) -> Self {
        Self { code: sanitized(code, MAX_WORD), message: sanitized(message, MAX_MESSAGE) }
    }

    /// The plugin was stopped before it could answer. `message` says what it was doing and which limit it reached.
    pub(crate) fn stopped(message: impl Into<String>) -> Self {
        Self { code: STOPPED.into(), message: sanitized(&message.into(), MAX_MESSAGE) }
    }
}
