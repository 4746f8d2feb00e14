//! The result of a condition.

use serde_json::Value;

/// Whether a condition holds, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    pub holds: bool,
    /// The values that decided the result, for the trace.
    pub seen: Value,
}

impl Verdict {
    pub fn new(holds: bool, seen: Value) -> Self {
        Self { holds, seen }
    }
}
