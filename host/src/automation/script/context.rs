//! What a run is given with every step.

use serde_json::Value;

use super::outcome::Failure;
use crate::automation::home::{Event, Home};
use crate::automation::templates::{Templates, Variables};
use crate::automation::trace::Trace;

/// What happened.
#[derive(Debug)]
pub enum Input<'a> {
    Begin,
    Event(&'a Event),
    Answer { call: u64, result: Result<Value, Failure> },
}

/// What a run is given with every step.
pub struct StepContext<'a> {
    pub home: &'a Home,
    pub templates: &'a Templates,
    pub trace: &'a mut Trace,
    /// Those of the whole run.
    pub variables: &'a mut Variables,
    /// What went wrong without ending the run, since it was last looked at.
    pub problems: Vec<String>,
}
