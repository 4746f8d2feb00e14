//! The machine's zone: the environment variable `TZ`, then its own setting.

use std::path::{Path, PathBuf};

/// What the machine says about its time zone.
#[derive(Debug, Clone)]
pub struct Machine {
    /// The environment variable `TZ`, if it is set.
    pub tz: Option<String>,
    /// The name of the zone that the machine is set to.
    pub name: Option<String>,
    /// Why the machine's zone has no name, if it has a zone without one.
    pub unnamed: Option<String>,
    /// The directory of the machine's zone database.
    pub database: PathBuf,
}

/// The zone database of most Linux systems.
const DATABASE: &str = "/usr/share/zoneinfo";
const LOCAL_TIME: &str = "/etc/localtime";

impl Default for Machine {
    /// The machine that this process runs on.
    fn default() -> Self {
        let tz = std::env::var_os("TZ").map(|tz| tz.to_string_lossy().into_owned());
        let name = iana_time_zone::get_timezone().ok();
        let is_unnamed = name.is_none() && Path::new(LOCAL_TIME).exists();
        let unnamed = is_unnamed.then(|| {
            format!("{LOCAL_TIME} does not say the zone's name; make it a link into {DATABASE} or set TZ")
        });
        let database = std::env::var_os("TZDIR").filter(|path| !path.is_empty());
        Self { tz, name, unnamed, database: database.map_or_else(|| DATABASE.into(), PathBuf::from) }
    }
}

impl Machine {
    /// The names to try when the home has none, in order, each with its origin.
    pub(super) fn named(&self) -> Vec<(String, String)> {
        let tz = self.tz.as_deref().map(|tz| (self.name_in(tz), "the environment variable TZ".to_owned()));
        let own = self.name.clone().map(|name| (name, "the machine".to_owned()));
        tz.into_iter().chain(own).collect()
    }

    /// The zone's name in `TZ`. It may follow a colon, or be a path into the database. An empty one is UTC.
    fn name_in(&self, tz: &str) -> String {
        let name = tz.strip_prefix(':').unwrap_or(tz);
        let below = [self.database.as_path(), Path::new(DATABASE)];
        let below = below.iter().find_map(|database| Path::new(name).strip_prefix(database).ok());
        match below.and_then(Path::to_str) {
            _ if name.is_empty() => "UTC".into(),
            Some(below) => below.into(),
            None => name.into(),
        }
    }
}
