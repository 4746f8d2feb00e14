//! What is stored of each schedule of `larder.toml`. The same facts about Home Assistant's own are in other places of the document.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::schedule::Schedule;
use crate::settings::Moment;

/// A missing key means its default, and an unknown one is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ScheduleState {
    /// The days and the time for which `planned` holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// When its last backup began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_attempted: Option<Moment>,
    /// When its last successful one ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_completed: Option<Moment>,
    /// Its size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_completed_size: Option<u64>,
    /// The next run as planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<Moment>,
    /// Starts of earlier backups, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Moment>,
    /// Whether the last one was interrupted and must be made up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// The random delay in seconds of runs whose time is not set; generated once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<u32>,
    /// Fields of a newer Larder.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
