//! What goes in and out of actions and jobs, as JSON: requests and results.
//!
//! Shapes only. Key names are Home Assistant's where it has them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Failure;
use crate::protection::Unlock;
use crate::securetar::Password;

fn yes() -> bool {
    true
}

fn newest() -> u8 {
    3
}

/// How careful a client wants Larder to be with what Home Assistant takes and does not make work.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Caution {
    /// Refuses it; otherwise it is taken with a warning, as Home Assistant takes it without.
    #[serde(default)]
    pub strict: bool,
    /// Refuses only what can never work.
    #[serde(default)]
    pub force: bool,
}

impl Caution {
    pub fn allows_unlisted(self) -> bool {
        !self.strict || self.force
    }
}

/// What a backup is to hold.
#[derive(Debug, Clone, Deserialize)]
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
    /// What to protect it with, if anything.
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
    /// The manager's own: by the automatic settings.
    #[serde(default)]
    pub automatic: bool,
    /// The manager's own: the instance where the home itself has no id.
    #[serde(default)]
    pub instance_id: Option<String>,
    /// The manager's own: what nobody else knows, for the index of the last backup (`blocks::fingerprint`).
    #[serde(default)]
    pub index_key: Option<Password>,
    /// The manager's own: locations whose copy stays readable by anyone, in spite of a password.
    #[serde(default)]
    pub unprotected_agent_ids: Vec<String>,
}

impl CreateRequest {
    /// What to protect the copy in a location with; none where it is to stay readable.
    pub fn protect_in(&self, agent_id: &str) -> Option<&Protect> {
        let is_kept_open = self.unprotected_agent_ids.iter().any(|id| id == agent_id);
        (!is_kept_open).then_some(&self.protect)
    }
}

/// What to protect a backup with, and how.
#[derive(Debug, Clone, Deserialize)]
pub struct Protect {
    #[serde(flatten)]
    pub password: Unlock,
    /// The version of SecureTar: 3, or 2 for a Home Assistant before 2026.
    #[serde(default = "newest")]
    pub securetar: u8,
}

/// One backup: by its id, or the only one of its location (a file that a person named).
#[derive(Debug, Clone, Default, Deserialize)]
pub struct BackupRef {
    #[serde(default)]
    pub agent_id: Option<String>,
    #[serde(default)]
    pub backup_id: Option<String>,
}

/// A backup that is to be read, and what opens it when it is protected.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ReadRequest {
    #[serde(flatten)]
    pub backup: BackupRef,
    #[serde(flatten)]
    pub unlock: Unlock,
}

/// A backup that is to be stored once more, protected.
#[derive(Debug, Clone, Deserialize)]
pub struct EncryptRequest {
    #[serde(flatten)]
    pub backup: BackupRef,
    #[serde(flatten)]
    pub protect: Protect,
}

/// A protected backup that is to be stored once more, under another password.
#[derive(Debug, Clone, Deserialize)]
pub struct RekeyRequest {
    #[serde(flatten)]
    pub read: ReadRequest,
    #[serde(default)]
    pub new_password: Option<Password>,
    /// The label of the key of the ring that is to open it from now on.
    #[serde(default)]
    pub new_key: Option<String>,
    #[serde(default = "newest")]
    pub securetar: u8,
    /// In the place of the old one, instead of the output location.
    #[serde(default)]
    pub in_place: bool,
}

impl RekeyRequest {
    /// What is to protect it from now on.
    pub fn protect(&self) -> Protect {
        let key_ring = self.read.unlock.key_ring.clone();
        let password = Unlock { password: self.new_password.clone(), key_ring, key: self.new_key.clone() };
        Protect { password, securetar: self.securetar }
    }
}

/// A backup that is to be deleted.
#[derive(Debug, Clone, Deserialize)]
pub struct DeleteRequest {
    #[serde(flatten)]
    pub backup: BackupRef,
    /// Though it is kept by hand.
    #[serde(default)]
    pub force: bool,
}

/// A backup that retention never deletes, or does again.
#[derive(Debug, Clone, Deserialize)]
pub struct KeepRequest {
    pub backup_id: String,
    #[serde(default)]
    pub release: bool,
}

/// What to do with a key, and the key ring it is in or goes into.
#[derive(Debug, Clone, Deserialize)]
pub struct KeyRequest {
    #[serde(flatten)]
    pub unlock: Unlock,
    /// What a person calls a key that is added.
    #[serde(default)]
    pub label: Option<String>,
    /// What the key with that label is to be called.
    #[serde(default)]
    pub new_label: Option<String>,
    /// Adds it under another label where that is taken, and no key twice.
    #[serde(default)]
    pub unique: bool,
}

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

#[derive(Debug, Clone, Deserialize)]
pub struct ExtractRequest {
    #[serde(flatten)]
    pub read: ReadRequest,
    /// Files, links or whole directories, by their path in the home or part.
    pub paths: Vec<Path>,
    /// Another part than the home: `core_mosquitto`, `ssl`.
    #[serde(default)]
    pub part: Option<String>,
    /// Takes what stands before the damage of a damaged backup.
    #[serde(default)]
    pub keep_going: bool,
}

/// A path: as text, or as its bytes where it is not UTF-8.
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

/// A backup that was read to its end, and the bytes that it had.
#[derive(Debug, Clone, Deserialize)]
pub struct VerifiedSize {
    pub backup_id: String,
    #[serde(default)]
    pub size: u64,
    /// It was found damaged.
    #[serde(default)]
    pub damaged: bool,
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
    /// Bytes of the home that were as in the last backup, and did not have to be deflated again.
    pub unchanged: u64,
    #[serde(flatten)]
    pub amount: Amount,
    pub homeassistant_version: String,
    /// Whether the recorder's database is in it, and not only a link to one.
    pub database_included: bool,
    /// Symbolic links that lead out of the home: what they lead to is not in it.
    pub links_out: u64,
    /// The version of SecureTar; none when anyone can read it.
    pub securetar: Option<u8>,
    /// Locations that were asked for and are not there.
    pub failed_agent_ids: Vec<String>,
    pub skipped: Vec<Skipped>,
    /// What is odd, and kept nothing out of the backup.
    pub warnings: Vec<String>,
    /// The last backup, by its file, if it may not be what it was.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubted: Vec<Skipped>,
    /// What the file system could not keep or promise, for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
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
    pub links_out: u64,
    /// The ten largest, largest first.
    pub largest: Vec<Sized>,
    /// How much each exclusion keeps out, by its pattern.
    pub excluded: Vec<Excluded>,
    pub skipped: Vec<Skipped>,
    pub warnings: Vec<String>,
    /// Why no backup could be made now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
}

/// A failure that is a part of an answer.
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
#[derive(Debug, Default, Serialize)]
pub struct Info {
    pub backups: Vec<Value>,
    pub agent_errors: serde_json::Map<String, Value>,
    pub agent_error_translations: serde_json::Map<String, Value>,
    /// Objects that are no readable backups, and why.
    pub unreadable: Vec<Skipped>,
}

#[derive(Debug, Serialize)]
pub struct Verified {
    pub restorable: bool,
    /// Why it is not restorable here, though it is whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub backup_id: String,
    pub name: String,
    pub date: String,
    pub file: String,
    pub size: u64,
    #[serde(flatten)]
    pub amount: Amount,
    pub database_included: bool,
    /// The version of SecureTar; none when anyone can read it.
    pub securetar: Option<u8>,
    /// The label of the key that opened it, when it is one of the key ring.
    pub key: Option<String>,
    pub warnings: Vec<String>,
    /// The other parts, which were read to their end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
    /// What the archive holds that cannot be restored here.
    pub not_restorable: Vec<Skipped>,
    /// What `backup.json` promises and the archive lacks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Skipped>,
    /// What the home's part holds that no home can get back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
}

/// A backup that was stored once more, protected or not.
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
    /// Whether what was stored was read back, whole, and holds what the original holds.
    pub verified: bool,
    /// Whether it took the original's place.
    pub replaced: bool,
    /// What speaks against the password.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What the file system could not keep or promise, for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A foreign backup that is now among the others.
#[derive(Debug, Serialize)]
pub struct Imported {
    #[serde(flatten)]
    pub verified: Verified,
    pub agent_id: String,
    /// What the file system could not keep or promise, for people.
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
    /// Why not, or how what fits differs from what was given; for people.
    pub reason: Option<String>,
}

/// A key of the key ring, without the key.
#[derive(Debug, Serialize)]
pub struct KeyLabel {
    pub label: String,
    pub created: String,
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
    /// The label of the key that opened it, when it is one of the key ring.
    pub key: Option<String>,
    pub skipped: Vec<Skipped>,
    /// What is odd about the archive and loses nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Why the archive is damaged behind what was extracted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damaged: Option<String>,
    /// What the file system could not keep or promise, for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Symbolic links that were restored and lead nowhere; what the home needs is in `skipped` then.
    pub dangling: Vec<Skipped>,
}
