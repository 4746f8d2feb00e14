//! The variables of a run: one set for all of it, as Home Assistant has it since 2025. Only `repeat` belongs to its loop and
//! `wait` to the branch that waited.

use serde_json::Value;

use super::{Thread, World};
use crate::automation::templates::Variables;

impl Thread {
    /// All that are visible now.
    pub fn variables(&self, world: &World) -> Variables {
        let mut all = world.variables.clone();
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
    pub fn assign(&mut self, name: &str, value: Value, world: &mut World) {
        let known = self.frames.iter_mut().rev().map(|frame| &mut frame.scope).chain([&mut self.own]);
        let scope = known.into_iter().find(|scope| scope.contains_key(name)).unwrap_or(world.variables);
        scope.insert(name.to_owned(), value);
    }

    /// Sets `wait`, which branches do not share.
    pub fn assign_wait(&mut self, value: Value, world: &mut World) {
        let scope = if self.parent.is_some() { &mut self.own } else { &mut *world.variables };
        scope.insert("wait".to_owned(), value);
    }

    /// Where the thread stands, for the trace.
    pub fn path(&self) -> String {
        self.frames.last().map(|frame| frame.current()).unwrap_or_default()
    }
}
