//! The state of one run, in progress or queued.

use crate::automation::script::Script;
use crate::automation::templates::Variables;
use crate::automation::trace::Trace;

/// One run of an automation.
pub struct Run {
    /// The key of the automation.
    pub automation: usize,
    pub script: Script,
    pub variables: Variables,
    pub trace: Trace,
}
