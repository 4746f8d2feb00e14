//! The states of entities, as Home Assistant keeps them: what is shown now, and since when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use serde_json::{Value, json};

pub use crate::automation::home::Entity as State;
use crate::automation::zone;
use crate::error::{Error, Result};
use crate::home::bus::{Bus, Event};
use crate::model::sanitized;
use crate::options::{MAX_ENTITIES, MAX_EVENT, MAX_WORD};
use crate::time::clock::Clock;

/// Home Assistant's word for an entity whose integration does not run.
const UNAVAILABLE: &str = "unavailable";
/// The topic under which changes are told.
pub const STATE_CHANGED: &str = "state_changed";

/// Cheap to clone; every clone is the same table, written by the same owner of entities.
#[derive(Clone)]
pub struct States {
    table: Arc<Mutex<BTreeMap<String, Shown>>>,
    owner: Arc<str>,
    bus: Bus,
    clock: Clock,
}

/// A state, and who shows it.
struct Shown {
    owner: Arc<str>,
    state: State,
}

impl States {
    pub fn new(owner: &str, bus: Bus, clock: Clock) -> Self {
        Self { table: Arc::default(), owner: owner.into(), bus, clock }
    }

    /// The same table for the entities of somebody else.
    #[must_use]
    pub fn of(&self, owner: &str) -> Self {
        Self { owner: owner.into(), ..self.clone() }
    }

    /// Shows a state. Whoever listens hears of it when it differs from what was shown before.
    pub fn publish(&self, id: &str, state: String, attributes: &str) -> Result<()> {
        if !is_id(id) {
            let id = sanitized(id, MAX_WORD);
            return Err(Error::Invalid(format!("\"{id}\" cannot be the id of an entity")));
        }
        let attributes = match serde_json::from_str(attributes) {
            Ok(attributes @ Value::Object(_)) => attributes,
            _ => return Err(Error::Invalid(format!("the attributes of {id} are no JSON object"))),
        };
        self.check(id, &state, &attributes)?;
        self.show(id, state, attributes);
        Ok(())
    }

    /// Shows no longer what is not among these.
    pub fn keep(&self, ids: &[String]) {
        let gone = |(id, shown): &(&String, &Shown)| shown.owner == self.owner && !ids.contains(id);
        let mut table = self.table();
        let gone: Vec<_> = table.iter().filter(gone).map(|(id, _)| id.clone()).collect();
        for id in gone {
            let old = table.remove(&id).map(|shown| shown.state);
            self.tell(&id, old.as_ref(), None);
        }
    }

    /// Who shows an entity.
    pub fn owner(&self, id: &str) -> Option<Arc<str>> {
        self.table().get(id).map(|shown| shown.owner.clone())
    }

    /// What is shown, by entity.
    pub fn all(&self) -> BTreeMap<String, State> {
        self.table().iter().map(|(id, shown)| (id.clone(), shown.state.clone())).collect()
    }

    /// The clock was set: what was shown for a while was shown as long.
    pub fn set_clock(&self, by: TimeDelta) {
        for Shown { state, .. } in self.table().values_mut() {
            state.last_changed = zone::plus(state.last_changed, by);
            state.last_updated = zone::plus(state.last_updated, by);
        }
    }

    /// Nobody keeps this owner's entities up to date any more.
    pub fn lose(&self) {
        for (id, state) in self.all() {
            if self.owner(&id).as_ref() == Some(&self.owner) {
                self.show(&id, UNAVAILABLE.into(), state.attributes);
            }
        }
    }

    fn check(&self, id: &str, state: &str, attributes: &Value) -> Result<()> {
        if state.len().saturating_add(attributes.to_string().len()) > MAX_EVENT {
            return Err(Error::Limit(format!("the state of {id} has more than {MAX_EVENT} bytes")));
        }
        let table = self.table();
        match table.get(id) {
            Some(shown) if shown.owner != self.owner => Err(Error::Denied(format!(
                "{id} is shown by {}: only it may say what its state is",
                shown.owner
            ))),
            Some(_) => Ok(()),
            None if table.values().filter(|shown| shown.owner == self.owner).count() < MAX_ENTITIES => Ok(()),
            None => Err(Error::Limit(format!("{id} would be one entity more than {MAX_ENTITIES}"))),
        }
    }

    /// The same for the host's own entities, which no limit holds.
    pub fn show(&self, id: &str, state: String, attributes: Value) {
        let now = self.clock.now();
        let mut table = self.table();
        let old = table.get(id).map(|shown| shown.state.clone());
        let is_same = |old: &State| old.state == state;
        if old.as_ref().is_some_and(|old| is_same(old) && old.attributes == attributes) {
            return;
        }
        let last_changed = old.as_ref().filter(|old| is_same(old)).map_or(now, |old| old.last_changed);
        let new = State { state, attributes, last_changed, last_updated: now };
        self.tell(id, old.as_ref(), Some(&new));
        table.insert(id.to_owned(), Shown { owner: self.owner.clone(), state: new });
    }

    /// Under the lock, so that everybody hears the changes in the order in which they happened.
    fn tell(&self, id: &str, old: Option<&State>, new: Option<&State>) {
        let shown = |state: Option<&State>| state.map(|state| state.to_json(id));
        let data = json!({"entity_id": id, "old_state": shown(old), "new_state": shown(new)});
        self.bus.emit(&Event::new(STATE_CHANGED, data.to_string()));
    }

    fn table(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Shown>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_id(id: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let is_named = id.split_once('.').is_some_and(|(domain, name)| {
        [domain, name].iter().all(|part| !part.is_empty() && part.chars().all(is_plain))
    });
    is_named && id.len() <= 4 * MAX_WORD
}
