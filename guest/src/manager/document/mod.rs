//! The stored document: the automatic settings, what is known of backups, and Larder's own state.
//!
//! Owns its format, which is that of Home Assistant's `.storage/backup` (version 1.9), and reads every older version. Opens no
//! files. Refuses a format that a newer program wrote. Its errors never quote the document, because a password is in it.

mod adopt;
mod migrate;
mod pending;
mod schedules;
#[cfg(test)]
mod tests;
mod unknown_fields;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

pub use adopt::{Adopted, HomeFiles, Item, adopt};
pub use pending::PendingCopy;
pub use schedules::ScheduleState;

use crate::settings::{Config, DATA, Moment, Purpose, check};
use unknown_fields::UnknownFields;

/// The version that is written: Home Assistant's.
const VERSION: u64 = 1;
const MINOR: u64 = 9;
/// Home Assistant also reads this version, which only lacks a key that is no longer used.
const NEWEST_READABLE: u64 = 2;
/// The name of the document in Home Assistant's storage, which the document repeats.
const KEY: &str = "backup";
/// The key of Larder's own state in `data`.
const OWN: &str = "larder";

#[derive(Debug, Clone, Default)]
pub struct Document {
    pub known: Vec<KnownBackup>,
    pub config: Config,
    pub extra: Extra,
    /// The minor version of the newer program that wrote it, or Larder's.
    minor: u64,
    /// The fields that only that program knows.
    unknown: UnknownFields,
}

/// What is known of a backup beyond what its own file says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct KnownBackup {
    pub backup_id: String,
    /// A Supervisor's: objects with `name`, `slug` and `version`.
    pub failed_addons: Vec<Value>,
    /// Locations in which it could not be stored.
    pub failed_agent_ids: Vec<String>,
    pub failed_folders: Vec<String>,
    /// Fields of a newer program.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Larder's own state, in addition to Home Assistant's. (Home Assistant never reads this document.) A missing key means its
/// default, an unknown key is kept, and nothing is written if every value is the default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Extra {
    /// The last state of the event entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Value>,
    /// The next run as planned, so that a restart neither loses nor repeats it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<Moment>,
    /// Starts of earlier automatic backups, newest first, so that none is repeated after the clock is set back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Moment>,
    /// Whether the last automatic backup was interrupted and must be made up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// This instance's id, for a home that has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// The key that seals the index of the previous backup; generated once, never shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_key: Option<String>,
    /// The random delay in seconds of runs whose time is not set; generated once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<u32>,
    /// The last successful verification of each backup, by its id: its size and time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub verified: BTreeMap<String, Value>,
    /// When each damaged backup was found damaged, by its id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub damaged: BTreeMap<String, Moment>,
    /// The proofs of copies in other locations, by backup and location: size, time and kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub copies: BTreeMap<String, BTreeMap<String, Value>>,
    /// Copies that are still to be stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pending: Vec<PendingCopy>,
    /// The ids of backups that are marked as kept, which retention never deletes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kept: BTreeSet<String>,
    /// The state of each schedule of `larder.toml`, by its name. That of one that was removed stays, in case it comes back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub schedules: BTreeMap<String, ScheduleState>,
    /// Fields of a newer Larder.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Why a document was not read. Never quotes the document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Must never be changed.
    #[error(
        "the stored settings have version {version}, written by a newer program; they were not changed: use that program, or \
         another state directory"
    )]
    Newer { version: u64 },
    /// It is to be set aside, so that a user can inspect it.
    #[error(
        "the stored settings cannot be read: {place} {what}; correct them, or start without them and enter them again"
    )]
    Damaged { place: String, what: String },
}

impl DocumentError {
    fn damaged(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Damaged { place: place.into(), what: what.into() }
    }
}

/// In Home Assistant's order; the keys below `data` are sorted.
#[derive(Serialize)]
struct Stored<'a> {
    version: u64,
    minor_version: u64,
    key: &'a str,
    data: &'a Value,
}

impl Document {
    /// Reads the text of the file, in any version that Home Assistant reads. The caller should wipe the text.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let mut whole: Value = serde_json::from_str(text).map_err(|error| not_json(&error))?;
        let (version, minor) = version_of(&whole)?;
        let mut data = whole.get_mut("data").map(Value::take).unwrap_or_default();
        migrate::to_newest(&mut data, version, minor);
        // Read separately, because its keys are not fixed.
        let own = data.as_object_mut().and_then(|data| data.remove(OWN));
        if let Some(wrong) = check(&DATA, &data, "data", Purpose::Stored).into_iter().next() {
            return Err(DocumentError::damaged(
                format!("`{}`", wrong.place),
                format!("is wrong ({})", wrong.what),
            ));
        }
        let mut document = Self::of(&data, own)?;
        document.minor = if version == VERSION { minor.max(MINOR) } else { MINOR };
        document.unknown = UnknownFields::of(&data, &document.own_data()?);
        Ok(document)
    }

    fn of(data: &Value, own: Option<Value>) -> Result<Self, DocumentError> {
        let malformed = |place: &str| DocumentError::damaged(format!("`data.{place}`"), "is malformed");
        let part = |name: &str| data.get(name).cloned().unwrap_or_default();
        Ok(Self {
            known: serde_json::from_value(part("backups")).map_err(|_| malformed("backups"))?,
            config: serde_json::from_value(part("config")).map_err(|_| malformed("config"))?,
            extra: own.map_or(Ok(Extra::default()), serde_json::from_value).map_err(|_| malformed(OWN))?,
            ..Self::default()
        })
    }

    /// The text of the file as Home Assistant writes it, with the password.
    pub fn to_json(&self) -> Result<Zeroizing<String>, DocumentError> {
        let mut data = self.own_data()?;
        self.unknown.add_to(&mut data);
        let stored = Stored { version: VERSION, minor_version: self.minor.max(MINOR), key: KEY, data: &data };
        serde_json::to_string_pretty(&stored).map(Zeroizing::new).map_err(unwritable)
    }

    /// `data` without the fields that only a newer program knows.
    fn own_data(&self) -> Result<Value, DocumentError> {
        let mut data = Map::new();
        data.insert("backups".into(), serde_json::to_value(&self.known).map_err(unwritable)?);
        data.insert("config".into(), serde_json::to_value(&self.config).map_err(unwritable)?);
        if self.extra != Extra::default() {
            data.insert(OWN.into(), serde_json::to_value(&self.extra).map_err(unwritable)?);
        }
        Ok(Value::Object(data))
    }
}

/// The major and minor version of the document.
fn version_of(whole: &Value) -> Result<(u64, u64), DocumentError> {
    let number = |name: &str| whole.get(name).map(|value| value.as_u64().filter(|number| *number > 0));
    let version = match number("version").flatten() {
        Some(version) if version > NEWEST_READABLE => return Err(DocumentError::Newer { version }),
        Some(version) => version,
        None => return Err(DocumentError::damaged("`version`", "is missing or not a positive integer")),
    };
    if whole.get("key").and_then(Value::as_str) != Some(KEY) {
        return Err(DocumentError::damaged(
            "`key`",
            format!("is not `{KEY}`: this is another kind of document"),
        ));
    }
    // Home Assistant had no minor versions at first.
    match number("minor_version").unwrap_or(Some(1)) {
        Some(minor) => Ok((version, minor)),
        None => Err(DocumentError::damaged("`minor_version`", "is not a positive integer")),
    }
}

/// Not the parser's own message, which would quote the document.
fn not_json(error: &serde_json::Error) -> DocumentError {
    let place = format!("line {}, column {}", error.line(), error.column());
    let what = match error.classify() {
        Category::Eof => "is the end of the file, but the document is not complete: the file is truncated",
        Category::Syntax | Category::Data | Category::Io => "is not valid JSON",
    };
    DocumentError::damaged(place, what)
}

/// Happens only if a map has a key that is not text, and no map here has.
fn unwritable(_: serde_json::Error) -> DocumentError {
    DocumentError::damaged("the new document", "cannot be written as JSON")
}
