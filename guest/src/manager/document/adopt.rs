//! What Larder takes over from a Home Assistant home: its automatic settings, and who and where it is.
//!
//! Reads texts that it is handed and says of each value what became of it. Opens and writes no file; shows no password.

use serde_json::Value;

use super::{Document, Known};
use crate::config::Config;
use crate::home::version;
use crate::ports::HomeZone;

/// Texts of a home's files; none for one that is not there.
#[derive(Clone, Copy, Default)]
pub struct HomeFiles<'a> {
    /// `.storage/backup`.
    pub backup: Option<&'a str>,
    /// `.storage/core.uuid`.
    pub uuid: Option<&'a str>,
    /// `.HA_VERSION`.
    pub version: Option<&'a str>,
}

/// What was taken.
#[derive(Debug, Clone, Default)]
pub struct Adopted {
    /// None when the home has no settings, or none that can be read: [`Adopted::not_taken`] says which.
    pub config: Option<Config>,
    /// What the home knows of its backups.
    pub known: Vec<Known>,
    pub instance_id: Option<String>,
    /// Home Assistant's.
    pub version: Option<String>,
    /// Each value for people, a password as `***`.
    pub taken: Vec<Taken>,
    /// What was there, or should have been, and why it was not taken.
    pub not_taken: Vec<Taken>,
}

/// A thing and its value, or the reason why it has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub what: String,
    pub value: String,
}

/// Takes from a home what its files say. One that is missing or wrong does not keep the others from being taken.
pub fn adopt(files: &HomeFiles<'_>, zone: &HomeZone) -> Adopted {
    let mut adopted = Adopted::default();
    adopted.settings(files.backup);
    let uuid = files.uuid.and_then(|text| stored_text(text, "uuid"));
    adopted.instance_id = adopted.single("instance id", ".storage/core.uuid", files.uuid, uuid);
    adopted.time_zone(zone);
    let version = files.version.and_then(version::accepted).map(str::to_owned);
    adopted.version = adopted.single("version", ".HA_VERSION", files.version, version);
    adopted
}

impl Adopted {
    fn settings(&mut self, text: Option<&str>) {
        const FILE: &str = ".storage/backup";
        let document = match text.map(Document::parse) {
            None => {
                return self.refuse("settings", format!("{FILE} is not there: no backups were ever set up"));
            }
            Some(Err(error)) => return self.refuse("settings", format!("{FILE}: {error}")),
            Some(Ok(document)) => document,
        };
        if let Value::Object(fields) = document.config.redacted() {
            fields.iter().for_each(|(name, value)| self.show(name, value));
        }
        if !document.known.is_empty() {
            let value = document.known.len().to_string();
            self.taken.push(Taken { what: "known backups".into(), value });
        }
        self.known = document.known;
        self.config = Some(document.config);
    }

    fn time_zone(&mut self, found: &HomeZone) {
        const WHAT: &str = "time zone";
        let used = format!("{} (from {})", found.zone.name(), found.origin);
        found.problems.iter().for_each(|problem| self.refuse(WHAT, problem.clone()));
        match found.is_of_home {
            true => self.taken.push(Taken { what: WHAT.into(), value: used }),
            false if found.problems.is_empty() => {
                self.refuse(WHAT, format!("the home names none; {used} counts"));
            }
            false => {}
        }
    }

    /// A group by its values, each with its whole name.
    fn show(&mut self, what: &str, value: &Value) {
        match value {
            Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| self.show(&format!("{what}.{name}"), value));
            }
            value => self.taken.push(Taken { what: what.to_owned(), value: for_people(value) }),
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
            (_, Some(value)) => self.taken.push(Taken { what: what.to_owned(), value: value.clone() }),
            (None, None) => self.refuse(what, format!("{file} is not there")),
            (Some(_), None) => self.refuse(what, format!("{file} holds none that makes sense; look into it")),
        }
        value
    }

    fn refuse(&mut self, what: &str, value: String) {
        self.not_taken.push(Taken { what: what.to_owned(), value });
    }
}

fn stored_text(text: &str, name: &str) -> Option<String> {
    let document: Value = serde_json::from_str(text).ok()?;
    let value = document.get("data")?.get(name)?.as_str()?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// As it is given on the command line.
fn for_people(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(for_people).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
