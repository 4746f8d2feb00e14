//! The automatic settings: what is backed up, where to, when, and for how long it is kept.
//!
//! Owns their form, which is Home Assistant's with a few keys of Larder's own, and how a request changes them (`update`,
//! `assign`). Refuses to decide what they mean: when a backup runs is the schedule's business, what goes is the
//! retention's. Reads no file and no clock; says no password where a person did not ask for it.

mod assign;
mod nearest;
mod objections;
mod parts;
mod python;
mod rules;
mod schema;
mod single;
#[cfg(test)]
mod tests;
mod update;

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

pub use assign::from_assignments;
pub use parts::Moment;
pub(crate) use rules::{DATA, FOLDERS};
pub(crate) use schema::{Complaint, Purpose, Rule, check, required, unknown};

use crate::error::Failure;
use crate::home::iso;
use crate::retention::Policy;
use crate::schedule::Schedule;
use crate::securetar::Password;

/// All automatic settings, and how the last automatic backup went. Serialized, it is `data.config` of the stored document,
/// with the password: for people there is [`Config::redacted`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Config {
    /// Settings of single locations, by their id.
    pub agents: BTreeMap<String, Agent>,
    /// Whether a person has set automatic backups up; only clients read it.
    pub automatic_backups_configured: bool,
    pub create_backup: CreateBackup,
    /// When the last automatic backup began.
    pub last_attempted_automatic_backup: Option<Moment>,
    /// When the last one ended without an error of a location.
    pub last_completed_automatic_backup: Option<Moment>,
    /// Its bytes.
    pub last_completed_automatic_backup_size: Option<u64>,
    /// For every location that has none of its own.
    pub retention: Policy,
    pub schedule: Schedule,
}

/// The settings of one location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Whether the copies there are encrypted, when there is a password.
    pub protected: bool,
    /// None: that of all. Given, but empty: kept for ever.
    pub retention: Option<Policy>,
}

/// What an automatic backup holds and where it goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateBackup {
    pub agent_ids: Vec<String>,
    pub include_addons: Option<Vec<String>>,
    pub include_all_addons: bool,
    pub include_database: bool,
    pub include_folders: Option<Vec<String>>,
    /// None: "Automatic backup" and Home Assistant's version.
    pub name: Option<String>,
    #[serde(serialize_with = "reveal")]
    pub password: Option<Password>,
    /// Larder's: patterns of paths to leave out, beside Home Assistant's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Larder's: the version of SecureTar, 2 or 3; none: the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub securetar: Option<u8>,
}

impl Default for CreateBackup {
    fn default() -> Self {
        Self {
            agent_ids: Vec::new(),
            include_addons: None,
            include_all_addons: false,
            include_database: true,
            include_folders: None,
            name: None,
            password: None,
            exclude: Vec::new(),
            securetar: None,
        }
    }
}

impl Config {
    /// The reply to `backup/config/info`, which shows the password, as Home Assistant's does: its page needs it.
    ///
    /// `next` is the next run in the home's own time, `additional` whether it makes up for a missed one.
    pub fn info(&self, next: Option<&DateTime<FixedOffset>>, additional: bool) -> Value {
        let mut config = self.stored();
        if let Value::Object(config) = &mut config {
            config.insert("next_automatic_backup".into(), next.map(iso).into());
            config.insert("next_automatic_backup_additional".into(), additional.into());
        }
        json!({ "config": config })
    }

    /// For people: a password that is set shows as `***`.
    pub fn redacted(&self) -> Value {
        let mut config = self.stored();
        if let Some(password @ Value::String(_)) = config.pointer_mut("/create_backup/password") {
            *password = "***".into();
        }
        config
    }

    /// As it is stored, with the password. Only a map key that is no text could make this fail, and there is none.
    fn stored(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Why settings were not taken: each line is one value that is wrong, and holds nothing secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines.join("\n"))]
pub struct Invalid {
    lines: Vec<String>,
}

impl Invalid {
    /// In Home Assistant's order, which is the alphabet's.
    fn new(mut lines: Vec<String>) -> Self {
        lines.sort();
        Self { lines }
    }

    fn one(line: impl Into<String>) -> Self {
        Self { lines: vec![line.into()] }
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(invalid.to_string())
    }
}

fn reveal<S: Serializer>(password: &Option<Password>, to: S) -> Result<S::Ok, S::Error> {
    password.as_ref().map(Password::reveal).serialize(to)
}
