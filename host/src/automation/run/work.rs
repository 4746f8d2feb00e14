//! Work: what is still to be done of what an event sets off.

use std::sync::Arc;

use super::instance::Firing;
use crate::automation::home::Event;
use crate::automation::script::Input;

/// One item of work.
#[derive(Debug)]
pub enum Work {
    /// An automation sees an event.
    Offer { key: usize, event: Arc<Event>, cause: Option<u64> },
    /// A trigger fired.
    Fire { key: usize, firing: Box<Firing> },
    /// A call of an action is done. What it set off comes before.
    Answer { run: u64, call: u64 },
    /// A run advances.
    Step { run: u64, input: Input },
}
