//! A sequence in progress: its position, and its loop if it is the body of one.

use crate::automation::model::{Action, Repeat, Sequence};
use crate::automation::templates::{Value, Variables};

/// A sequence in progress.
#[derive(Debug)]
pub struct Frame {
    pub steps: Sequence,
    pub at: usize,
    path: String,
    pub scope: Variables,
    /// Whether the run continues if the current step fails.
    pub step_continues: bool,
    pub repeat: Option<Loop>,
}

/// The loop whose body a frame executes.
#[derive(Debug)]
pub struct Loop {
    pub how: Repeat,
    /// Completed iterations.
    pub done: usize,
    /// The total number of iterations, if known.
    pub times: Option<usize>,
    pub items: Vec<Value>,
}

impl Frame {
    pub fn new(steps: Sequence, path: String) -> Self {
        let scope = Variables::new();
        Self { steps, at: 0, path, scope, step_continues: false, repeat: None }
    }

    /// The next step and its path.
    pub fn take(&mut self) -> Option<(Action, String)> {
        let action = self.steps.get(self.at)?.clone();
        let path = format!("{}/{}", self.path, self.at);
        self.at += 1;
        self.step_continues = action.continues_on_error;
        Some((action, path))
    }

    /// The path of the current step.
    pub fn current(&self) -> String {
        format!("{}/{}", self.path, self.at.saturating_sub(1))
    }

    /// Skips the remaining steps.
    pub fn finish(&mut self) {
        self.at = self.steps.len();
    }
}
