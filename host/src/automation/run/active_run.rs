//! A run in progress or in a queue.

use crate::automation::script::Script;
use crate::automation::templates::Variables;
use crate::automation::trace::Trace;

/// One run of an automation.
pub struct Run {
    /// The automation's key.
    pub automation: usize,
    pub script: Script,
    pub variables: Variables,
    pub trace: Trace,
}
