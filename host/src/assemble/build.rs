//! Building a host from a setup: takes its locks, starts its plugins, and collects notices.

use std::sync::Arc;

use super::recovery::lost_state;
use super::setup::HostSetup;
use crate::disk::directory::Directory;
use crate::error::{Doing, Error, Result};
use crate::home::bus::{Bus, Event, LOG, Level};
use crate::http_client::Client;
use crate::plugin::{BACKUP, Plugin};
use crate::runtime::{Grants, Writes};
use crate::service::host::Host;
use crate::storage::directories::Directories;
use crate::storage::locations::is_remembered;
use crate::storage::lock::{Lock, WriterLocks};
use crate::time::stopwatch::Stopwatch;
use crate::tunables::{POLL_INTERVAL, START_WAIT};

impl HostSetup {
    /// A host for reading. It waits for no lock, and cleans up after a killed process only if no other process is at work.
    pub fn reader(&self) -> Result<Host> {
        self.unlocked(Writes::Nothing)
    }

    /// A host that reads, and writes only what the user named: the output file, or a target that is not the home.
    pub fn elsewhere(&self) -> Result<Host> {
        self.unlocked(Writes::Elsewhere)
    }

    /// A host that also stores objects in the locations. Each object is published whole or not at all.
    pub fn storing(&self) -> Result<Host> {
        self.unlocked(Writes::Objects)
    }

    /// A host for changing things, with exclusive access to its state directory, its backups and its home. `purpose` is one word, shown
    /// to other processes.
    pub fn writer(&self, purpose: &str) -> Result<Host> {
        let places = self.places()?;
        self.must_have_parent(&places)?;
        let lost = lost_state(&places);
        let state = places.state.display().to_string();
        Directory::make(&places.state, 0o700)
            .doing(|| format!("cannot create the state directory {state}"))?;
        let (locks, mut notices) = WriterLocks::take(&places, purpose)?;
        notices.extend(lost);
        notices.extend(self.recover_restores(&places)?);
        notices.extend(self.remove_leftovers(&places));
        self.host(places, notices, Writes::Everything, Some(locks))
    }

    fn unlocked(&self, writes: Writes) -> Result<Host> {
        let places = self.places()?;
        self.must_have_parent(&places)?;
        // A restore that is running or cannot be recovered is reported; reading continues.
        let mut notices = self.recover_restores(&places).unwrap_or_else(|error| vec![error.to_string()]);
        if let Some(_lock) = Lock::try_existing(&places.state) {
            notices.extend(self.remove_leftovers(&places));
        }
        self.host(places, notices, writes, None)
    }

    /// Refuses a backup directory whose parent is missing: the path is mistyped or its disk is not mounted. Where backups were
    /// stored before, the location itself says what to do.
    fn must_have_parent(&self, places: &Directories) -> Result<()> {
        let Some(backups) = places.backups.as_ref().filter(|_| self.backups.is_some()) else { return Ok(()) };
        let missing = backups.parent().filter(|parent| !parent.exists());
        let Some(parent) = missing.filter(|_| !is_remembered(&self.host_documents(places), backups)) else {
            return Ok(());
        };
        Err(Error::NotFound(format!(
            "cannot keep backups in {}: {} does not exist. Correct the path, mount its disk, or create that directory",
            backups.display(),
            parent.display()
        )))
    }

    fn host(
        &self,
        places: Directories,
        mut notices: Vec<String>,
        writes: Writes,
        locks: Option<WriterLocks>,
    ) -> Result<Host> {
        let bus = Bus::default();
        let mut grants = self.backup_grants(&places, bus.clone());
        grants.writes = writes;
        let log = bus.subscribe_to(LOG);
        let plugins = vec![self.start_backup_plugin(grants.clone())?];
        notices.extend(self.ignored.iter().cloned());
        let memory = self.host_documents(&places);
        let sources = self.sources(&places)?;
        let mut host = Host {
            sources,
            plugins,
            grants,
            bus,
            places,
            notices,
            memory,
            limits: self.limits.clone(),
            steps: self.steps.clone(),
            _locks: locks,
        };
        self.start_other_plugins(&mut host);
        host.notices.extend(host.plugins.iter().flat_map(|plugin| plugin.grants().documents.take_notices()));
        // Warnings that plugins logged while starting: no one else was subscribed yet.
        host.notices.extend(log.try_iter().filter_map(|event| warning(&event)));
        Ok(host)
    }

    fn start_backup_plugin(&self, grants: Grants) -> Result<Plugin> {
        let runtime = self.runtime()?;
        Plugin::start(BACKUP, Arc::new(move || Ok(runtime.clone())), grants)
            .map_err(|failure| Error::Invalid(failure.message))
    }

    /// Starts all other plugins at once. One that fails to start does not affect the rest.
    fn start_other_plugins(&self, host: &mut Host) {
        // Only these make requests, and reading the machine's certificates takes a while.
        let client = (!self.plugins.is_empty()).then(|| Client::new(&self.http));
        for (setting, client) in self.plugins.iter().zip(client.iter().cycle()) {
            let unusable = match client {
                _ if setting.name == BACKUP => {
                    Some("the backup plugin has this name; choose another".to_owned())
                }
                Ok(_) => None,
                Err(error) => Some(error.to_string()),
            };
            let (own, path) = (self.clone(), setting.component.clone());
            let load = move || match &unusable {
                None => own.load_component(&path).map_err(|error| error.to_string()),
                Some(message) => Err(message.clone()),
            };
            let grants = self.other_grants(setting, &host.places, &host.grants, client.as_ref().ok());
            host.plugins.push(Plugin::launch(&setting.name, Arc::new(load), grants));
        }
        let since = Stopwatch::start();
        while host.plugins.iter().any(Plugin::is_starting) && since.elapsed() < START_WAIT {
            host.supervise_plugins(POLL_INTERVAL);
        }
        let late = host.plugins.iter().filter(|plugin| plugin.is_starting());
        let late = late.map(|plugin| format!("{}: the plugin is still starting", plugin.name));
        host.notices.extend(late.collect::<Vec<_>>());
    }
}

/// The message of a log event that is a warning or worse.
fn warning(event: &Event) -> Option<String> {
    let data: serde_json::Value = serde_json::from_str(&event.data).ok()?;
    if Level::of(&data) > Level::Warning {
        return None;
    }
    Some(data.get("message")?.as_str()?.to_owned())
}
