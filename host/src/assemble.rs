//! The one place that names concrete parts: directories, locations and the component become a running host.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::BaseStrategy;

use crate::bus::{Bus, Event, LOG};
use crate::cache::Cache;
use crate::clock::Clock;
use crate::documents::Documents;
use crate::error::{Doing, Error, Result};
use crate::locations::{LocalDirectory, Location, Locations, OutputFile, SingleFile, remove_stale_drafts};
use crate::lock::Lock;
use crate::options::{LOCK_WAIT, Limits};
use crate::runtime::{Failure, Grants, Manager, Runtime};
use crate::scheduler::Scheduler;
use crate::staging::{self, Recovered};
use crate::states::States;
use crate::steps::Steps;

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
    pub limits: Limits,
    pub steps: Steps,
    pub clock: Clock,
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
    fn places(&self) -> Result<Places> {
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

    /// Loads the component. Needs no home.
    pub fn runtime(&self) -> Result<Runtime> {
        let read =
            |path: &PathBuf| fs::read(path).doing(|| format!("cannot read the plugin {}", path.display()));
        let given = self.plugin.as_ref().map(read).transpose()?;
        let name =
            self.plugin.as_ref().map_or("the built-in component".into(), |path| path.display().to_string());
        let cache = etcetera::choose_base_strategy().ok().map(|base| base.cache_dir().join("larder"));
        Runtime::new(&name, given.as_deref().unwrap_or(COMPONENT), self.limits.clone(), cache.as_deref())
            .map_err(|failure| Error::Invalid(failure.message))
    }

    /// A host for reading: it waits for nobody. What a killed process left is put right as far as nobody else is at work.
    pub fn reader(&self) -> Result<Host> {
        let places = self.places()?;
        // A restore that cannot be put right, or is under way, is told; it does not keep anybody from looking.
        let mut notices = self.recover(&places).unwrap_or_else(|error| vec![error.to_string()]);
        let lock = places.state.is_dir().then(|| Lock::take(&places.state, "start", Duration::ZERO));
        if let Some(Ok(_lock)) = lock {
            notices.extend(self.clear(&places));
        }
        self.host(places, notices, None)
    }

    /// A host for changing things, `purpose` in one word: alone on its state directory.
    pub fn writer(&self, purpose: &str) -> Result<Host> {
        let places = self.places()?;
        let state = places.state.display().to_string();
        fs::create_dir_all(&places.state).doing(|| format!("cannot make the state directory {state}"))?;
        let lock = Lock::take(&places.state, purpose, LOCK_WAIT)?;
        let mut notices = self.recover(&places)?;
        notices.extend(self.clear(&places));
        self.host(places, notices, Some(lock))
    }

    fn host(&self, places: Places, notices: Vec<String>, lock: Option<Lock>) -> Result<Host> {
        let bus = Bus::default();
        let mut grants = self.grants(&places, bus.clone());
        grants.may_write = lock.is_some();
        let runtime = self.runtime()?;
        let said = bus.subscribe();
        let manager =
            Manager::start(&runtime, grants.clone()).map_err(|failure| Error::Invalid(failure.message))?;
        let mut notices = notices;
        notices.extend(grants.documents.take_notices());
        // What the plugin said while it was set up: nobody else could listen yet.
        notices.extend(said.try_iter().filter(|event| event.topic == LOG).filter_map(sentence));
        Ok(Host { manager, runtime, grants, bus, places, notices, steps: self.steps.clone(), _lock: lock })
    }

    fn grants(&self, places: &Places, bus: Bus) -> Grants {
        let mut locations: Vec<Box<dyn Location>> = Vec::new();
        if let Some(backups) = &places.backups {
            let own = self.config.as_ref().map(|config| config.join("backups"));
            let named = self.backups.clone().or(own).unwrap_or_else(|| backups.clone());
            locations.push(Box::new(LocalDirectory::new(backups.clone(), named, self.memory(places))));
        }
        if let Some(file) = &self.file {
            locations.push(Box::new(SingleFile::new(file.clone())));
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
            states: States::new(bus.clone(), self.clock.clone()),
            scheduler: Scheduler::default(),
            documents: self.documents(places),
            cache: Cache::new(places.state.join("cache")),
            bus,
            time_zone: iana_time_zone::get_timezone().unwrap_or_else(|_| "UTC".into()),
            steps: self.steps.clone(),
            may_write: false,
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
    let doing = || format!("cannot remove {}", scratch.display());
    if scratch.exists()
        && let Err(error) = fs::remove_dir_all(&scratch).doing(doing)
    {
        notices.push(error.to_string());
    }
    notices
}

/// A running host. Dropping it ends the plugin and frees the state directory.
pub struct Host {
    pub manager: Manager,
    runtime: Runtime,
    grants: Grants,
    pub bus: Bus,
    pub places: Places,
    /// What was put right at the start, for people.
    pub notices: Vec<String>,
    pub steps: Steps,
    _lock: Option<Lock>,
}

impl Host {
    pub fn clock(&self) -> &Clock {
        &self.grants.clock
    }

    pub fn states(&self) -> &States {
        &self.grants.states
    }

    pub fn scheduler(&self) -> &Scheduler {
        &self.grants.scheduler
    }

    pub fn limits(&self) -> &Limits {
        self.runtime.limits()
    }

    /// Starts the plugin anew, in place of one that has ended.
    pub fn restart(&mut self) -> std::result::Result<(), Failure> {
        self.manager = Manager::start(&self.runtime, self.grants.clone())?;
        self.notices.extend(self.grants.documents.take_notices());
        Ok(())
    }
}

/// What an event says to people.
fn sentence(event: Event) -> Option<String> {
    let data: serde_json::Value = serde_json::from_str(&event.data).ok()?;
    Some(data.get("message")?.as_str()?.to_owned())
}

/// The configuration directory, through links.
fn home(config: &Path) -> Result<PathBuf> {
    let what = || format!("cannot open the configuration directory {}", config.display());
    let real = fs::canonicalize(config).doing(what)?;
    match real.is_dir() {
        true => Ok(real),
        false => {
            Err(Error::Invalid(format!("the configuration directory {} is not a directory", real.display())))
        }
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(path).doing(|| format!("cannot make {} absolute", path.display()))?;
    // Through links, as far as it exists: engines compare these paths.
    let existing = absolute.ancestors().find_map(|known| {
        let (real, rest) = (fs::canonicalize(known).ok()?, absolute.strip_prefix(known).ok()?);
        // Joining nothing would add a slash, and a file with one behind it is not found.
        Some(if rest == Path::new("") { real } else { real.join(rest) })
    });
    Ok(existing.unwrap_or(absolute))
}

/// One state directory a home: the home's name for people, a digest of its path against mix-ups.
fn default_state(config: &Path) -> Result<PathBuf> {
    let base = etcetera::choose_base_strategy().map_err(|error| {
        Error::NotFound(format!("there is no home directory for the state: {error}; use --state"))
    })?;
    let base = base.state_dir().unwrap_or_else(|| base.data_dir());
    let name = config.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(base.join("larder").join(format!("{name}-{:08x}", digest(config))))
}

/// FNV-1a, 32 bits: stable over versions of Rust, unlike the standard library's.
fn digest(path: &Path) -> u32 {
    use std::os::unix::ffi::OsStrExt;
    let step = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    path.as_os_str().as_bytes().iter().fold(0x811c_9dc5, step)
}
