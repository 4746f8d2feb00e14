//! The summary of an automation for lists, and as the entity `automation.NAME`.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::automation::model::Mode;
use crate::model::Timestamp;

/// The state of one automation. Serializes to the entry of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    pub name: String,
    pub id: Option<String>,
    pub entity_id: String,
    pub mode: Mode,
    /// Whether its triggers are enabled.
    pub is_enabled: bool,
    #[serde(skip)]
    pub max: usize,
    /// Why the loop guard halted it.
    pub halted: Option<String>,
    /// When its triggers next need the time.
    #[serde(skip)]
    pub next: Option<Timestamp>,
    #[serde(skip)]
    pub last_triggered: Option<Timestamp>,
    pub running: usize,
    pub queued: usize,
}

impl Summary {
    /// The state of its entity.
    pub fn state(&self) -> &'static str {
        if self.is_enabled { "on" } else { "off" }
    }

    /// The attributes of its entity, as in Home Assistant: `id` if it has one, `max` if its mode uses one.
    pub fn attributes(&self) -> Value {
        let mut attributes = Map::new();
        attributes.extend(self.id.clone().map(|id| ("id".to_owned(), Value::from(id))));
        let last = self.last_triggered.map(Timestamp::to_iso);
        attributes.insert("last_triggered".into(), last.into());
        attributes.insert("mode".into(), serde_json::to_value(self.mode).unwrap_or_default());
        attributes.insert("current".into(), self.running.saturating_add(self.queued).into());
        if matches!(self.mode, Mode::Queued | Mode::Parallel) {
            attributes.insert("max".into(), self.max.into());
        }
        attributes.insert("friendly_name".into(), self.name.clone().into());
        Value::Object(attributes)
    }
}
