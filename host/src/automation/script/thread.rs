//! A thread of a run, and its variables: one set for the whole run, as Home Assistant has it since 2025. Only `repeat` belongs
//! to its loop and `wait` to the branch that waited.

use std::collections::BTreeMap;

use serde_json::Value;

use super::context::StepContext;
use super::frame::Frame;
use super::outcome::Halt;
use super::wait::Wait;
use crate::automation::templates::Variables;

/// One of the places where a run stands.
#[derive(Debug)]
pub struct Thread {
    pub parent: Option<usize>,
    /// Variables that only it has.
    pub own: Variables,
    pub frames: Vec<Frame>,
    pub wait: Wait,
    /// How branches of it ended, when not at their end.
    pub failed: BTreeMap<usize, Halt>,
}

impl Thread {
    pub fn new(parent: Option<usize>, own: Variables, frame: Frame) -> Self {
        Self { parent, own, frames: vec![frame], wait: Wait::Ready, failed: BTreeMap::new() }
    }

    /// All that are visible now.
    pub fn variables(&self, context: &StepContext) -> Variables {
        let mut all = context.variables.clone();
        all.extend(self.locals());
        all
    }

    /// Those that only this place of the run has.
    pub fn locals(&self) -> Variables {
        let mut own = self.own.clone();
        for frame in &self.frames {
            own.extend(frame.scope.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        own
    }

    /// Sets one where it is known, else for the whole run.
    pub fn assign(&mut self, name: &str, value: Value, context: &mut StepContext) {
        let known = self.frames.iter_mut().rev().map(|frame| &mut frame.scope).chain([&mut self.own]);
        let scope = known.into_iter().find(|scope| scope.contains_key(name)).unwrap_or(context.variables);
        scope.insert(name.to_owned(), value);
    }

    /// Sets `wait`, which branches do not share.
    pub fn assign_wait(&mut self, value: Value, context: &mut StepContext) {
        let scope = if self.parent.is_some() { &mut self.own } else { &mut *context.variables };
        scope.insert("wait".to_owned(), value);
    }

    /// Where the thread stands, for the trace.
    pub fn path(&self) -> String {
        self.frames.last().map(|frame| frame.current()).unwrap_or_default()
    }
}
