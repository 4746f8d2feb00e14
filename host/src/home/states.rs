//! The state table of entities, as Home Assistant keeps it: the current state of each and when it last changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use serde_json::{Value, json};

pub use crate::automation::home::Entity as State;
use crate::automation::zone;
use crate::error::{Error, Result};
use crate::home::bus::{Bus, Event};
use crate::model::sanitized;
use crate::time::clock::Clock;
use crate::tunables::{MAX_ENTITIES, MAX_EVENT, MAX_WORD};

/// Home Assistant's state of an entity whose integration does not run.
const UNAVAILABLE: &str = "unavailable";
/// The topic of changes.
pub const STATE_CHANGED: &str = "state_changed";

/// Cheap to clone; all clones share the table and write with the same owner.
#[derive(Clone)]
pub struct States {
    table: Arc<Mutex<BTreeMap<String, Published>>>,
    owner: Arc<str>,
    bus: Bus,
    clock: Clock,
}

/// A state and the owner of its entity.
struct Published {
    owner: Arc<str>,
    state: State,
}

impl States {
    pub fn new(owner: &str, bus: Bus, clock: Clock) -> Self {
        Self { table: Arc::default(), owner: owner.into(), bus, clock }
    }

    /// The same table, written by another owner.
    #[must_use]
    pub fn for_owner(&self, owner: &str) -> Self {
        Self { owner: owner.into(), ..self.clone() }
    }

    /// Sets a state. Emits an event if it differs from the one before.
    pub fn publish(&self, id: &str, state: String, attributes: &str) -> Result<()> {
        if !is_id(id) {
            let id = sanitized(id, MAX_WORD);
            return Err(Error::Invalid(format!("\"{id}\" is not a valid entity ID")));
        }
        let attributes = match serde_json::from_str(attributes) {
            Ok(attributes @ Value::Object(_)) => attributes,
            _ => return Err(Error::Invalid(format!("the attributes of {id} are not a JSON object"))),
        };
        self.check(id, &state, &attributes)?;
        self.set(id, state, attributes);
        Ok(())
    }

    /// The owner of an entity.
    pub fn owner(&self, id: &str) -> Option<Arc<str>> {
        self.table().get(id).map(|entry| entry.owner.clone())
    }

    /// All states, by entity ID.
    pub fn all(&self) -> BTreeMap<String, State> {
        self.table().iter().map(|(id, entry)| (id.clone(), entry.state.clone())).collect()
    }

    /// The clock was set: shifts all times by the same amount, so that ages stay as they are.
    pub fn set_clock(&self, by: TimeDelta) {
        for Published { state, .. } in self.table().values_mut() {
            state.last_changed = zone::plus(state.last_changed, by);
            state.last_updated = zone::plus(state.last_updated, by);
        }
    }

    /// Marks this owner's entities as unavailable, because they are no longer updated.
    pub fn set_unavailable(&self) {
        for (id, state) in self.all() {
            if self.owner(&id).as_ref() == Some(&self.owner) {
                self.set(&id, UNAVAILABLE.into(), state.attributes);
            }
        }
    }

    fn check(&self, id: &str, state: &str, attributes: &Value) -> Result<()> {
        if state.len().saturating_add(attributes.to_string().len()) > MAX_EVENT {
            return Err(Error::Limit(format!("the state and attributes of {id} exceed {MAX_EVENT} bytes")));
        }
        let table = self.table();
        match table.get(id) {
            Some(entry) if entry.owner != self.owner => Err(Error::Denied(format!(
                "{id} belongs to {}, and only its owner may set its state",
                entry.owner
            ))),
            Some(_) => Ok(()),
            None if table.values().filter(|entry| entry.owner == self.owner).count() < MAX_ENTITIES => Ok(()),
            None => Err(Error::Limit(format!(
                "{id} was not added: {MAX_ENTITIES} entities is the limit of one owner"
            ))),
        }
    }

    /// Sets a state of one of the host's own entities, to which no limits apply.
    pub fn set(&self, id: &str, state: String, attributes: Value) {
        let now = self.clock.now();
        let mut table = self.table();
        let old = table.get(id).map(|entry| entry.state.clone());
        let is_same = |old: &State| old.state == state;
        if old.as_ref().is_some_and(|old| is_same(old) && old.attributes == attributes) {
            return;
        }
        let last_changed = old.as_ref().filter(|old| is_same(old)).map_or(now, |old| old.last_changed);
        let new = State { state, attributes, last_changed, last_updated: now };
        self.emit_change(id, old.as_ref(), Some(&new));
        table.insert(id.to_owned(), Published { owner: self.owner.clone(), state: new });
    }

    /// Shows the state of an automation, which the automations know already, or removes it. `cause` is the run that
    /// changed it.
    pub fn put(&self, id: &str, state: Option<&State>, cause: Option<u64>) {
        let mut table = self.table();
        let old = table.get(id).map(|entry| entry.state.clone());
        let event = Event { cause, is_own: true, ..change(id, old.as_ref(), state) };
        self.bus.emit(&event);
        match state {
            Some(state) => {
                let state = state.clone();
                table.insert(id.to_owned(), Published { owner: self.owner.clone(), state });
            }
            None => drop(table.remove(id)),
        }
    }

    /// Called with the table locked, so that listeners see changes in the order in which they happened.
    fn emit_change(&self, id: &str, old: Option<&State>, new: Option<&State>) {
        self.bus.emit(&change(id, old, new));
    }

    fn table(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Published>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn change(id: &str, old: Option<&State>, new: Option<&State>) -> Event {
    let to_json = |state: Option<&State>| state.map(|state| state.to_json(id));
    let data = json!({"entity_id": id, "old_state": to_json(old), "new_state": to_json(new)});
    Event::new(STATE_CHANGED, data.to_string())
}

fn is_id(id: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let is_named = id.split_once('.').is_some_and(|(domain, name)| {
        [domain, name].iter().all(|part| !part.is_empty() && part.chars().all(is_allowed))
    });
    is_named && id.len() <= 4 * MAX_WORD
}
