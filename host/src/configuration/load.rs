//! Loads `larder.toml` and checks its tables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::credentials::Credentials;
use super::keys::{entries, seconds, text, texts};
use super::location::Locations;
use super::origin::{MACHINE, Origin};
use super::{keys, locations, schedules, targets, tree};
use crate::automation::files::{Source, fill};
use crate::automation::parse::keys::Keys;
use crate::automation::trace::redacted;
use crate::automation::yaml::{Node, Parsed, Place, Problem};
use crate::http_client::{Hosts, Settings};
use crate::notify::Target;
use crate::tunables::automations::MAX_FILE;
use crate::tunables::configuration::{MAX_LOCATIONS, MAX_SCHEDULES};
use crate::tunables::http::{LONGEST_TIME, REQUEST_TIME};
use crate::tunables::notify::MAX_TARGETS;

/// The contents of the file. Paths have been resolved against its directory.
#[derive(Default)]
pub struct Configuration {
    /// The file of automations.
    pub automations: Option<PathBuf>,
    pub http: Settings,
    /// Notification targets by name.
    pub notify: BTreeMap<String, Target>,
    /// Plugins by name, without the backup plugin.
    pub plugins: BTreeMap<String, Plugin>,
    /// Locations besides the local one.
    pub locations: Locations,
    /// The tables `[schedules.NAME]` as the backup plugin takes them, `{"schedules": {NAME: …}}`; null without any.
    pub schedules: Value,
    /// Messages about tables that are ignored because of the file's origin.
    pub ignored: Vec<String>,
    /// Values that must not be shown: secrets, tokens and passwords.
    pub secrets: Vec<String>,
    /// Every file that was read, so that changes can be watched.
    pub files: Vec<PathBuf>,
}

/// A plugin that is loaded in addition to the backup plugin.
pub struct Plugin {
    pub component: PathBuf,
    /// The hosts that it may connect to.
    pub hosts: Hosts,
    /// The settings that it receives, a JSON object.
    pub settings: Value,
}

/// Loads the file. Fails with the first error in it.
pub fn load(source: &dyn Source, path: &Path, origin: Origin) -> Parsed<Configuration> {
    let directory = path.parent().unwrap_or(Path::new(""));
    let shown: Arc<str> = path.strip_prefix(directory).unwrap_or(path).display().to_string().into();
    let start = Place { file: shown.clone(), line: 1, column: 1 };
    let read = source.read(path).map_err(|reason| {
        start.problem(format!("cannot read {}: {reason}; check the path and its permissions", path.display()))
    })?;
    if read.len() > MAX_FILE {
        return Err(start.problem(format!("the file is larger than {} MiB; shorten it", MAX_FILE >> 20)));
    }
    let mut root = tree::parse(&shown, &read)?;
    let (files, secrets) = fill(source, directory, path, &mut root)?;
    let mut configuration = Configuration { secrets, ..Configuration::default() };
    configuration.files.push(path.to_owned());
    configuration.files.extend(files);
    match configuration.read(source, &root, directory, origin) {
        Ok(()) => Ok(configuration),
        // A secret may stand where a message quotes it.
        Err(problem) => Err(Problem { text: redacted(&problem.text, &configuration.secrets), ..problem }),
    }
}

impl Configuration {
    fn read(&mut self, source: &dyn Source, root: &Node, directory: &Path, origin: Origin) -> Parsed<()> {
        let mut keys = Keys::of(root, "this file")?;
        self.automations = text(&mut keys, "automations")?.map(|path| directory.join(path));
        if let Some((place, node)) = keys.take("http") {
            let http = http(node, directory)?;
            match origin {
                Origin::Outside => self.http = http,
                Origin::Home => self.ignore(place, "http", "it redirects all requests"),
            }
        }
        self.read_targets(&mut keys, directory, origin)?;
        self.read_locations(source, &mut keys, directory, origin)?;
        self.read_schedules(&mut keys, origin)?;
        for (name, node) in entries(&mut keys, "plugins")? {
            let plugin = plugin(node, directory)?;
            match origin {
                Origin::Outside => drop(self.plugins.insert(name, plugin)),
                Origin::Home => self.ignore(&node.place, &format!("plugins.{name}"), "it loads a program"),
            }
        }
        keys.finish()
    }

    fn read_targets(&mut self, keys: &mut Keys, directory: &Path, origin: Origin) -> Parsed<()> {
        let targets = entries(keys, "notify")?;
        if let Some((_, node)) = targets.get(MAX_TARGETS) {
            return Err(node.place.problem(format!("more than {MAX_TARGETS} targets; remove some")));
        }
        for (name, node) in targets {
            let target = targets::target(node, directory, &mut self.secrets)?;
            match origin.refuses(&target) {
                Some(why) => self.ignore(&node.place, &format!("notify.{name}"), why),
                None => drop(self.notify.insert(name, target)),
            }
        }
        Ok(())
    }

    fn read_locations(
        &mut self,
        source: &dyn Source,
        keys: &mut Keys,
        directory: &Path,
        origin: Origin,
    ) -> Parsed<()> {
        let tables = entries(keys, "locations")?;
        if let Some((_, node)) = tables.get(MAX_LOCATIONS) {
            return Err(node.place.problem(format!("more than {MAX_LOCATIONS} locations; remove some")));
        }
        let mut adopted = BTreeMap::new();
        for (name, node) in tables {
            // Not even read in the home: its errors would tell which files this machine has.
            if let Some(why) = origin.refuses_locations() {
                self.locations.warnings.push(ignored(&node.place, &format!("locations.{name}"), why));
                continue;
            }
            let mut credentials = Credentials {
                source,
                directory,
                secrets: &mut self.secrets,
                files: &mut self.files,
                warnings: &mut self.locations.warnings,
            };
            let location = locations::location(&name, node, &mut credentials, &mut adopted)?;
            self.locations.by_name.insert(name, location);
        }
        Ok(())
    }

    fn read_schedules(&mut self, keys: &mut Keys, origin: Origin) -> Parsed<()> {
        let tables = entries(keys, "schedules")?;
        if let Some((_, node)) = tables.get(MAX_SCHEDULES) {
            return Err(node.place.problem(format!("more than {MAX_SCHEDULES} schedules; remove some")));
        }
        let mut schedules = Map::new();
        for (name, node) in tables {
            match origin.refuses_schedules() {
                Some(why) => {
                    self.locations.warnings.push(ignored(&node.place, &format!("schedules.{name}"), why));
                }
                None => drop(schedules.insert(name, schedules::schedule(node, &self.locations)?)),
            }
        }
        if !schedules.is_empty() {
            self.schedules = json!({"schedules": schedules});
        }
        Ok(())
    }

    /// Reports that a table is ignored.
    fn ignore(&mut self, place: &Place, table: &str, why: &str) {
        self.ignored.push(ignored(place, table, why));
    }

    /// Adds what `other` contains. On conflict, this configuration wins.
    pub fn with_fallback(mut self, other: Self) -> Self {
        self.automations = self.automations.or(other.automations);
        for (name, target) in other.notify {
            self.notify.entry(name).or_insert(target);
        }
        // A file in the home defines no locations and no schedules.
        self.locations.warnings.extend(other.locations.warnings);
        self.ignored.extend(other.ignored);
        self.secrets.extend(other.secrets);
        self.files.extend(other.files);
        self
    }
}

/// The message about a table that is ignored.
fn ignored(place: &Place, table: &str, why: &str) -> String {
    let text = format!(
        "[{table}] is ignored: {why}, which a file in the home may not do, because anything that writes to the home \
         could change it; move it to {MACHINE}, or to a file outside the home that \
         is passed with --options"
    );
    place.problem(text).to_string()
}

fn http(node: &Node, directory: &Path) -> Parsed<Settings> {
    let mut keys = Keys::of(node, "[http]")?;
    let settings = Settings {
        proxy: text(&mut keys, "proxy")?,
        no_proxy: texts(&mut keys, "no_proxy")?.into_iter().map(|(_, text)| text).collect(),
        ca_file: text(&mut keys, "ca_file")?.map(|path| directory.join(path)),
        time: seconds(&mut keys, "timeout", LONGEST_TIME)?.unwrap_or(REQUEST_TIME),
    };
    keys.finish()?;
    Ok(settings)
}

fn plugin(node: &Node, directory: &Path) -> Parsed<Plugin> {
    let mut keys = Keys::of(node, "a plugin")?;
    let component = keys.need("component", "the file of its WebAssembly component, relative to this one")?;
    let component = directory.join(keys::as_text(component, "component")?);
    let hosts = texts(&mut keys, "hosts")?;
    for (place, host) in &hosts {
        Hosts::listed(&[host]).map_err(|text| place.problem(text))?;
    }
    let hosts: Vec<String> = hosts.into_iter().map(|(_, host)| host).collect();
    let hosts = Hosts::listed(&hosts).map_err(|text| node.place.problem(text))?;
    let settings = match keys.take("settings") {
        Some((_, node)) => Keys::of(node, "a table of settings").map(|_| node.to_json())?,
        None => Value::Object(Default::default()),
    };
    keys.finish()?;
    Ok(Plugin { component, hosts, settings })
}
