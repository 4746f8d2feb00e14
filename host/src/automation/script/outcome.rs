//! The requests of a run, and how it ends.

use serde_json::Value;

/// A request of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Call an action. Pass the result in `Input::Answer` with the same number.
    Call { call: u64, action: String, data: Value, target: Value, wants_response: bool },
    /// Fire an event.
    Fire { name: String, data: Value },
    /// A log message about a problem that did not end the run.
    Notice(String),
    /// The run has ended.
    End(End),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    Done,
    /// By a `stop` action, with its message and response.
    Stopped {
        message: String,
        response: Value,
    },
    /// By an error: what happened and what to do.
    Failed(String),
    /// By another run, a reload, or the end of the program.
    Cancelled,
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Stopped { message, .. } => write!(f, "stopped: {message}"),
            Self::Failed(reason) => write!(f, "failed: {reason}"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

/// Why a called action failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub message: String,
    /// Whether `continue_on_error` does not apply: the action does not exist, or its data are wrong.
    pub is_final: bool,
}

/// Why a thread does not continue with the next step.
#[derive(Debug)]
pub enum Halt {
    /// A condition does not hold: the sequence ends.
    Sequence,
    /// A step failed. If `is_final`, `continue_on_error` does not apply.
    Failed {
        reason: String,
        is_final: bool,
    },
    End(End),
}

impl Halt {
    /// An error to which `continue_on_error` does not apply.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::Failed { reason: reason.into(), is_final: true }
    }
}
