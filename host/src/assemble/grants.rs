//! The grants: what the backup plugin and every other plugin may access.

use serde_json::{Value, json};

use super::setup::HostSetup;
use crate::home::bus::Bus;
use crate::home::states::States;
use crate::http_client::Client;
use crate::plugin::{BACKUP, PluginSetting};
use crate::runtime::{Grants, Network, Writes};
use crate::storage::cache::Cache;
use crate::storage::directories::Directories;
use crate::storage::documents::Documents;
use crate::storage::locations::Locations;
use crate::time::scheduler::Scheduler;
use crate::time::timezone::TimeZone;

impl HostSetup {
    /// Grants of the backup plugin: it reads the home and the locations, and writes nothing until the caller raises `writes`.
    pub(super) fn backup_grants(&self, places: &Directories, bus: Bus) -> Grants {
        // Backups of backups would grow without end: Home Assistant's own rule covers only `backups/`.
        let elsewhere = places.backups.iter().filter(|backups| {
            places
                .config
                .as_ref()
                .is_some_and(|config| backups.starts_with(config) && **backups != config.join("backups"))
        });
        Grants {
            home: places.config.clone(),
            target: places.target.clone(),
            scratch: places.state.join("scratch"),
            hidden: elsewhere.chain([&places.state]).cloned().collect(),
            kept: places.backups.iter().chain([&places.state]).cloned().collect(),
            locations: self.locations(places),
            clock: self.clock.clone(),
            states: States::new(BACKUP, bus.clone(), self.clock.clone()),
            scheduler: Scheduler::new(BACKUP),
            documents: self.plugin_documents(places),
            settings: match &self.schedules {
                Value::Null => json!({}),
                schedules => schedules.clone(),
            },
            network: None,
            cache: Cache::new(places.state.join("cache")),
            bus,
            time_zone: TimeZone::new(places.config.clone(), self.machine.clone()),
            steps: self.steps.clone(),
            writes: Writes::Nothing,
            keep_setuid: self.keep_setuid,
        }
    }

    /// Grants of a plugin besides the backup plugin: neither the home nor the backups.
    pub(super) fn other_grants(
        &self,
        setting: &PluginSetting,
        places: &Directories,
        backup: &Grants,
        client: Option<&Client>,
    ) -> Grants {
        let name = &setting.name;
        let own = places.state.join("plugins").join(name);
        Grants {
            home: None,
            target: None,
            locations: Locations::new(Vec::new()),
            documents: Documents::new(own.join("documents"), self.steps.clone()),
            cache: Cache::new(own.join("cache")),
            scratch: own.join("scratch"),
            scheduler: backup.scheduler.of(name),
            states: backup.states.for_owner(name),
            settings: setting.settings.clone(),
            network: client.map(|client| Network { client: client.clone(), hosts: setting.hosts.clone() }),
            ..backup.clone()
        }
    }
}
