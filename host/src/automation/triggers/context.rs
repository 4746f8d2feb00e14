//! What every kind of trigger is given and what it returns.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::automation::conditions;
use crate::automation::home::{Event, Home};
use crate::automation::templates::{Templates, Variables};

/// What triggers have to hear of; a time is heard by whoever asked for one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interest {
    pub entities: BTreeSet<String>,
    /// Every change of a state.
    pub all_states: bool,
    pub events: BTreeSet<String>,
}

/// What one trigger says to an event: the variable `trigger` of each time it fires, and what went wrong.
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

/// What every kind of trigger is asked with.
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
