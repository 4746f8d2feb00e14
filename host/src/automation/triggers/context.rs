//! The input and output of every kind of trigger.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::automation::conditions;
use crate::automation::home::{Event, Home};
use crate::automation::templates::{Templates, Variables};

/// The events that a list of triggers needs. Time events are requested with `Watch::next`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interest {
    pub entities: BTreeSet<String>,
    /// Every state change.
    pub all_states: bool,
    pub events: BTreeSet<String>,
}

/// The result of one trigger for one event: the variable `trigger` for each time it fires, and problems.
#[derive(Debug, Default)]
pub struct Fired {
    pub triggers: Vec<Value>,
    pub problems: Vec<String>,
}

impl Fired {
    pub fn of(triggers: Vec<Value>) -> Self {
        Self { triggers, problems: Vec::new() }
    }
}

/// What a trigger is evaluated against.
pub struct Context<'a> {
    pub event: &'a Event,
    pub home: &'a Home,
    pub templates: &'a Templates,
    pub variables: &'a Variables,
}

impl Context<'_> {
    pub fn for_conditions(&self) -> conditions::Context<'_> {
        conditions::Context { home: self.home, templates: self.templates, variables: self.variables }
    }
}
