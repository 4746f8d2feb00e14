//! The automatic backup settings: what is backed up, when, where to, and for how long.
//!
//! Owns their format, which is Home Assistant's with a few keys of Larder's, and how a request changes them (`update`,
//! `assign`). Does not decide what follows from them: `schedule` decides when a backup runs, `retention` which ones are deleted.
//! Reads no file and no clock. Shows no password unless a client asks for it.

mod assign;
mod checker;
mod moment;
pub mod named;
mod nearest;
mod objections;
mod python;
mod rule;
mod scalar;
mod schema;
#[cfg(test)]
mod tests;
mod update;

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};

pub use assign::from_assignments;
pub(crate) use checker::{Complaint, check, required, unknown};
pub use moment::Moment;
pub(crate) use rule::{Purpose, Rule};
pub(crate) use schema::{DATA, FOLDERS};

use crate::error::Failure;
use crate::home::iso;
use crate::retention::Policy;
use crate::schedule::Schedule;
use crate::securetar::Password;

/// All automatic backup settings, and when the last automatic backups ran. It serializes to `data.config` of the stored
/// document, with the password; to show it to users, call [`Config::redacted`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Config {
    /// Settings of single locations, by their id.
    pub agents: BTreeMap<String, Agent>,
    /// Whether a user has set up automatic backups. Only clients use it.
    pub automatic_backups_configured: bool,
    pub create_backup: CreateBackup,
    /// When the last automatic backup began.
    pub last_attempted_automatic_backup: Option<Moment>,
    /// When the last successful one ended.
    pub last_completed_automatic_backup: Option<Moment>,
    /// Its size in bytes.
    pub last_completed_automatic_backup_size: Option<u64>,
    /// For every location that has no `retention`.
    pub retention: Policy,
    pub schedule: Schedule,
}

/// The settings of one location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Whether the copies there are encrypted, if there is a password.
    pub protected: bool,
    /// `None`: the general retention. Set, but without a rule: everything is kept.
    pub retention: Option<Policy>,
}

/// What an automatic backup contains and where it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateBackup {
    pub agent_ids: Vec<String>,
    pub include_addons: Option<Vec<String>>,
    pub include_all_addons: bool,
    pub include_database: bool,
    pub include_folders: Option<Vec<String>>,
    /// `None`: "Automatic backup" and Home Assistant's version.
    pub name: Option<String>,
    #[serde(serialize_with = "reveal")]
    pub password: Option<Password>,
    /// Larder's: patterns of paths to leave out, in addition to Home Assistant's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Larder's: the version of SecureTar, 2 or 3. `None`: the newest.
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
    /// The answer to `backup/config/info`. It shows the password, as Home Assistant's does, because its page needs it.
    ///
    /// `next` is the next run in the home's time zone; `additional` says whether it makes up for a missed one.
    pub fn info(&self, next: Option<&DateTime<FixedOffset>>, additional: bool) -> Value {
        let mut config = self.stored();
        if let Value::Object(config) = &mut config {
            config.insert("next_automatic_backup".into(), next.map(iso).into());
            config.insert("next_automatic_backup_additional".into(), additional.into());
        }
        json!({ "config": config })
    }

    /// The settings with the password as `***`, for display.
    pub fn redacted(&self) -> Value {
        let mut config = self.stored();
        if let Some(password @ Value::String(_)) = config.pointer_mut("/create_backup/password") {
            *password = "***".into();
        }
        config
    }

    /// The settings as they are stored, with the password. Serializing could fail only for a map key that is not text.
    fn stored(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Why settings were refused. Each line names one wrong value; none contains a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines.join("\n"))]
pub struct Invalid {
    lines: Vec<String>,
}

impl Invalid {
    /// Sorted, as Home Assistant does.
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
