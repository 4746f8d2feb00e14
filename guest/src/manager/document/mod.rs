//! The stored document: the automatic settings, what is known of backups, and what Larder itself must not forget.
//!
//! Owns its form, which is that of Home Assistant's `.storage/backup` (version 1.9), and reads every older one. Refuses to
//! open files, to read what a newer program wrote in a form that it does not know, and to repeat in an error what stands
//! in the document, where a password is.

mod adopt;
mod leftover;
mod migrate;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

pub use adopt::{Adopted, HomeFiles, Taken, adopt};

use crate::config::{Config, DATA, Moment, Purpose, check};
use leftover::Leftover;

/// What is written: Home Assistant's version of the form.
const VERSION: u64 = 1;
const MINOR: u64 = 9;
/// Home Assistant reads this one, too: it lacks a key that is not used any more.
const NEWEST_READABLE: u64 = 2;
/// The document's name in Home Assistant's storage, which it repeats inside.
const KEY: &str = "backup";
/// Where Larder's own part stands in `data`.
const OWN: &str = "larder";

#[derive(Debug, Clone, Default)]
pub struct Document {
    pub known: Vec<Known>,
    pub config: Config,
    pub extra: Extra,
    /// The minor version of a newer program that wrote it; else ours.
    minor: u64,
    /// What only that program understands.
    leftover: Leftover,
}

/// What is known of a backup beside what it says itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Known {
    pub backup_id: String,
    /// Of a Supervisor: objects with `name`, `slug` and `version`.
    pub failed_addons: Vec<Value>,
    /// Locations that it did not get to.
    pub failed_agent_ids: Vec<String>,
    pub failed_folders: Vec<String>,
    /// What a newer program knows.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What Larder keeps beside what Home Assistant keeps; Home Assistant does not read this document. Open: a key that is
/// absent has its default, one that is not known here is kept, and without any the whole part is not written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Extra {
    /// The event entity's last state, which survives a restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Value>,
    /// The next run as it was planned: a restart neither loses nor repeats it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<Moment>,
    /// Starts of earlier automatic backups, newest first: a clock that is set back repeats none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Moment>,
    /// Whether the last automatic backup was cut off and has to be made up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// This instance's id, for a home that has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// What the index of the last backup is sealed with; drawn once, and told to nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_key: Option<String>,
    /// The random delay of that run in seconds, drawn once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<u32>,
    /// How the last check of a backup went, by its id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub verified: BTreeMap<String, Value>,
    /// When a backup was found damaged, by its id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub damaged: BTreeMap<String, Moment>,
    /// Backups that a person keeps, whatever the retention settings say.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kept: BTreeSet<String>,
    /// What a newer Larder keeps.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// Why a document was not read. None of these repeats what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// To be left as it is, whatever happens.
    #[error(
        "the stored settings have the form {version}, which a newer program wrote; they are left as they are: use that \
         program, or another state directory"
    )]
    Newer { version: u64 },
    /// To be set aside, so that a person can look at it.
    #[error(
        "the stored settings cannot be read: {place} {what}; correct them, or start without them and set them anew"
    )]
    Damaged { place: String, what: String },
}

impl DocumentError {
    fn damaged(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Damaged { place: place.into(), what: what.into() }
    }
}

/// In Home Assistant's order; below `data` that is the alphabet's.
#[derive(Serialize)]
struct Stored<'a> {
    version: u64,
    minor_version: u64,
    key: &'a str,
    data: &'a Value,
}

impl Document {
    /// Reads the file's text, which the caller should wipe, of any version that Home Assistant would read.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        let mut whole: Value = serde_json::from_str(text).map_err(|error| torn(&error))?;
        let (version, minor) = version_of(&whole)?;
        let mut data = whole.get_mut("data").map(Value::take).unwrap_or_default();
        migrate::to_newest(&mut data, version, minor);
        // Read apart, since its keys are open.
        let own = data.as_object_mut().and_then(|data| data.remove(OWN));
        if let Some(wrong) = check(&DATA, &data, "data", Purpose::Stored).into_iter().next() {
            return Err(DocumentError::damaged(
                format!("`{}`", wrong.place),
                format!("is wrong ({})", wrong.what),
            ));
        }
        let mut document = Self::of(&data, own)?;
        document.minor = if version == VERSION { minor.max(MINOR) } else { MINOR };
        document.leftover = Leftover::of(&data, &document.own_data()?);
        Ok(document)
    }

    fn of(data: &Value, own: Option<Value>) -> Result<Self, DocumentError> {
        let unfit = |place: &str| DocumentError::damaged(format!("`data.{place}`"), "does not have its form");
        let part = |name: &str| data.get(name).cloned().unwrap_or_default();
        Ok(Self {
            known: serde_json::from_value(part("backups")).map_err(|_| unfit("backups"))?,
            config: serde_json::from_value(part("config")).map_err(|_| unfit("config"))?,
            extra: own.map_or(Ok(Extra::default()), serde_json::from_value).map_err(|_| unfit(OWN))?,
            ..Self::default()
        })
    }

    /// The file's text: as Home Assistant writes it, with the password.
    pub fn to_json(&self) -> Result<Zeroizing<String>, DocumentError> {
        let mut data = self.own_data()?;
        self.leftover.add_to(&mut data);
        let stored = Stored { version: VERSION, minor_version: self.minor.max(MINOR), key: KEY, data: &data };
        serde_json::to_string_pretty(&stored).map(Zeroizing::new).map_err(unwritable)
    }

    /// `data` without what only a newer program understands.
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

/// Major and minor version of what claims to be a document of ours.
fn version_of(whole: &Value) -> Result<(u64, u64), DocumentError> {
    let number = |name: &str| whole.get(name).map(|value| value.as_u64().filter(|number| *number > 0));
    let version = match number("version").flatten() {
        Some(version) if version > NEWEST_READABLE => return Err(DocumentError::Newer { version }),
        Some(version) => version,
        None => return Err(DocumentError::damaged("`version`", "is missing or no number from 1 on")),
    };
    if whole.get("key").and_then(Value::as_str) != Some(KEY) {
        return Err(DocumentError::damaged(
            "`key`",
            format!("is not `{KEY}`: it is another kind of document"),
        ));
    }
    // Home Assistant counted no minor versions at first.
    match number("minor_version").unwrap_or(Some(1)) {
        Some(minor) => Ok((version, minor)),
        None => Err(DocumentError::damaged("`minor_version`", "is no number from 1 on")),
    }
}

/// The parser's own words would repeat what stands there.
fn torn(error: &serde_json::Error) -> DocumentError {
    let place = format!("line {}, column {}", error.line(), error.column());
    let what = match error.classify() {
        Category::Eof => "is the end, though more must follow: the file was cut off",
        Category::Syntax | Category::Data | Category::Io => "is no JSON",
    };
    DocumentError::damaged(place, what)
}

/// Only a map key that is no text could do this, and there is none.
fn unwritable(_: serde_json::Error) -> DocumentError {
    DocumentError::damaged("what is to be written", "is no JSON")
}
