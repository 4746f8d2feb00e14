//! The answer of a command: JSON for scripts, text for a terminal, and the exit status.

use serde_json::Value;

use super::value::list;

/// The result of a command, in both forms.
pub(crate) struct Answer {
    pub(crate) json: Value,
    pub(crate) text: String,
    pub(crate) status: ExitStatus,
}

/// The exit status of a command that was not interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    Done = 0,
    Failed = 1,
    WrongUse = 2,
    /// Done, but something was skipped.
    Partly = 3,
}

impl ExitStatus {
    /// `Partly` if the answer has entries in one of these lists, else `Done`.
    pub(crate) fn of(answer: &Value, keys: &[&str]) -> Self {
        let is_partly = keys.iter().any(|key| !list(answer, key).is_empty());
        if is_partly { Self::Partly } else { Self::Done }
    }

    /// The more serious of two.
    pub(crate) fn worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::Done, other) | (Self::Partly, other @ (Self::Failed | Self::WrongUse)) => other,
            (this, _) => this,
        }
    }
}

/// The command line cannot be carried out as it was written.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongUse(pub(crate) String);
