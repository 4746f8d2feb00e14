//! What goes in and out of actions and jobs, as JSON: requests and results.
//!
//! Shapes only. Key names are Home Assistant's where it has them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

fn yes() -> bool {
    true
}

/// What a backup is to hold.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateRequest {
    /// Locations to store it in; the local one when absent.
    #[serde(default)]
    pub agent_ids: Option<Vec<String>>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default = "yes")]
    pub include_database: bool,
    /// Patterns beside Home Assistant's own: `archive::exclude`.
    #[serde(default)]
    pub exclude: Vec<String>,
}

impl Default for CreateRequest {
    fn default() -> Self {
        Self { agent_ids: None, name: None, include_database: true, exclude: Vec::new() }
    }
}

/// One backup: by its id, or the only one of its location (a file that a person named).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct BackupRef {
    #[serde(default)]
    pub agent_id: Option<String>,
    #[serde(default)]
    pub backup_id: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RestoreRequest {
    #[serde(flatten)]
    pub backup: BackupRef,
    #[serde(default = "yes")]
    pub restore_homeassistant: bool,
    #[serde(default = "yes")]
    pub restore_database: bool,
    /// Into a new directory: nothing there is replaced and this home's version does not matter.
    #[serde(default)]
    pub elsewhere: bool,
    /// Checks everything and changes nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// In spite of a newer backup or an open database.
    #[serde(default)]
    pub force: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExtractRequest {
    #[serde(flatten)]
    pub backup: BackupRef,
    /// Files, links or whole directories, by their path in the home.
    pub paths: Vec<String>,
}

/// Something that is not in the result, and why.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Skipped {
    pub path: String,
    pub reason: String,
}

/// How much of what.
#[derive(Debug, Clone, Copy, Default, Serialize, PartialEq, Eq)]
pub struct Amount {
    pub files: u64,
    pub directories: u64,
    pub links: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

#[derive(Debug, Serialize)]
pub struct Created {
    pub backup_id: String,
    pub name: String,
    pub date: String,
    pub agent_id: String,
    /// The object's name in its location.
    pub file: String,
    /// Bytes of the archive.
    pub size: u64,
    /// Whether what was stored was read back, whole, and holds what was to be stored.
    pub verified: bool,
    #[serde(flatten)]
    pub amount: Amount,
    pub homeassistant_version: String,
    pub database_included: bool,
    pub skipped: Vec<Skipped>,
}

#[derive(Debug, Serialize)]
pub struct Preview {
    pub name: String,
    #[serde(flatten)]
    pub amount: Amount,
    /// Bytes that the archive will have, as far as a sample tells.
    pub estimated_size: u64,
    /// Free bytes of the location, where known.
    pub available: Option<u64>,
    pub homeassistant_version: String,
    pub database_included: bool,
    /// The ten largest, largest first.
    pub largest: Vec<Sized>,
    /// How much each exclusion keeps out, by its pattern.
    pub excluded: Vec<Excluded>,
    pub skipped: Vec<Skipped>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Sized {
    pub path: String,
    pub size: u64,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Excluded {
    pub pattern: String,
    pub entries: u64,
    pub bytes: u64,
}

/// `backup/info`, as Home Assistant answers it.
#[derive(Debug, Serialize)]
pub struct Info {
    pub backups: Vec<Value>,
    pub agent_errors: serde_json::Map<String, Value>,
    /// Objects that are no readable backups, and why.
    pub unreadable: Vec<Skipped>,
}

#[derive(Debug, Serialize)]
pub struct Verified {
    pub restorable: bool,
    pub backup_id: String,
    pub name: String,
    pub date: String,
    pub file: String,
    pub size: u64,
    #[serde(flatten)]
    pub amount: Amount,
    pub database_included: bool,
    /// What the archive holds that cannot be restored here.
    pub not_restorable: Vec<Skipped>,
}

#[derive(Debug, Serialize)]
pub struct Restored {
    pub backup_id: String,
    pub name: String,
    pub date: String,
    pub dry_run: bool,
    #[serde(flatten)]
    pub amount: Amount,
    pub homeassistant_version: Option<String>,
    pub restored_homeassistant: bool,
    pub restored_database: bool,
    pub skipped: Vec<Skipped>,
}
