//! The grants of a plugin: what its instances may access.

use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::home::bus::Bus;
use crate::home::states::States;
use crate::steps::Steps;
use crate::storage::cache::Cache;
use crate::storage::documents::Documents;
use crate::storage::locations::Locations;
use crate::time::clock::Clock;
use crate::time::scheduler::Scheduler;
use crate::time::timezone::TimeZone;

/// What the instances may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writes {
    Nothing,
    /// Only what the user named: a new file or a new directory.
    Elsewhere,
    /// In addition, objects of locations: new ones, and replacements of existing ones.
    Objects,
    Everything,
}

/// What the instances may access. Cheap to clone. They have no other access.
#[derive(Clone)]
pub struct Grants {
    /// The directory that snapshots show.
    pub home: Option<PathBuf>,
    /// The directory that a target replaces: the home, or the one that the user named for the restore.
    pub target: Option<PathBuf>,
    /// The directory for temporary copies of databases.
    pub scratch: PathBuf,
    /// Paths that snapshots never show: the state directory, the backups.
    pub hidden: Vec<PathBuf>,
    /// Paths that a restore never replaces.
    pub kept: Vec<PathBuf>,
    pub locations: Locations,
    pub bus: Bus,
    pub clock: Clock,
    pub states: States,
    pub scheduler: Scheduler,
    pub documents: Documents,
    /// The plugin's settings: a JSON object.
    pub settings: serde_json::Value,
    /// The hosts that it may reach, and the client for it. `None`: no host.
    pub network: Option<Network>,
    pub cache: Cache,
    /// The home's time zone.
    pub time_zone: TimeZone,
    pub steps: Steps,
    pub writes: Writes,
    /// Whether a restore as root keeps set-user-id and set-group-id bits.
    pub keep_setuid: bool,
}

#[derive(Clone)]
pub struct Network {
    pub client: crate::http_client::Client,
    pub hosts: crate::http_client::Hosts,
}

impl Grants {
    /// The grants of a worker, which has only its pieces.
    pub(super) fn of_a_worker(&self) -> Self {
        Self {
            home: None,
            target: None,
            locations: Locations::default(),
            cache: Cache::default(),
            network: None,
            writes: Writes::Nothing,
            ..self.clone()
        }
    }

    /// `Denied` unless the home, its backups and documents may be changed.
    pub(crate) fn check_may_write(&self) -> Result<()> {
        match self.writes {
            Writes::Everything => Ok(()),
            Writes::Objects | Writes::Elsewhere | Writes::Nothing => Err(Error::Denied(
                "this command is read-only: nothing may be stored, deleted or restored".into(),
            )),
        }
    }

    /// `Denied` unless objects may be stored.
    pub(crate) fn check_may_store(&self) -> Result<()> {
        match self.writes {
            Writes::Objects => Ok(()),
            _ => self.check_may_write(),
        }
    }

    /// `Denied` unless a new file or a new directory may be written.
    pub(crate) fn check_may_write_elsewhere(&self) -> Result<()> {
        match self.writes {
            Writes::Elsewhere => Ok(()),
            _ => self.check_may_store(),
        }
    }
}
