//! Answers of actions and jobs, as JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Failure;

/// Something that is missing from the result, and why.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Skipped {
    pub path: String,
    pub reason: String,
}

/// How many entries of each kind, and how many bytes.
#[derive(Debug, Clone, Copy, Default, Serialize, PartialEq, Eq)]
pub struct Totals {
    pub files: u64,
    pub directories: u64,
    pub links: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

/// A new backup.
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
    /// Whether the stored file was read back completely and holds what was to be stored.
    pub verified: bool,
    /// Bytes of the home that are unchanged since the previous backup and were not deflated again.
    pub unchanged: u64,
    #[serde(flatten)]
    pub totals: Totals,
    pub homeassistant_version: String,
    /// Whether it contains the recorder's database itself, not only a link to one.
    pub database_included: bool,
    /// Symbolic links that lead out of the home. Their destinations are not in the backup.
    pub links_out: u64,
    /// The SecureTar version. `None` if the backup is unprotected.
    pub securetar: Option<u8>,
    /// The other locations that get a copy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<Copy>,
    /// Locations that were asked for and do not exist, or could not store it yet.
    pub failed_agent_ids: Vec<String>,
    pub skipped: Vec<Skipped>,
    /// Irregularities that left nothing out of the backup.
    pub warnings: Vec<String>,
    /// The file name of the previous backup, if it may be damaged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubted: Vec<Skipped>,
    /// Sentences about what the file system could not keep or guarantee.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The contents and the size of a backup that would be made now.
#[derive(Debug, Serialize)]
pub struct Preview {
    pub name: String,
    #[serde(flatten)]
    pub totals: Totals,
    /// Bytes of the backup, estimated from a sample.
    pub estimated_size: u64,
    /// Free bytes of the location, where known.
    pub available: Option<u64>,
    pub homeassistant_version: String,
    pub database_included: bool,
    pub links_out: u64,
    /// The ten largest files, largest first.
    pub largest: Vec<FileSize>,
    /// How much each exclusion leaves out, by its pattern.
    pub excluded: Vec<Excluded>,
    pub skipped: Vec<Skipped>,
    pub warnings: Vec<String>,
    /// Why no backup could be made now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
}

/// A failure that is reported inside an answer.
#[derive(Debug, Serialize)]
pub struct Problem {
    pub code: String,
    pub message: String,
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code.into_owned(), message: failure.message }
    }
}

/// A file and its size in bytes.
#[derive(Debug, Clone, Serialize)]
pub struct FileSize {
    pub path: String,
    pub size: u64,
}

/// How much one exclusion pattern leaves out.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Excluded {
    pub pattern: String,
    pub entries: u64,
    pub bytes: u64,
}

/// Home Assistant's answer to `backup/info`.
#[derive(Debug, Default, Serialize)]
pub struct Info {
    pub backups: Vec<Value>,
    pub agent_errors: serde_json::Map<String, Value>,
    pub agent_error_translations: serde_json::Map<String, Value>,
    /// Objects that cannot be read as backups, and why.
    pub unreadable: Vec<Skipped>,
}

/// The result of reading a backup to its end.
#[derive(Debug, Serialize)]
pub struct Verified {
    pub restorable: bool,
    /// Why it cannot be restored here although it is intact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub backup_id: String,
    pub name: String,
    pub date: String,
    pub file: String,
    pub size: u64,
    #[serde(flatten)]
    pub totals: Totals,
    pub database_included: bool,
    /// The SecureTar version. `None` if the backup is unprotected.
    pub securetar: Option<u8>,
    /// The label of the key that opened it, if that key is in the key ring.
    pub key: Option<String>,
    pub warnings: Vec<String>,
    /// The other parts, which were also read to their end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// Contents of the backup that cannot be restored here.
    pub not_restorable: Vec<Skipped>,
    /// Add-ons and folders that `backup.json` lists but the backup does not contain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Skipped>,
    /// Entries of the home's part that cannot be restored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
}

/// A copy of a backup with different protection, or without any.
#[derive(Debug, Serialize)]
pub struct Rewritten {
    pub backup_id: String,
    pub name: String,
    pub date: String,
    /// The new file.
    pub file: String,
    pub size: u64,
    /// How many inner tars were encrypted or decrypted.
    pub parts: u64,
    pub securetar: Option<u8>,
    pub key: Option<String>,
    /// Whether the stored copy was read back completely and holds what the original holds.
    pub verified: bool,
    /// Whether it replaced the original.
    pub replaced: bool,
    /// Warnings about the password.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Sentences about what the file system could not keep or guarantee.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A foreign backup that was copied into a location.
#[derive(Debug, Serialize)]
pub struct Imported {
    #[serde(flatten)]
    pub verified: Verified,
    pub agent_id: String,
    /// Sentences about what the file system could not keep or guarantee.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Whether a password or a key of the key ring opens a backup.
#[derive(Debug, Serialize)]
pub struct PasswordCheck {
    /// `right`, `wrong`, `cannot_tell`, or `not_protected` when there is nothing to open.
    pub verdict: &'static str,
    pub backup_id: String,
    pub name: String,
    pub securetar: Option<u8>,
    pub key: Option<String>,
    /// Why it does not open the backup, or how the password that does differs from the given one, as a sentence.
    pub reason: Option<String>,
}

/// A key of the key ring, without the key itself.
#[derive(Debug, Serialize)]
pub struct KeyLabel {
    pub label: String,
    pub created: String,
}

/// A finished restore or extraction.
#[derive(Debug, Serialize)]
pub struct Restored {
    pub backup_id: String,
    pub name: String,
    pub date: String,
    pub dry_run: bool,
    #[serde(flatten)]
    pub totals: Totals,
    pub homeassistant_version: Option<String>,
    pub restored_homeassistant: bool,
    pub restored_database: bool,
    /// The label of the key that opened it, if that key is in the key ring.
    pub key: Option<String>,
    pub skipped: Vec<Skipped>,
    /// Irregularities of the backup that lose no data.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// How the backup is damaged after the extracted entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damaged: Option<String>,
    /// Sentences about what the file system could not keep or guarantee.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Symbolic links that were restored and lead nowhere. Those that the home needs are in `skipped` instead.
    pub dangling: Vec<Skipped>,
}

/// A copy of a new backup that is to be stored in another location.
#[derive(Debug, Clone, Serialize, serde::Deserialize)]
pub struct Copy {
    pub agent_id: String,
    pub is_protected: bool,
}

/// A copy of a backup in another location.
#[derive(Debug, Clone, Serialize)]
pub struct Copied {
    pub backup_id: String,
    pub name: String,
    pub date: String,
    pub agent_id: String,
    /// The archive's name there.
    pub file: String,
    pub size: u64,
    pub protected: bool,
    /// When it was written, in seconds since 1970; 0 if the location does not say.
    pub modified: i64,
    /// How far the stored bytes were proven: `size`, `digest`, `sample` or `full`.
    pub proof: &'static str,
    /// Guarantees that could not be given, as sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
