//! The input of a step and the context that it runs in.

use serde_json::Value;

use super::outcome::Failure;
use crate::automation::home::Home;
use crate::automation::templates::{Templates, Variables};
use crate::automation::trace::Trace;

/// Why a run advances.
#[derive(Debug)]
pub enum Input {
    Begin,
    /// A wait is over: `Script::wake` said so.
    Resume,
    Answer {
        call: u64,
        result: Result<Value, Failure>,
    },
}

/// The input of a step and the context that it runs in.
pub struct StepContext<'a> {
    pub home: &'a Home,
    pub templates: &'a Templates,
    pub trace: &'a mut Trace,
    /// Variables of the whole run.
    pub variables: &'a mut Variables,
    /// Problems that did not end the run, until they are read.
    pub problems: Vec<String>,
}
