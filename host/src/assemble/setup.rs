//! The setup of one host: the choices of the user, and the directories and files that follow from them.
//!
//! Starts nothing: `build` turns a setup into a running host.

use std::path::{Path, PathBuf};

use super::paths::{absolute, default_state, home};
use crate::configuration;
use crate::configuration::{Configuration, Locations, Sources, without_home};
use crate::error::{Doing, Error, Result};
use crate::plugin::PluginSetting;
use crate::steps::Steps;
use crate::storage::directories::Directories;
use crate::storage::documents::Documents;
use crate::time::clock::Clock;
use crate::time::timezone::{Machine, TimeZone};
use crate::tunables::Limits;

/// The choices of the user. Paths may be relative.
#[derive(Clone, Default)]
pub struct HostSetup {
    /// The Home Assistant configuration directory. Some commands need none.
    pub config: Option<PathBuf>,
    /// The directory of the local location; `<config>/backups` when absent.
    pub backups: Option<PathBuf>,
    /// Larder's state directory; below the XDG state directory when absent.
    pub state: Option<PathBuf>,
    /// A component to use instead of the built-in one.
    pub plugin: Option<PathBuf>,
    /// A file outside the locations that may be read as a backup.
    pub file: Option<PathBuf>,
    /// A file outside the locations that may be written as a backup.
    pub output: Option<PathBuf>,
    /// Where to restore or extract to, when not in place.
    pub target: Option<PathBuf>,
    /// Whether a restore as root sets the set-user-id and set-group-id bits that the backup records.
    pub keep_setuid: bool,
    /// `larder.toml`; the machine's file when absent, if it exists. The file in the configuration directory ranks below it.
    pub options: Option<PathBuf>,
    /// The machine's `larder.toml`, instead of `/etc/larder/larder.toml`.
    pub machine_options: Option<PathBuf>,
    /// Messages about keys of `larder.toml` that are ignored in the file they are in. Filled by `configure`.
    pub ignored: Vec<String>,
    /// The file of automations. When absent: the one that `larder.toml` names, or `automations.yaml` in the configuration
    /// directory, if it exists.
    pub automations: Option<PathBuf>,
    /// Locations besides the local one. Filled by `read_locations` and `configure`.
    pub locations: Vec<configuration::Location>,
    /// Schedules besides Home Assistant's own, as the backup plugin takes them; null without any. Filled like `locations`.
    pub schedules: serde_json::Value,
    /// Plugins besides the backup plugin. `configure` adds those that `larder.toml` names.
    pub plugins: Vec<PluginSetting>,
    /// How these plugins make HTTP requests.
    pub http: crate::http_client::Settings,
    pub limits: Limits,
    pub steps: Steps,
    pub clock: Clock,
    /// Called when a component is about to be compiled. The returned value is dropped when that is done.
    pub compiling: Option<fn() -> Box<dyn std::any::Any>>,
    /// The machine's time zone, used when the home names none.
    pub machine: Machine,
}

impl HostSetup {
    /// Resolves all directories.
    pub fn places(&self) -> Result<Directories> {
        let config = self.config.as_deref().map(home).transpose()?;
        let given = self.backups.as_deref().map(absolute).transpose()?;
        let backups = given.or_else(|| config.as_ref().map(|config| config.join("backups")));
        let target = self.target.as_deref().map(absolute).transpose()?.or_else(|| config.clone());
        let output = self.output.as_deref().map(absolute).transpose()?;
        let state = match &self.state {
            Some(state) => absolute(state)?,
            None => default_state(config.as_deref().or(target.as_deref()).unwrap_or(Path::new("none")))?,
        };
        Ok(Directories { config, backups, state, target, output })
    }

    /// The home's time zone.
    pub fn time_zone(&self) -> Result<TimeZone> {
        Ok(TimeZone::new(self.places()?.config, self.machine.clone()))
    }

    /// Reads the locations and schedules of `larder.toml`, for commands that start no plugins besides the backup plugin. Returns warnings
    /// about them. Fails if a file outside the home is invalid; an invalid one in the home has neither.
    pub fn read_locations(&mut self) -> Result<Vec<String>> {
        // The command itself says what is wrong with a directory.
        let Ok(places) = self.places() else { return Ok(Vec::new()) };
        let configuration = match self.sources(&places)? {
            Some(sources) => sources.configuration_at_start(),
            None => {
                let options = self.options.as_deref().map(absolute).transpose()?;
                without_home(options.as_deref(), self.machine_options.as_deref())
            }
        };
        Ok(self.take_locations(configuration.map_err(Error::Invalid)?).1)
    }

    /// Takes the locations and schedules, and how to reach them. Returns the rest and the warnings.
    fn take_locations(&mut self, mut configuration: Configuration) -> (Configuration, Vec<String>) {
        let Locations { by_name, warnings } = std::mem::take(&mut configuration.locations);
        self.locations = by_name.into_values().collect();
        self.schedules = configuration.schedules.take();
        self.http = configuration.http.clone();
        (configuration, warnings)
    }

    /// Reads all of `larder.toml`, and adds the plugins that it names.
    pub fn configure(&mut self) -> Result<()> {
        let Some(sources) = self.sources(&self.places()?)? else {
            self.ignored = self.read_locations()?;
            return Ok(());
        };
        let configuration = sources.configuration_at_start().map_err(Error::Invalid)?;
        sources.check_named_file(&configuration)?;
        let (configuration, warnings) = self.take_locations(configuration);
        self.ignored = configuration.ignored;
        self.ignored.extend(warnings);
        self.plugins.extend(configuration.plugins.into_iter().map(|(name, plugin)| {
            let configuration::Plugin { component, hosts, settings } = plugin;
            PluginSetting { name, component, hosts, settings }
        }));
        Ok(())
    }

    /// The files that configure automations and notifications. `None` without a home.
    pub(crate) fn sources(&self, places: &Directories) -> Result<Option<Sources>> {
        let Some(config) = places.config.clone() else { return Ok(None) };
        // Links stay unresolved here: how a path was written decides how far its file is trusted.
        let named = |path: &Path| {
            std::path::absolute(path).doing(|| format!("cannot make {} absolute", path.display()))
        };
        let options = self.options.as_deref().map(named).transpose()?;
        let machine = self.machine_options.clone();
        let automations = self.automations.as_deref().map(absolute).transpose()?;
        Ok(Some(Sources { config, options, machine, automations }))
    }

    /// The backup plugin's stored documents.
    pub(super) fn plugin_documents(&self, places: &Directories) -> Documents {
        Documents::new(places.state.join("documents"), self.steps.clone())
    }

    /// The host's own stored documents.
    pub(super) fn host_documents(&self, places: &Directories) -> Documents {
        Documents::new(places.state.join("host"), self.steps.clone())
    }
}
