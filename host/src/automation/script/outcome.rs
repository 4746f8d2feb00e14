//! What a run asks for and how it ends.

use serde_json::Value;

/// What a run wants to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Call an action and hand over its answer as `Input::Answer` with the same number.
    Call { call: u64, action: String, data: Value, target: Value, wants_response: bool },
    /// Tell everybody of an event.
    Fire { name: String, data: Value },
    /// For the log: what went wrong without ending the run.
    Notice(String),
    /// The run is over.
    End(End),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    Done,
    /// By a `stop`, with what it says and gives back.
    Stopped {
        message: String,
        response: Value,
    },
    /// With what happened and what to do.
    Failed(String),
    /// By another run, a reload or the end of the program.
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

/// Why a called action gave no answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub message: String,
    /// Whether `continue_on_error` cannot help: there is no such action, or its data are wrong.
    pub is_final: bool,
}

/// Why a thread does not go on to the next step.
#[derive(Debug)]
pub enum Halt {
    /// A condition does not hold: this sequence is over.
    Sequence,
    /// Something failed; whether `continue_on_error` may help.
    Failed {
        reason: String,
        is_final: bool,
    },
    End(End),
}

impl Halt {
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::Failed { reason: reason.into(), is_final: true }
    }
}
