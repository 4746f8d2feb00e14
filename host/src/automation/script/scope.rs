//! The variables of a run: those of inner sequences hide those of outer ones and end with them.

use serde_json::Value;

use super::Thread;
use crate::automation::templates::Variables;

impl Thread {
    /// All that are visible now.
    pub fn variables(&self) -> Variables {
        let mut all = self.base.clone();
        for frame in &self.frames {
            all.extend(frame.scope.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        all
    }

    /// Sets one where it is, else in the sequence that runs.
    pub fn assign(&mut self, name: &str, value: Value) {
        let known = self.frames.iter_mut().rev().map(|frame| &mut frame.scope);
        let known = known.chain([&mut self.base]).find(|scope| scope.contains_key(name));
        match known {
            Some(scope) => {
                scope.insert(name.to_owned(), value);
            }
            None => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.scope.insert(name.to_owned(), value);
                }
            }
        }
    }

    /// Where the thread stands, for the trace.
    pub fn path(&self) -> String {
        self.frames.last().map(|frame| frame.current()).unwrap_or_default()
    }
}
