//! The states of entities, as Home Assistant keeps them: what is shown now, and since when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::bus::{Bus, Event};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::model::Timestamp;
use crate::options::{MAX_ENTITIES, MAX_EVENT, MAX_WORD};

/// Home Assistant's word for an entity whose integration does not run.
const UNAVAILABLE: &str = "unavailable";
/// The topic under which changes are told.
pub const STATE_CHANGED: &str = "state_changed";

#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub state: String,
    /// A JSON object.
    pub attributes: Value,
    /// When the state itself became what it is.
    pub last_changed: Timestamp,
    /// When the state or an attribute did.
    pub last_updated: Timestamp,
}

impl State {
    /// As Home Assistant shows it.
    pub fn to_json(&self, id: &str) -> Value {
        json!({
            "entity_id": id,
            "state": self.state,
            "attributes": self.attributes,
            "last_changed": self.last_changed.to_iso(),
            "last_updated": self.last_updated.to_iso(),
        })
    }
}

/// Cheap to clone; every clone is the same table.
#[derive(Clone)]
pub struct States {
    table: Arc<Mutex<BTreeMap<String, State>>>,
    bus: Bus,
    clock: Clock,
}

impl States {
    pub fn new(bus: Bus, clock: Clock) -> Self {
        Self { table: Arc::default(), bus, clock }
    }

    /// Shows a state. Whoever listens hears of it when it differs from what was shown before.
    pub fn publish(&self, id: &str, state: String, attributes: &str) -> Result<()> {
        let attributes = match serde_json::from_str(attributes) {
            Ok(attributes @ Value::Object(_)) => attributes,
            _ => return Err(Error::Invalid(format!("the attributes of {id} are no JSON object"))),
        };
        self.check(id, &state, &attributes)?;
        self.put(id, state, attributes);
        Ok(())
    }

    /// What is shown, by entity.
    pub fn all(&self) -> BTreeMap<String, State> {
        self.table().clone()
    }

    /// Nobody keeps them up to date any more.
    pub fn lose(&self) {
        for (id, state) in self.all() {
            self.put(&id, UNAVAILABLE.into(), state.attributes);
        }
    }

    fn check(&self, id: &str, state: &str, attributes: &Value) -> Result<()> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let is_named = id.split_once('.').is_some_and(|(domain, name)| {
            [domain, name].iter().all(|part| !part.is_empty() && part.chars().all(is_plain))
        });
        if !is_named || id.len() > 4 * MAX_WORD {
            return Err(Error::Invalid(format!("{id:?} cannot be the id of an entity")));
        }
        if state.len().saturating_add(attributes.to_string().len()) > MAX_EVENT {
            return Err(Error::Limit(format!("the state of {id} has more than {MAX_EVENT} bytes")));
        }
        let table = self.table();
        match table.contains_key(id) || table.len() < MAX_ENTITIES {
            true => Ok(()),
            false => Err(Error::Limit(format!("{id} would be one entity more than {MAX_ENTITIES}"))),
        }
    }

    fn put(&self, id: &str, state: String, attributes: Value) {
        let now = self.clock.now();
        let mut table = self.table();
        let old = table.get(id).cloned();
        let is_same = |old: &State| old.state == state;
        if old.as_ref().is_some_and(|old| is_same(old) && old.attributes == attributes) {
            return;
        }
        let last_changed = old.as_ref().filter(|old| is_same(old)).map_or(now, |old| old.last_changed);
        let new = State { state, attributes, last_changed, last_updated: now };
        let data = json!({
            "entity_id": id,
            "old_state": old.map(|old| old.to_json(id)),
            "new_state": new.to_json(id),
        });
        table.insert(id.to_owned(), new);
        // Under the lock, so that everybody hears the changes in the order in which they happened.
        self.bus.emit(&Event { topic: STATE_CHANGED.into(), data: data.to_string() });
    }

    fn table(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, State>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
