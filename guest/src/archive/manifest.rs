//! `backup.json`: the description of a backup, as Home Assistant Core and the Supervisor write it.
//!
//! Owns its parsing (as lenient as Home Assistant's own) and its serialization (sorted keys, no white space, unknown keys kept).
//! Does not confirm its claims: other modules check whether a member exists or is protected.

use chrono::{DateTime, FixedOffset};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::{Result, damaged};
use super::paths;

/// Bytes of the texts that identify a backup. They appear in file names and tables.
const TEXT_LIMIT: usize = 1024;
/// The Supervisor's key for the time at which a backup was requested. Home Assistant prefers it to `date`.
const REQUEST_DATE: &str = "supervisor.backup_request_date";

/// A parsed `backup.json`.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    known: Known,
    all: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Addon {
    pub name: String,
    pub slug: String,
    pub version: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Known {
    slug: String,
    name: String,
    date: String,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    protected: Option<bool>,
    #[serde(default)]
    compressed: Option<bool>,
    #[serde(default)]
    addons: Option<Vec<Addon>>,
    #[serde(default)]
    folders: Option<Vec<String>>,
    #[serde(default)]
    homeassistant: Option<Home>,
    #[serde(default)]
    extra: Option<Map<String, Value>>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Home {
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    exclude_database: Option<bool>,
}

impl Manifest {
    /// The manifest of a new backup of this home, as Core writes it. `extra` holds strings and booleans.
    pub fn new(
        slug: &str,
        name: &str,
        date: &str,
        version: &str,
        database: bool,
        extra: Map<String, Value>,
    ) -> Result<Self> {
        Self::from_value(json!({
            "slug": slug,
            "name": name,
            "date": date,
            "type": "partial",
            "version": 2,
            "compressed": true,
            "protected": false,
            "extra": extra,
            "homeassistant": {"version": version, "exclude_database": !database},
        }))
    }

    pub fn parse(text: &[u8]) -> Result<Self> {
        match serde_json::from_slice(text) {
            Ok(value) => Self::from_value(value),
            Err(error) => damaged(format!("`backup.json` is not JSON ({})", cut(&error))),
        }
    }

    /// A placeholder for an unreadable manifest, used to salvage the rest of an archive.
    pub fn missing() -> Self {
        let text = || "unknown".to_owned();
        let known = Known {
            slug: text(),
            name: text(),
            date: text(),
            kind: None,
            protected: None,
            compressed: None,
            addons: None,
            folders: None,
            homeassistant: None,
            extra: None,
        };
        Self { known, all: Map::new() }
    }

    fn from_value(value: Value) -> Result<Self> {
        let known = match Known::deserialize(&value) {
            Ok(known) => known,
            Err(error) => {
                return damaged(format!("`backup.json` does not describe a backup ({})", cut(&error)));
            }
        };
        for (key, text) in [("slug", &known.slug), ("name", &known.name), ("date", &known.date)] {
            if text.len() > TEXT_LIMIT || key == "slug" && text.is_empty() {
                return damaged(format!(
                    "`{key}` in `backup.json` is empty or has more than {TEXT_LIMIT} bytes"
                ));
            }
        }
        match value {
            Value::Object(all) => Ok(Self { known, all }),
            _ => damaged("`backup.json` is not a JSON object"),
        }
    }

    /// A copy whose `protected` has the given value.
    pub fn with_protected(&self, protected: bool) -> Result<Self> {
        let mut all = self.all.clone();
        all.insert("protected".into(), protected.into());
        Self::from_value(Value::Object(all))
    }

    /// One line of JSON. `Map` keeps its keys sorted.
    pub fn to_json(&self) -> String {
        // Home Assistant sorts its keys; a mapping does so by itself only without serde_json's feature `preserve_order`.
        let mut all = Value::Object(self.all.clone());
        all.sort_all_objects();
        all.to_string()
    }

    /// The backup's id.
    pub fn slug(&self) -> &str {
        &self.known.slug
    }

    pub fn name(&self) -> &str {
        &self.known.name
    }

    /// The date as written in the manifest (ISO 8601). The Supervisor's date of request takes precedence.
    pub fn date_text(&self) -> &str {
        let requested =
            self.known.extra.as_ref().and_then(|extra| extra.get(REQUEST_DATE)).and_then(Value::as_str);
        requested.unwrap_or(&self.known.date)
    }

    /// `None` when the text is not a date with a UTC offset.
    pub fn date(&self) -> Option<DateTime<FixedOffset>> {
        DateTime::parse_from_rfc3339(self.date_text()).ok()
    }

    /// `partial`, `full`, or any other text found there.
    pub fn kind(&self) -> Option<&str> {
        self.known.kind.as_deref()
    }

    pub fn protected(&self) -> bool {
        self.known.protected.unwrap_or(false)
    }

    /// Whether inner tars are gzip; true unless the manifest states otherwise.
    pub fn compressed(&self) -> bool {
        self.known.compressed.unwrap_or(true)
    }

    /// The version of the Home Assistant in the backup; `None` when the backup holds no home.
    pub fn homeassistant_version(&self) -> Option<&str> {
        self.known.homeassistant.as_ref()?.version.as_deref()
    }

    pub fn database_included(&self) -> bool {
        let home = self.known.homeassistant.as_ref().filter(|home| home.version.is_some());
        home.is_some_and(|home| home.exclude_database != Some(true))
    }

    pub fn addons(&self) -> &[Addon] {
        self.known.addons.as_deref().unwrap_or_default()
    }

    /// Folder names without `homeassistant`, which old Supervisors listed among them.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        let folders = self.known.folders.as_deref().unwrap_or_default();
        folders.iter().map(String::as_str).filter(|folder| *folder != "homeassistant")
    }

    /// The creator's notes: `instance_id`, `with_automatic_settings`, …
    pub fn extra(&self) -> Option<&Map<String, Value>> {
        self.known.extra.as_ref()
    }

    /// The whole document.
    pub fn all(&self) -> &Map<String, Value> {
        &self.all
    }
}

/// An error's text, cut, since it may quote the file.
fn cut(error: &serde_json::Error) -> String {
    paths::shown(error.to_string().as_bytes())
}
