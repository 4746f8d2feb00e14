//! Requests to actions and jobs, as JSON.

use serde::Deserialize;

use crate::protection::{Protect, Unlock, newest_securetar};
use crate::schedule::ScheduleName;
use crate::securetar::Password;

/// The key in `extra` of `backup.json` that names the schedule that made a backup. Home Assistant keeps it and ignores it.
pub const SCHEDULE: &str = "larder.schedule";

fn yes() -> bool {
    true
}

/// How strictly to check values that Home Assistant accepts although they cannot work.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Caution {
    /// Refuse such a value. Without this it is accepted with a warning, as Home Assistant accepts it without one.
    #[serde(default)]
    pub strict: bool,
    /// Refuse only what can never work.
    #[serde(default)]
    pub force: bool,
}

impl Caution {
    /// Whether a name is accepted that Home Assistant would not list.
    pub fn allows_unlisted(self) -> bool {
        !self.strict || self.force
    }
}

/// The contents, protection and locations of a new backup.
#[derive(Debug, Clone, Deserialize)]
pub struct CreateRequest {
    /// Locations to store it in. The local one when absent.
    #[serde(default)]
    pub agent_ids: Option<Vec<String>>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default = "yes")]
    pub include_database: bool,
    /// Patterns in addition to Home Assistant's own: `archive::exclude`.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// What protects it, if anything.
    #[serde(flatten)]
    pub protect: Protect,
    #[serde(default = "yes")]
    pub include_homeassistant: bool,
    #[serde(default)]
    pub include_all_addons: bool,
    #[serde(default)]
    pub include_addons: Option<Vec<String>>,
    #[serde(default)]
    pub include_folders: Option<Vec<String>>,
    #[serde(flatten)]
    pub caution: Caution,
    /// Set by the manager: the backup follows the automatic settings.
    #[serde(default)]
    pub automatic: bool,
    /// Set by the manager: the schedule of `larder.toml` that makes it.
    #[serde(default)]
    pub schedule: Option<ScheduleName>,
    /// Set by the manager: the instance id to use where the home has none.
    #[serde(default)]
    pub instance_id: Option<String>,
    /// Set by the manager: the secret that seals the index of the previous backup (`blocks::fingerprint`).
    #[serde(default)]
    pub index_key: Option<Password>,
    /// Set by the manager: locations whose copy stays unprotected, even if there is a password.
    #[serde(default)]
    pub unprotected_agent_ids: Vec<String>,
}

impl CreateRequest {
    /// Whether nobody asked for it by hand.
    pub fn is_planned(&self) -> bool {
        self.automatic || self.schedule.is_some()
    }

    /// What protects the copy in a location. `None` where that copy stays unprotected.
    pub fn protect_in(&self, agent_id: &str) -> Option<&Protect> {
        let is_unprotected = self.unprotected_agent_ids.iter().any(|id| id == agent_id);
        (!is_unprotected).then_some(&self.protect)
    }
}

/// Identifies one backup: by its id, or as the only object of its location (a file named on the command line).
#[derive(Debug, Clone, Default, Deserialize)]
pub struct BackupRef {
    #[serde(default)]
    pub agent_id: Option<String>,
    #[serde(default)]
    pub backup_id: Option<String>,
    /// Set by the manager: the archive's name in its location, instead of its id.
    #[serde(default)]
    pub file: Option<String>,
}

/// Which backups to list.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct InfoRequest {
    /// Only those of one location.
    #[serde(default)]
    pub agent_id: Option<String>,
    /// Ask every location, even if it was asked a moment ago.
    #[serde(default)]
    pub refresh: bool,
}

/// A backup to store in another location as well.
#[derive(Debug, Clone, Deserialize)]
pub struct CopyRequest {
    #[serde(flatten)]
    pub backup: BackupRef,
    /// The location that gets the copy.
    pub to: String,
    /// Set by the manager: the backup is new, so no other object can be the same backup.
    #[serde(default)]
    pub is_new: bool,
    /// Set by the manager: an earlier attempt may have stored it already, and that counts.
    #[serde(default)]
    pub is_resumed: bool,
}

/// Set by the manager: a copy that is not wanted any more.
#[derive(Debug, Clone, Deserialize)]
pub struct AbandonRequest {
    pub agent_id: String,
    pub backup_id: String,
    pub name: String,
    pub date: String,
}

/// Set by the manager: a backup to copy into the staging area, with the protection that another location asks for.
#[derive(Debug, Clone, Deserialize)]
pub struct StageRequest {
    #[serde(flatten)]
    pub backup: BackupRef,
    /// The name of the copy.
    pub to_file: String,
    /// Leave the copy unprotected.
    #[serde(default)]
    pub unprotected: bool,
    /// What opens the original, and protects the copy.
    #[serde(flatten)]
    pub protect: Protect,
}

/// A location.
#[derive(Debug, Clone, Deserialize)]
pub struct AgentRequest {
    pub agent_id: String,
}

/// Interrupted uploads of a location: those that are still wanted, by the names of their objects.
#[derive(Debug, Clone, Deserialize)]
pub struct CleanRequest {
    pub agent_id: String,
    pub wanted: Vec<String>,
}

/// A backup to read, and what opens it if it is protected.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ReadRequest {
    #[serde(flatten)]
    pub backup: BackupRef,
    #[serde(flatten)]
    pub unlock: Unlock,
}

/// A backup to copy, and what protects the copy.
#[derive(Debug, Clone, Deserialize)]
pub struct EncryptRequest {
    #[serde(flatten)]
    pub backup: BackupRef,
    #[serde(flatten)]
    pub protect: Protect,
}

/// A protected backup to store under another password.
#[derive(Debug, Clone, Deserialize)]
pub struct RekeyRequest {
    #[serde(flatten)]
    pub read: ReadRequest,
    #[serde(default)]
    pub new_password: Option<Password>,
    /// The label of the key in the key ring that opens it afterwards.
    #[serde(default)]
    pub new_key: Option<String>,
    #[serde(default = "newest_securetar")]
    pub securetar: u8,
    /// Replace the original instead of writing to the output location.
    #[serde(default)]
    pub in_place: bool,
}

impl RekeyRequest {
    /// What protects the backup afterwards.
    pub fn protect(&self) -> Protect {
        let key_ring = self.read.unlock.key_ring.clone();
        let password = Unlock { password: self.new_password.clone(), key_ring, key: self.new_key.clone() };
        Protect { password, securetar: self.securetar }
    }
}

/// A backup to delete.
#[derive(Debug, Clone, Deserialize)]
pub struct DeleteRequest {
    #[serde(flatten)]
    pub backup: BackupRef,
    /// Delete it even if it is marked as kept.
    #[serde(default)]
    pub force: bool,
}

/// Marks a backup as kept, so that retention never deletes it, or removes the mark.
#[derive(Debug, Clone, Deserialize)]
pub struct KeepRequest {
    pub backup_id: String,
    #[serde(default)]
    pub release: bool,
}

/// A change to the key ring, or a question about it.
#[derive(Debug, Clone, Deserialize)]
pub struct KeyRequest {
    /// The key ring, and the key to add as its password.
    #[serde(flatten)]
    pub unlock: Unlock,
    /// The label of the key, chosen by the user.
    #[serde(default)]
    pub label: Option<String>,
    /// The new label, when a key is renamed.
    #[serde(default)]
    pub new_label: Option<String>,
    /// Number the label if it is taken, and do not add a key that is already in the ring.
    #[serde(default)]
    pub unique: bool,
}

/// A restore: the backup, the parts of it to restore, and how.
#[derive(Debug, Clone, Deserialize)]
pub struct RestoreRequest {
    #[serde(flatten)]
    pub read: ReadRequest,
    #[serde(default = "yes")]
    pub restore_homeassistant: bool,
    #[serde(default = "yes")]
    pub restore_database: bool,
    #[serde(default)]
    pub restore_addons: Vec<String>,
    #[serde(default)]
    pub restore_folders: Vec<String>,
    /// Restore into a new directory: nothing there is replaced, and this home's version does not matter.
    #[serde(default)]
    pub elsewhere: bool,
    /// Check everything and change nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Restore even if the backup is newer than the home, or a process has the database open.
    #[serde(default)]
    pub force: bool,
}

/// An extraction: the files to take out of a backup.
#[derive(Debug, Clone, Deserialize)]
pub struct ExtractRequest {
    #[serde(flatten)]
    pub read: ReadRequest,
    /// Files, links or whole directories, by their path in the home or in the part.
    pub paths: Vec<Path>,
    /// A part other than the home: `core_mosquitto`, `ssl`.
    #[serde(default)]
    pub part: Option<String>,
    /// In a damaged backup, take whatever precedes the damage.
    #[serde(default)]
    pub keep_going: bool,
}

/// A path: text, or its bytes where it is not UTF-8.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Path {
    Text(String),
    Bytes(Vec<u8>),
}

impl Path {
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// The result of a verification: which backup, its size then, and whether it was damaged.
#[derive(Debug, Clone, Deserialize)]
pub struct VerifiedSize {
    pub backup_id: String,
    /// The location; the local one when absent.
    #[serde(default)]
    pub agent_id: Option<String>,
    /// The archive's name.
    #[serde(default)]
    pub file: Option<String>,
    /// Bytes of the file when it was read.
    #[serde(default)]
    pub size: u64,
    #[serde(default)]
    pub damaged: bool,
}
