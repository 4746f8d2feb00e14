//! Named points between the effects of a job, so that a test can cut the process at each of them.
//!
//! Owns the hook only. It decides nothing: what a cut leaves behind is put right by whoever finds it at the next start.

use std::sync::Arc;

/// Called with a step's name just before that step is done. The default does nothing.
#[derive(Clone)]
pub struct Steps(pub Arc<dyn Fn(&str) + Send + Sync>);

impl Steps {
    /// Says that the step `name` comes next.
    pub fn at(&self, name: &str) {
        (self.0)(name);
    }
}

impl Default for Steps {
    fn default() -> Self {
        Self(Arc::new(|_| {}))
    }
}
