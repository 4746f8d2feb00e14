//! The entities `automation.NAME`, written to the home whenever an automation changes.
//!
//! The automations see each change before anything else happens.

use std::sync::Arc;

use serde_json::{Value, json};

use super::effect::Effect;
use super::engine::Engine;
use super::instance::Instance;
use crate::automation::home::{Entity, Event, Home};

/// Home Assistant's state of an entity that is still registered but no longer provided.
const UNAVAILABLE: &str = "unavailable";

impl Engine {
    /// Writes the entity of an automation. `cause` is the run that changed it.
    pub(super) fn write(&mut self, key: usize, cause: Option<u64>, home: &mut Home) {
        let Some(instance) = self.instances.get(&key) else { return };
        let running = self.runs.values().filter(|run| run.automation == key).count();
        let summary = instance.summary(running);
        let (state, attributes) = (summary.state(), summary.attributes());
        self.put(&summary.entity_id, state, attributes, cause, home);
    }

    /// The same, but no automation sees it: the state was restored.
    pub(super) fn write_quietly(&mut self, key: usize, home: &mut Home) {
        let is_loaded = std::mem::replace(&mut self.is_loaded, false);
        self.write(key, None, home);
        self.is_loaded = is_loaded;
    }

    /// Takes the entity of a removed automation from the home. With an ID it stays as unavailable, as in Home
    /// Assistant, whose registry knows it until a user deletes it.
    pub(super) fn withdraw(&mut self, instance: &Instance, home: &mut Home) {
        let id = instance.entity_id();
        if let Some(unique) = &instance.automation.id {
            let name = instance.automation.name();
            let attributes =
                json!({"restored": true, "id": unique, "friendly_name": name, "supported_features": 0});
            return self.put(&id, UNAVAILABLE, attributes, None, home);
        }
        if let Some(old) = Arc::make_mut(&mut home.states).remove(&id) {
            self.show(id, Some(old), None, None, home);
        }
    }

    fn put(&mut self, id: &str, state: &str, attributes: Value, cause: Option<u64>, home: &mut Home) {
        let old = home.states.get(id).cloned();
        let is_same = |old: &Arc<Entity>| old.state == state;
        if old.as_ref().is_some_and(|old| is_same(old) && old.attributes == attributes) {
            return;
        }
        let now = home.now;
        let last_changed = old.as_ref().filter(|old| is_same(old)).map_or(now, |old| old.last_changed);
        let new = Arc::new(Entity { state: state.into(), attributes, last_changed, last_updated: now });
        Arc::make_mut(&mut home.states).insert(id.to_owned(), new.clone());
        self.show(id.to_owned(), old, Some(new), cause, home);
    }

    /// Before the start, entities appear without an event.
    fn show(
        &mut self,
        id: String,
        old: Option<Arc<Entity>>,
        new: Option<Arc<Entity>>,
        cause: Option<u64>,
        home: &Home,
    ) {
        self.effects.push(Effect::Show { id: id.clone(), entity: new.clone(), cause });
        if self.is_loaded && !self.is_held {
            self.publish(&Event::State { id, old, new }, cause, home);
        }
    }
}
