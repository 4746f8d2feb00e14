//! What an automation sees of the home: the states as they are at one moment, the time, the zone.
//!
//! A snapshot that is cheap to clone; whoever drives the automations keeps it up to date. Reads and changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use larder_zone::Zone;
use serde_json::{Value, json};

use crate::model::Timestamp;

/// One entity, as Home Assistant keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    pub state: String,
    /// A JSON object.
    pub attributes: Value,
    pub last_changed: Timestamp,
    pub last_updated: Timestamp,
}

impl Entity {
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

    /// The state, or an attribute of it; nothing when it has none of that name.
    pub fn value(&self, attribute: Option<&str>) -> Value {
        match attribute {
            None => Value::String(self.state.clone()),
            Some(name) => self.attributes.get(name).cloned().unwrap_or_default(),
        }
    }
}

/// The home at one moment.
#[derive(Debug, Clone)]
pub struct Home {
    pub now: Timestamp,
    pub zone: Zone,
    pub states: Arc<BTreeMap<String, Arc<Entity>>>,
}

impl Home {
    /// The same at another time.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        Self { now, ..self.clone() }
    }
}

/// What happens in a home.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A state came, changed (itself or its attributes) or went. The home already shows the new one.
    State {
        id: String,
        old: Option<Arc<Entity>>,
        new: Option<Arc<Entity>>,
    },
    /// An event by name.
    Named {
        name: String,
        data: Value,
    },
    /// An instant was reached that somebody asked for; which, `Home::now` tells.
    Time,
    Start,
    Shutdown,
}
