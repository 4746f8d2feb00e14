//! The view that automations have of the home: states, time and time zone at one moment.
//!
//! A snapshot that is cheap to clone. The driver keeps it up to date; this module reads and changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use larder_zone::Zone;
use serde_json::{Value, json};

use crate::model::Timestamp;

/// One entity, with the fields that Home Assistant keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    pub state: String,
    /// A JSON object.
    pub attributes: Value,
    pub last_changed: Timestamp,
    pub last_updated: Timestamp,
}

impl Entity {
    /// The JSON form that Home Assistant uses.
    pub fn to_json(&self, id: &str) -> Value {
        json!({
            "entity_id": id,
            "state": self.state,
            "attributes": self.attributes,
            "last_changed": self.last_changed.to_iso(),
            "last_updated": self.last_updated.to_iso(),
        })
    }

    /// The state, or the value of an attribute. Null if there is no such attribute.
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
    /// The same home at another time.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        Self { now, ..self.clone() }
    }
}

/// Events that automations react to.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An entity appeared, changed its state or attributes, or disappeared. `Home` already has the new state.
    State {
        id: String,
        old: Option<Arc<Entity>>,
        new: Option<Arc<Entity>>,
    },
    /// A named event.
    Named {
        name: String,
        data: Value,
    },
    /// A requested instant was reached. `Home::now` is that instant or later.
    Time,
    Start,
    Shutdown,
}
