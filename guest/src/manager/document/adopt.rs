//! Imports the automatic settings of a Home Assistant home, its instance id, time zone and version.
//!
//! Gets the texts of the home's files, and reports for each value whether it was taken. Opens and writes no file; shows no
//! password.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Document, KnownBackup};
use crate::home::version;
use crate::ports::HomeZone;
use crate::settings::Config;

/// The texts of a home's files; `None` for a file that does not exist.
#[derive(Clone, Copy, Default)]
pub struct HomeFiles<'a> {
    /// `.storage/backup`.
    pub backup: Option<&'a str>,
    /// `.storage/core.uuid`.
    pub uuid: Option<&'a str>,
    /// `.HA_VERSION`.
    pub version: Option<&'a str>,
}

/// The values that were taken, and a report.
#[derive(Debug, Clone, Default)]
pub struct Adopted {
    /// `None` if the home has no settings, or if they cannot be read; [`Adopted::not_taken`] says why.
    pub config: Option<Config>,
    /// What the home's document knows of its backups.
    pub backups: Vec<KnownBackup>,
    pub instance_id: Option<String>,
    /// Home Assistant's version.
    pub version: Option<String>,
    /// The values that were taken, as text; a password as `***`.
    pub taken: Vec<Item>,
    /// The values that were not taken, with the reason.
    pub not_taken: Vec<Item>,
}

/// A value of the home, or the reason why it was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub what: String,
    pub value: String,
}

/// Imports what the files say. A missing or invalid file does not prevent the import of the others. `agents` are the locations that take
/// the place of one of Home Assistant's agents, by the agent's id.
pub fn adopt(files: &HomeFiles<'_>, zone: &HomeZone, agents: &BTreeMap<String, String>) -> Adopted {
    let mut adopted = Adopted::default();
    adopted.settings(files.backup, agents);
    let uuid = files.uuid.and_then(|text| stored_text(text, "uuid"));
    adopted.instance_id = adopted.single("instance id", ".storage/core.uuid", files.uuid, uuid);
    adopted.time_zone(zone);
    let version = files.version.and_then(version::accepted).map(str::to_owned);
    adopted.version = adopted.single("version", ".HA_VERSION", files.version, version);
    adopted
}

impl Adopted {
    fn settings(&mut self, text: Option<&str>, agents: &BTreeMap<String, String>) {
        const FILE: &str = ".storage/backup";
        let document = match text.map(Document::parse) {
            None => {
                return self.skip("settings", format!("{FILE} does not exist: backups were never set up"));
            }
            Some(Err(error)) => return self.skip("settings", format!("{FILE}: {error}")),
            Some(Ok(document)) => renamed(document, agents),
        };
        if let Value::Object(fields) = document.config.redacted() {
            fields.iter().for_each(|(name, value)| self.show(name, value));
        }
        if !document.known.is_empty() {
            let value = document.known.len().to_string();
            self.taken.push(Item { what: "known backups".into(), value });
        }
        self.backups = document.known;
        self.config = Some(document.config);
    }

    fn time_zone(&mut self, found: &HomeZone) {
        const WHAT: &str = "time zone";
        let used = format!("{} (from {})", found.zone.name(), found.origin);
        found.problems.iter().for_each(|problem| self.skip(WHAT, problem.clone()));
        match found.is_of_home {
            true => self.taken.push(Item { what: WHAT.into(), value: used }),
            false if found.problems.is_empty() => {
                self.skip(WHAT, format!("the home sets none; using {used}"));
            }
            false => {}
        }
    }

    /// Reports a group value by value, each with its full name.
    fn show(&mut self, what: &str, value: &Value) {
        match value {
            Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| self.show(&format!("{what}.{name}"), value));
            }
            value => self.taken.push(Item { what: what.to_owned(), value: as_text(value) }),
        }
    }

    fn single(
        &mut self,
        what: &str,
        file: &str,
        text: Option<&str>,
        value: Option<String>,
    ) -> Option<String> {
        match (text, &value) {
            (_, Some(value)) => self.taken.push(Item { what: what.to_owned(), value: value.clone() }),
            (None, None) => self.skip(what, format!("{file} does not exist")),
            (Some(_), None) => self.skip(what, format!("{file} has no valid one; check that file")),
        }
        value
    }

    fn skip(&mut self, what: &str, value: String) {
        self.not_taken.push(Item { what: what.to_owned(), value });
    }
}

/// The document with the ids of locations instead of those of the agents that they take over.
fn renamed(mut document: Document, agents: &BTreeMap<String, String>) -> Document {
    let new = |id: &String| agents.get(id).unwrap_or(id).clone();
    let config = &mut document.config;
    config.create_backup.agent_ids = config.create_backup.agent_ids.iter().map(new).collect();
    config.agents =
        std::mem::take(&mut config.agents).into_iter().map(|(id, agent)| (new(&id), agent)).collect();
    for known in &mut document.known {
        known.failed_agent_ids = known.failed_agent_ids.iter().map(new).collect();
    }
    document
}

fn stored_text(text: &str, name: &str) -> Option<String> {
    let document: Value = serde_json::from_str(text).ok()?;
    let value = document.get("data")?.get(name)?.as_str()?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// In the form of the command line.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(as_text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
