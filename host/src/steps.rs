//! Named steps between the effects of a job, so that a test can kill the process at each of them.
//!
//! Provides only the hook. The next start repairs what a killed process leaves behind.

use std::sync::Arc;

/// A hook that is called with the name of a step before the step is done. The default hook does nothing.
#[derive(Clone)]
pub struct Steps(pub Arc<dyn Fn(&str) + Send + Sync>);

impl Steps {
    /// Announces that the step `name` is next.
    pub fn at(&self, name: &str) {
        (self.0)(name);
    }
}

impl Default for Steps {
    fn default() -> Self {
        Self(Arc::new(|_| {}))
    }
}
