//! The one place that names concrete parts: directories, locations and the component become a running host.

mod lost_state;
mod paths;

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etcetera::BaseStrategy;

use crate::configuration;
use crate::configuration::Sources;
use crate::disk::directory::Directory;
use crate::disk::regular;
use crate::error::{Doing, Error, Result};
use crate::home::bus::{Bus, Event, LOG, Level};
use crate::home::staging;
use crate::home::staging::Recovered;
use crate::home::states::States;
use crate::http::Client;
use crate::options::{Limits, MAX_COMPONENT, POLL_INTERVAL, START_WAIT};
use crate::plugin::{BACKUP, Plugin, PluginSetting};
use crate::runtime::{Grants, Network, Runtime, Writes};
pub use crate::service::host::{Call, Host};
use crate::steps::Steps;
use crate::storage::cache::Cache;
use crate::storage::documents::Documents;
use crate::storage::locations::{
    InputFile, LocalDirectory, Location, Locations, OutputFile, is_remembered, remove_stale_drafts,
};
use crate::storage::lock::{Lock, WriterLocks};
use crate::time::clock::Clock;
use crate::time::scheduler::Scheduler;
use crate::time::stopwatch::Stopwatch;
use crate::time::timezone::{Machine, TimeZone};
use lost_state::lost_state;
use paths::{absolute, default_state, home};

/// The backup plugin that comes with the host.
const COMPONENT: &[u8] = include_bytes!(env!("LARDER_COMPONENT"));

/// What a person chose. Directories may be relative.
#[derive(Clone, Default)]
pub struct Setting {
    /// The Home Assistant configuration directory; some commands do without.
    pub config: Option<PathBuf>,
    /// Where the local location is; `<config>/backups` when absent.
    pub backups: Option<PathBuf>,
    /// Where Larder keeps what is its own; below the XDG state directory when absent.
    pub state: Option<PathBuf>,
    /// Another component than the built-in one.
    pub plugin: Option<PathBuf>,
    /// A file outside the locations that may be read as a backup.
    pub file: Option<PathBuf>,
    /// A file outside the locations that may be written as a backup.
    pub output: Option<PathBuf>,
    /// Where to restore or extract to, when not in place.
    pub target: Option<PathBuf>,
    /// Whether a restore as root gives the set-user-id and set-group-id bits that a backup says.
    pub keep_setuid: bool,
    /// `larder.toml`; the machine's when absent, if it is there. The one in the configuration directory counts below it.
    pub options: Option<PathBuf>,
    /// The machine's own `larder.toml`, instead of `/etc/larder/larder.toml`.
    pub machine_options: Option<PathBuf>,
    /// What of `larder.toml` does not count where it stands: `configure` says it.
    pub ignored: Vec<String>,
    /// A file of automations; what `larder.toml` says when absent, else `automations.yaml` in the configuration directory, if it is
    /// there.
    pub automations: Option<PathBuf>,
    /// Plugins beside the one for backups: `configure` adds those that `larder.toml` names.
    pub plugins: Vec<PluginSetting>,
    /// How these make requests to other machines.
    pub http: crate::http::Settings,
    pub limits: Limits,
    pub steps: Steps,
    pub clock: Clock,
    /// Begins what is shown while a component is compiled; it is dropped at the end.
    pub compiling: Option<fn() -> Box<dyn std::any::Any>>,
    /// Whose zone counts where the home names none.
    pub machine: Machine,
}

/// Absolute directories.
pub struct Places {
    pub config: Option<PathBuf>,
    pub backups: Option<PathBuf>,
    pub state: PathBuf,
    pub target: Option<PathBuf>,
    pub output: Option<PathBuf>,
}

impl Setting {
    /// Where everything is.
    pub fn places(&self) -> Result<Places> {
        let config = self.config.as_deref().map(home).transpose()?;
        let given = self.backups.as_deref().map(absolute).transpose()?;
        let backups = given.or_else(|| config.as_ref().map(|config| config.join("backups")));
        let target = self.target.as_deref().map(absolute).transpose()?.or_else(|| config.clone());
        let output = self.output.as_deref().map(absolute).transpose()?;
        let state = match &self.state {
            Some(state) => absolute(state)?,
            None => default_state(config.as_deref().or(target.as_deref()).unwrap_or(Path::new("none")))?,
        };
        Ok(Places { config, backups, state, target, output })
    }

    /// The home's time zone.
    pub fn time_zone(&self) -> Result<TimeZone> {
        Ok(TimeZone::new(self.places()?.config, self.machine.clone()))
    }

    /// Reads `larder.toml`: the plugins of a service. Commands about backups do without.
    pub fn configure(&mut self) -> Result<()> {
        let Some(sources) = self.sources(&self.places()?)? else { return Ok(()) };
        let configuration = sources.configuration_at_start().map_err(Error::Invalid)?;
        sources.check_named_file(&configuration)?;
        self.http = configuration.http;
        self.ignored = configuration.ignored;
        self.plugins.extend(configuration.plugins.into_iter().map(|(name, plugin)| {
            let configuration::Plugin { component, hosts, settings } = plugin;
            PluginSetting { name, component, hosts, settings }
        }));
        Ok(())
    }

    /// Loads the component. Needs no home.
    pub fn runtime(&self) -> Result<Runtime> {
        match &self.plugin {
            Some(path) => self.component(path),
            None => self.compile("the built-in component", COMPONENT),
        }
    }

    fn component(&self, path: &Path) -> Result<Runtime> {
        let wasm = regular::read(path, MAX_COMPONENT)
            .doing(|| format!("cannot read the plugin {}", path.display()))?;
        self.compile(&path.display().to_string(), &wasm)
    }

    fn compile(&self, name: &str, wasm: &[u8]) -> Result<Runtime> {
        let cache =
            etcetera::choose_base_strategy().ok().map(|base| base.cache_dir().join("larder/compiled"));
        let _shown = self.compiling.map(|shown| shown());
        Runtime::new(name, wasm, self.limits.clone(), cache.as_deref())
            .map_err(|failure| Error::Invalid(failure.message))
    }

    /// A host for reading: it waits for nobody. What a killed process left is put right as far as nobody else is at work.
    pub fn reader(&self) -> Result<Host> {
        self.beside(Writes::Nothing)
    }

    /// The same for writing what a person named: the output file, or a target that is not the home.
    pub fn elsewhere(&self) -> Result<Host> {
        self.beside(Writes::Elsewhere)
    }

    /// The same for storing objects as well, each whole at any time.
    pub fn storing(&self) -> Result<Host> {
        self.beside(Writes::Objects)
    }

    /// A mistyped path, or one whose disk is not mounted, is not made. Where backups were stored before, the location says what to do.
    fn must_have_parent(&self, places: &Places) -> Result<()> {
        let Some(backups) = places.backups.as_ref().filter(|_| self.backups.is_some()) else { return Ok(()) };
        let missing = backups.parent().filter(|parent| !parent.exists());
        let Some(parent) = missing.filter(|_| !is_remembered(&self.memory(places), backups)) else {
            return Ok(());
        };
        Err(Error::NotFound(format!(
            "backups cannot be kept in {}: {} is not there. Correct the path, mount its disk, or make that directory",
            backups.display(),
            parent.display()
        )))
    }

    fn beside(&self, writes: Writes) -> Result<Host> {
        let places = self.places()?;
        self.must_have_parent(&places)?;
        // A restore that cannot be put right, or is under way, is told; it does not keep anybody from looking.
        let mut notices = self.recover(&places).unwrap_or_else(|error| vec![error.to_string()]);
        if let Some(_lock) = Lock::try_existing(&places.state) {
            notices.extend(self.clear(&places));
        }
        self.host(places, notices, writes, None)
    }

    /// A host for changing things, `purpose` in one word: alone on its state directory, its backups and its home.
    pub fn writer(&self, purpose: &str) -> Result<Host> {
        let places = self.places()?;
        self.must_have_parent(&places)?;
        let lost = lost_state(&places);
        let state = places.state.display().to_string();
        Directory::make(&places.state, 0o700).doing(|| format!("cannot make the state directory {state}"))?;
        let (locks, mut notices) = WriterLocks::take(&places, purpose)?;
        notices.extend(lost);
        notices.extend(self.recover(&places)?);
        notices.extend(self.clear(&places));
        self.host(places, notices, Writes::Everything, Some(locks))
    }

    fn host(
        &self,
        places: Places,
        notices: Vec<String>,
        writes: Writes,
        locks: Option<WriterLocks>,
    ) -> Result<Host> {
        let bus = Bus::default();
        let mut grants = self.grants(&places, bus.clone());
        grants.writes = writes;
        let said = bus.subscribe_to(LOG);
        let plugins = vec![self.backup(grants.clone())?];
        let mut notices = notices;
        notices.extend(self.ignored.iter().cloned());
        let memory = self.memory(&places);
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
        self.start_others(&mut host);
        host.notices.extend(host.plugins.iter().flat_map(|plugin| plugin.grants().documents.take_notices()));
        // What the plugins said while they were set up: nobody else could listen yet.
        host.notices.extend(said.try_iter().filter_map(|event| warning(&event)));
        Ok(host)
    }

    /// Starts the plugins beside the one for backups, all at once. One that cannot be started is in nobody's way.
    fn start_others(&self, host: &mut Host) {
        // Only these make requests, and reading the machine's certificates takes a while.
        let client = (!self.plugins.is_empty()).then(|| Client::new(&self.http));
        for (setting, client) in self.plugins.iter().zip(client.iter().cycle()) {
            let unusable = match client {
                _ if setting.name == BACKUP => {
                    Some("this is the name of the plugin for backups; give it another".to_owned())
                }
                Ok(_) => None,
                Err(error) => Some(error.to_string()),
            };
            let (own, path) = (self.clone(), setting.component.clone());
            let load = move || match &unusable {
                None => own.component(&path).map_err(|error| error.to_string()),
                Some(message) => Err(message.clone()),
            };
            let grants = self.grants_of(setting, &host.places, &host.grants, client.as_ref().ok());
            host.plugins.push(Plugin::launch(&setting.name, Arc::new(load), grants));
        }
        let since = Stopwatch::start();
        while host.plugins.iter().any(Plugin::is_starting) && since.elapsed() < START_WAIT {
            host.look_after_plugins(POLL_INTERVAL);
        }
        let late = host.plugins.iter().filter(|plugin| plugin.is_starting());
        let late = late.map(|plugin| format!("{}: the plugin is still being started", plugin.name));
        host.notices.extend(late.collect::<Vec<_>>());
    }

    /// The files of automations and notifications.
    pub(crate) fn sources(&self, places: &Places) -> Result<Option<Sources>> {
        let Some(config) = places.config.clone() else { return Ok(None) };
        // As it was named: which links lead to it decides what it may say.
        let named = |path: &Path| {
            std::path::absolute(path).doing(|| format!("cannot make {} absolute", path.display()))
        };
        let options = self.options.as_deref().map(named).transpose()?;
        let machine = self.machine_options.clone();
        let automations = self.automations.as_deref().map(absolute).transpose()?;
        Ok(Some(Sources { config, options, machine, automations }))
    }

    fn backup(&self, grants: Grants) -> Result<Plugin> {
        let runtime = self.runtime()?;
        Plugin::start(BACKUP, Arc::new(move || Ok(runtime.clone())), grants)
            .map_err(|failure| Error::Invalid(failure.message))
    }

    /// What a plugin beside the one for backups may touch: neither the home nor the backups.
    fn grants_of(
        &self,
        setting: &PluginSetting,
        places: &Places,
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

    fn grants(&self, places: &Places, bus: Bus) -> Grants {
        let mut locations: Vec<Box<dyn Location>> = Vec::new();
        if let Some(backups) = &places.backups {
            let own = self.config.as_ref().map(|config| config.join("backups"));
            let named = self.backups.clone().or(own).unwrap_or_else(|| backups.clone());
            locations.push(Box::new(LocalDirectory::new(backups.clone(), named, self.memory(places))));
        }
        if let Some(file) = &self.file {
            locations.push(Box::new(InputFile::new(file.clone())));
        }
        if let Some(output) = &places.output {
            locations.push(Box::new(OutputFile::new(output.clone())));
        }
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
            locations: Locations::new(locations),
            clock: self.clock.clone(),
            states: States::new(BACKUP, bus.clone(), self.clock.clone()),
            scheduler: Scheduler::new(BACKUP),
            documents: self.documents(places),
            settings: serde_json::json!({}),
            network: None,
            cache: Cache::new(places.state.join("cache")),
            bus,
            time_zone: TimeZone::new(places.config.clone(), self.machine.clone()),
            steps: self.steps.clone(),
            writes: Writes::Nothing,
            keep_setuid: self.keep_setuid,
        }
    }

    /// What the plugin remembers.
    fn documents(&self, places: &Places) -> Documents {
        Documents::new(places.state.join("documents"), self.steps.clone())
    }

    /// What the host itself does.
    fn memory(&self, places: &Places) -> Documents {
        Documents::new(places.state.join("host"), self.steps.clone())
    }

    /// Removes what a killed process left. What cannot be removed takes space and no more: it is told.
    fn clear(&self, places: &Places) -> Vec<String> {
        let mut notices = clear(places);
        for documents in [self.documents(places), self.memory(places)] {
            notices.extend(documents.remove_drafts().err().map(|error| error.to_string()));
        }
        Cache::new(places.state.join("cache")).remove_drafts();
        notices
    }

    /// Completes or undoes a restore that was cut; a living one has a lock of its own.
    fn recover(&self, places: &Places) -> Result<Vec<String>> {
        let mut notices = Vec::new();
        let other =
            places.target.as_ref().filter(|target| places.config.as_ref() != Some(target) && target.is_dir());
        for directory in places.config.iter().chain(other) {
            match staging::recover(directory, &self.steps)? {
                Recovered::Nothing => {}
                recovered => notices.push(recovered.to_string()),
            }
        }
        Ok(notices)
    }
}

/// Removes drafts of backups and scratch copies.
fn clear(places: &Places) -> Vec<String> {
    let mut notices = Vec::new();
    for directory in
        places.backups.iter().map(PathBuf::as_path).chain(places.output.iter().filter_map(|p| p.parent()))
    {
        let removed = |draft| format!("removed {draft}, left by a backup that was cut off");
        match remove_stale_drafts(directory) {
            Ok(drafts) => notices.extend(drafts.into_iter().map(removed)),
            Err(error) => notices.push(error.to_string()),
        }
    }
    let scratch = places.state.join("scratch");
    match fs::remove_dir_all(&scratch) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            notices.push(Error::from_io(format!("cannot remove {}", scratch.display()), &error).to_string());
        }
        _ => {}
    }
    notices
}

/// What an event says to people that they have to know.
fn warning(event: &Event) -> Option<String> {
    let data: serde_json::Value = serde_json::from_str(&event.data).ok()?;
    if Level::of(&data) > Level::Warning {
        return None;
    }
    Some(data.get("message")?.as_str()?.to_owned())
}
