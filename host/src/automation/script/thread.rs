//! A thread of a run and its variables. As in Home Assistant since 2025, one set of variables is shared by the whole
//! run; only `repeat` belongs to its loop, and `wait` to the branch that waited.

use std::collections::BTreeMap;

use super::context::StepContext;
use super::frame::Frame;
use super::outcome::Halt;
use super::wait::Wait;
use crate::automation::templates::{self, Value, Variables};

/// One position in a run: the main sequence or a parallel branch.
#[derive(Debug)]
pub struct Thread {
    pub parent: Option<usize>,
    /// Variables of this thread only.
    pub own: Variables,
    pub frames: Vec<Frame>,
    pub wait: Wait,
    /// The halts of its branches that did not finish normally.
    pub failed: BTreeMap<usize, Halt>,
}

impl Thread {
    pub fn new(parent: Option<usize>, own: Variables, frame: Frame) -> Self {
        Self { parent, own, frames: vec![frame], wait: Wait::Ready, failed: BTreeMap::new() }
    }

    /// All variables that are visible now.
    pub fn variables(&self, context: &StepContext) -> Variables {
        let mut all = context.variables.clone();
        all.extend(self.locals());
        all
    }

    /// The variables of this thread and its frames only.
    pub fn locals(&self) -> Variables {
        let mut own = self.own.clone();
        for frame in &self.frames {
            own.extend(frame.scope.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        own
    }

    /// Sets a variable in the innermost scope that has it, else for the whole run.
    pub fn assign(&mut self, name: &str, value: Value, context: &mut StepContext) {
        let known = self.frames.iter_mut().rev().map(|frame| &mut frame.scope).chain([&mut self.own]);
        let scope = known.into_iter().find(|scope| scope.contains_key(name)).unwrap_or(context.variables);
        scope.insert(name.into(), value);
    }

    /// Sets `wait`, which is not shared between branches.
    pub fn assign_wait(&mut self, value: &serde_json::Value, context: &mut StepContext) {
        let scope = if self.parent.is_some() { &mut self.own } else { &mut *context.variables };
        scope.insert("wait".into(), templates::wait(value));
    }

    /// The current path, for the trace.
    pub fn path(&self) -> String {
        self.frames.last().map(|frame| frame.current()).unwrap_or_default()
    }
}
