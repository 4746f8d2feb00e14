//! The entities of Home Assistant's Backup integration: their states and attributes.
//!
//! Pure. Names, attributes and formats are those recorded from Home Assistant 2026.11.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::archive::Instant;
use crate::schedule::ScheduleName;

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

/// What started a backup. Larder publishes it in additional attributes.
///
/// A backup of a schedule of `larder.toml` has the attribute `trigger: automatic`, too: automations that react to the end or the
/// failure of backups that nobody asked for must not miss those of a schedule that is added later. The attribute `schedule` tells
/// them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Cause", into = "Cause")]
pub enum Trigger {
    /// Home Assistant's own schedule, or its action with the automatic settings.
    Automatic,
    /// A schedule of `larder.toml`.
    Scheduled(ScheduleName),
    Manual,
}

impl Trigger {
    pub fn of(which: Option<ScheduleName>) -> Self {
        which.map_or(Self::Automatic, Self::Scheduled)
    }

    /// The schedule that the backup belongs to; the inner `None` is Home Assistant's own.
    pub fn schedule(self) -> Option<Option<ScheduleName>> {
        match self {
            Self::Automatic => Some(None),
            Self::Scheduled(name) => Some(Some(name)),
            Self::Manual => None,
        }
    }
}

/// A trigger as it is stored and published.
#[derive(Serialize, Deserialize)]
struct Cause {
    trigger: Word,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schedule: Option<ScheduleName>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Automatic,
    Manual,
}

impl From<Cause> for Trigger {
    fn from(cause: Cause) -> Self {
        match cause.trigger {
            Word::Automatic => Self::of(cause.schedule),
            Word::Manual => Self::Manual,
        }
    }
}

impl From<Trigger> for Cause {
    fn from(trigger: Trigger) -> Self {
        let word = if trigger == Trigger::Manual { Word::Manual } else { Word::Automatic };
        Self { trigger: word, schedule: trigger.schedule().flatten() }
    }
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
    #[serde(flatten)]
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
        if let Value::Object(cause) = json!(last.trigger) {
            fields.extend(cause);
        }
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
    /// The schedules of `larder.toml`, by their names.
    pub schedules: BTreeMap<ScheduleName, ScheduleSensors>,
}

/// What is shown of a schedule of `larder.toml`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ScheduleSensors {
    pub next: Option<DateTime<Utc>>,
    pub last_attempted: Option<DateTime<Utc>>,
    pub last_successful: Option<DateTime<Utc>>,
    /// Bytes of the last successful backup.
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
        next(of),
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

/// The next run of Home Assistant's schedule, with those of `larder.toml` as attributes. Home Assistant would not know
/// additional entities, and an attribute that is there only if there are such schedules changes nothing for anybody else.
fn next(of: &Sensors<'_>) -> Entity {
    let mut entity = timestamp(
        "sensor.backup_next_scheduled_automatic_backup",
        "Next scheduled automatic backup",
        of.next,
    );
    let shown = |of: &ScheduleSensors| {
        json!({
            "next": of.next.map(seconds),
            "last_attempted": of.last_attempted.map(seconds),
            "last_successful": of.last_successful.map(seconds),
            "size": of.size,
        })
    };
    let schedules = of.schedules.iter().map(|(name, of)| (name.to_string(), shown(of)));
    if let (Some(attributes), false) = (entity.attributes.as_object_mut(), of.schedules.is_empty()) {
        attributes.insert("schedules".into(), Value::Object(schedules.collect()));
    }
    entity
}

/// A moment in the form of Home Assistant's sensors.
fn seconds(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

fn timestamp(id: &'static str, name: &str, at: Option<DateTime<Utc>>) -> Entity {
    let state = at.map_or(UNKNOWN.to_owned(), seconds);
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

    #[test]
    fn schedules_are_attributes_only_if_there_are_any() {
        let without = sensors(&Sensors::default());
        let schedules =
            BTreeMap::from([(ScheduleName::parse("weekly").unwrap(), ScheduleSensors::default())]);
        let with = sensors(&Sensors { schedules, ..Sensors::default() });
        let expected =
            json!({"weekly": {"next": null, "last_attempted": null, "last_successful": null, "size": null}});
        assert_eq!(with[1].attributes["schedules"], expected);
        assert!(without[1].attributes.get("schedules").is_none());
        assert_eq!((&without[0], &without[2..]), (&with[0], &with[2..]));
    }

    #[test]
    fn trigger_is_stored_as_before_and_a_schedule_beside_it() {
        let cases = [
            (Trigger::Automatic, json!({"trigger": "automatic"})),
            (Trigger::Manual, json!({"trigger": "manual"})),
            (
                Trigger::Scheduled(ScheduleName::parse("weekly").unwrap()),
                json!({"trigger": "automatic", "schedule": "weekly"}),
            ),
        ];
        for (trigger, cause) in cases {
            let last = LastEvent {
                at: "2026-11-24T05:12:31.000+00:00".into(),
                event_type: "completed".into(),
                backup_stage: None,
                failed_reason: None,
                trigger,
            };
            let mut stored = json!({
                "at": last.at, "event_type": "completed", "backup_stage": null, "failed_reason": null,
            });
            stored.as_object_mut().unwrap().extend(cause.as_object().unwrap().clone());
            assert_eq!(json!(last), stored);
            assert_eq!(serde_json::from_value::<LastEvent>(stored).unwrap(), last);
            let attributes = event(Some(&last)).attributes;
            for key in ["trigger", "schedule"] {
                assert_eq!(attributes.get(key), cause.get(key), "{key}");
            }
        }
    }
}
