//! A copy of a backup that is still to be stored in a location.

use serde::{Deserialize, Serialize};

use crate::manager::entities::Trigger;
use crate::schedule::ScheduleName;
use crate::settings::Moment;

/// Everything that is needed to try it again, also after a restart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PendingCopy {
    pub backup_id: String,
    pub name: String,
    pub date: String,
    /// The location that gets it.
    pub agent_id: String,
    /// The location that has it: the local one or the staging area.
    pub from: String,
    /// The archive's name there.
    pub file: String,
    /// Bytes.
    #[serde(default)]
    pub size: u64,
    /// Whether the backup follows the automatic settings.
    #[serde(default)]
    pub automatic: bool,
    /// The schedule of `larder.toml` that the backup belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleName>,
    /// Failed attempts so far.
    #[serde(default)]
    pub attempts: u32,
    /// When it is tried again; `None` before the first attempt has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Moment>,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl PendingCopy {
    /// Whether both are the same copy, whatever came of it so far.
    pub fn is_same(&self, other: &Self) -> bool {
        self.backup_id == other.backup_id && self.agent_id == other.agent_id
    }

    /// What started the backup.
    pub fn trigger(&self) -> Trigger {
        match (self.schedule, self.automatic) {
            (Some(name), _) => Trigger::Scheduled(name),
            (None, true) => Trigger::Automatic,
            (None, false) => Trigger::Manual,
        }
    }

    /// The same copy for a backup that was started so.
    pub fn started_by(self, trigger: Trigger) -> Self {
        let schedule = trigger.schedule().flatten();
        Self { automatic: trigger == Trigger::Automatic, schedule, ..self }
    }
}
