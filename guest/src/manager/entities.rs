//! The entities of Home Assistant's Backup integration: their states and attributes.
//!
//! Pure. Names, attributes and formats are those recorded from Home Assistant 2026.11.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::archive::Instant;

const UNKNOWN: &str = "unknown";
const EVENT_TYPES: [&str; 3] = ["completed", "failed", "in_progress"];
const MANAGER_STATES: [&str; 5] = ["idle", "create_backup", "blocked", "receive_backup", "restore_backup"];
const MIB: f64 = 1_048_576.0;

/// The published form of an entity.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    pub id: &'static str,
    pub state: String,
    pub attributes: Value,
}

/// What started a backup. Larder publishes it as an additional attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    Automatic,
    Manual,
}

/// The last event of a backup. It is saved, so it survives a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastEvent {
    /// ISO 8601 in UTC with milliseconds.
    pub at: String,
    /// `completed`, `failed` or `in_progress`.
    pub event_type: String,
    pub backup_stage: Option<String>,
    pub failed_reason: Option<String>,
    pub trigger: Trigger,
}

impl LastEvent {
    pub fn is_in_progress(&self) -> bool {
        self.event_type == "in_progress"
    }
}

/// `event.backup_automatic_backup`.
pub fn event(last: Option<&LastEvent>) -> Entity {
    let mut attributes = json!({
        "event_types": EVENT_TYPES,
        "event_type": null,
        "friendly_name": "Backup Automatic backup",
    });
    if let (Some(last), Some(fields)) = (last, attributes.as_object_mut()) {
        fields.insert("event_type".into(), last.event_type.clone().into());
        fields.insert("backup_stage".into(), last.backup_stage.clone().into());
        fields.insert("failed_reason".into(), last.failed_reason.clone().into());
        fields.insert("trigger".into(), json!(last.trigger));
    }
    let state = last.map_or(UNKNOWN, |last| &last.at).to_owned();
    Entity { id: "event.backup_automatic_backup", state, attributes }
}

/// The values of the sensors.
#[derive(Debug, Default)]
pub struct Sensors<'a> {
    /// One of the manager's states.
    pub manager_state: &'a str,
    pub next: Option<DateTime<Utc>>,
    pub last_attempted: Option<DateTime<Utc>>,
    pub last_successful: Option<DateTime<Utc>>,
    /// Bytes of the last successful automatic backup.
    pub size: Option<u64>,
}

/// The five sensors, in the order in which Home Assistant updates them.
pub fn sensors(of: &Sensors<'_>) -> [Entity; 5] {
    [
        Entity {
            id: "sensor.backup_backup_manager_state",
            state: of.manager_state.to_owned(),
            attributes: json!({
                "options": MANAGER_STATES,
                "device_class": "enum",
                "friendly_name": "Backup Backup Manager state",
            }),
        },
        timestamp(
            "sensor.backup_next_scheduled_automatic_backup",
            "Next scheduled automatic backup",
            of.next,
        ),
        timestamp(
            "sensor.backup_last_attempted_automatic_backup",
            "Last attempted automatic backup",
            of.last_attempted,
        ),
        timestamp(
            "sensor.backup_last_successful_automatic_backup",
            "Last successful automatic backup",
            of.last_successful,
        ),
        Entity {
            id: "sensor.backup_last_successful_automatic_backup_size",
            state: of.size.map_or(UNKNOWN.to_owned(), mebibytes),
            attributes: json!({
                "state_class": "measurement",
                "unit_of_measurement": "MiB",
                "device_class": "data_size",
                "friendly_name": "Backup Last successful automatic backup size",
            }),
        },
    ]
}

fn timestamp(id: &'static str, name: &str, at: Option<DateTime<Utc>>) -> Entity {
    let state = at.map_or(UNKNOWN.to_owned(), |at| at.format("%Y-%m-%dT%H:%M:%S+00:00").to_string());
    let attributes = json!({"device_class": "timestamp", "friendly_name": format!("Backup {name}")});
    Entity { id, state, attributes }
}

/// Exact: an archive is a multiple of 512 bytes, so at most eleven digits follow the point.
fn mebibytes(bytes: u64) -> String {
    (bytes as f64 / MIB).to_string()
}

/// A moment as the event entity shows it: UTC, with milliseconds.
pub fn milliseconds(now: Instant) -> String {
    let time = DateTime::<Utc>::from_timestamp(now.seconds, now.nanoseconds).unwrap_or_default();
    time.format("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_is_an_exact_decimal_of_mebibytes() {
        for (bytes, text) in [(9_594_880, "9.150390625"), (10_240, "0.009765625"), (1_048_576, "1")] {
            assert_eq!(mebibytes(bytes), text);
        }
    }

    #[test]
    fn missing_values_are_shown_as_unknown() {
        let entities = sensors(&Sensors { manager_state: "idle", ..Sensors::default() });
        let states: Vec<_> = entities.iter().map(|entity| entity.state.as_str()).collect();
        assert_eq!(states, ["idle", "unknown", "unknown", "unknown", "unknown"]);
        assert_eq!(event(None).state, "unknown");
        assert_eq!(event(None).attributes["event_type"], Value::Null);
    }
}
