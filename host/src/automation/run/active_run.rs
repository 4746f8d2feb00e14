//! The state of one run, in progress or queued, and of a call that waits for runs.

use std::collections::BTreeSet;

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

/// A call of `automation.trigger`. It is answered when the runs that it started have ended.
pub struct Caller {
    /// The run that called; 0 stands for a user.
    pub run: u64,
    pub call: u64,
    pub waits_for: BTreeSet<u64>,
}
