//! The state of one run, in progress or queued, and of a call that waits for runs.

use std::collections::BTreeSet;

use crate::automation::home::Home;
use crate::automation::script::{Script, StepContext};
use crate::automation::templates::{Templates, Variables};
use crate::automation::trace::Trace;

/// One run of an automation.
pub struct Run {
    /// The key of the automation.
    pub automation: usize,
    pub script: Script,
    pub variables: Variables,
    pub trace: Trace,
}

impl Run {
    /// Its script, and what a step of it needs.
    pub fn parts<'a>(
        &'a mut self,
        home: &'a Home,
        templates: &'a Templates,
    ) -> (&'a mut Script, StepContext<'a>) {
        let Self { script, variables, trace, .. } = self;
        (script, StepContext { home, templates, trace, variables, problems: Vec::new() })
    }
}

/// A call of `automation.trigger`. It is answered when the runs that it started have ended.
pub struct Caller {
    /// The run that called; 0 stands for a user.
    pub run: u64,
    pub call: u64,
    pub waits_for: BTreeSet<u64>,
}
