//! Finds the files that configure automations and notifications.
//!
//! The home is data: whatever can write to it (Home Assistant, an integration) must not decide what this process does
//! with its rights. So the allowed contents of `larder.toml` depend on its origin: see `configuration::Origin`.

use std::fs::{self, canonicalize};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::automation::files::{self, Disk, Loaded};
use crate::automation::yaml::Parsed;
use crate::configuration::{self, Configuration, MACHINE, Origin};
use crate::error::{Doing, Error, Result as Done};

/// The most symbolic links that are followed to a file, as in Linux.
const MAX_LINKS: usize = 40;

/// The paths that were given on the command line, and the defaults.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The home's configuration directory, with links resolved. Secrets are looked up no higher than this.
    pub config: PathBuf,
    /// The `larder.toml` that was named, if any. Absolute, links not resolved.
    pub options: Option<PathBuf>,
    /// The `larder.toml` for this machine, instead of [`MACHINE`].
    pub machine: Option<PathBuf>,
    /// The file of automations that was named, if any.
    pub automations: Option<PathBuf>,
}

impl Sources {
    /// The configuration: from the named file or else the machine's, combined with the file in the home. The error is
    /// the first problem.
    pub fn configuration(&self) -> Result<Configuration, String> {
        self.configured(false)
    }

    /// The same at startup: an invalid file in the home is reported and ignored, because whatever writes to the home
    /// must not be able to prevent its backups.
    pub fn configuration_at_start(&self) -> Result<Configuration, String> {
        self.configured(true)
    }

    fn configured(&self, is_start: bool) -> Result<Configuration, String> {
        let (named, usual) = (self.options.as_deref(), self.config.join("larder.toml"));
        let (inside, outside) = match named {
            Some(named) if is_reached_through(named, &self.config, MAX_LINKS) => (Some(named), None),
            named => (None, named),
        };
        let machine = self.machine.as_deref().unwrap_or(Path::new(MACHINE));
        let outside = outside.or_else(|| machine.exists().then_some(machine));
        let inside = inside.or_else(|| usual.exists().then_some(&usual));
        let read =
            |path: Option<&Path>| path.map_or_else(|| Ok(Configuration::default()), |it| self.read(it));
        let above = read(outside).map_err(|problem| problem.to_string())?;
        match read(inside).map_err(|problem| problem.to_string()) {
            Ok(below) => Ok(above.with_fallback(below)),
            Err(problem) if is_start => {
                let ignored = vec![format!("{problem}; the whole file is ignored until this is fixed")];
                Ok(above.with_fallback(Configuration { ignored, ..Configuration::default() }))
            }
            Err(problem) => Err(problem),
        }
    }

    fn read(&self, path: &Path) -> Parsed<Configuration> {
        let origin = match is_reached_through(path, &self.config, MAX_LINKS) {
            true => Origin::Home,
            false => Origin::Outside,
        };
        configuration::load(&Disk, path, origin)
    }

    /// The path of the file of automations, whether it exists or not.
    pub fn automations_file(&self, configuration: &Configuration) -> PathBuf {
        let named = self.automations.as_ref().or(configuration.automations.as_ref());
        named.cloned().unwrap_or_else(|| self.config.join("automations.yaml"))
    }

    /// Whether this is the home's own file, whose automations Home Assistant runs too.
    pub fn is_shared(&self, file: &Path) -> bool {
        match (canonicalize(file), canonicalize(self.config.join("automations.yaml"))) {
            (Ok(file), Ok(own)) => file == own,
            _ => false,
        }
    }

    /// Checks that a file of automations that was named exists and is a file.
    pub fn check_named_file(&self, configuration: &Configuration) -> Done<()> {
        let Some(file) = self.automations.as_ref().or(configuration.automations.as_ref()) else {
            return Ok(());
        };
        let what = || format!("cannot read the automations {}", file.display());
        match file.metadata().doing(what)?.is_dir() {
            true => Err(Error::Invalid(format!("{}: it is a directory; pass a file", what()))),
            false => Ok(()),
        }
    }

    /// Loads the automations. Empty if no file was named and the default does not exist.
    pub fn automations(&self, configuration: &Configuration) -> Loaded {
        let file = self.automations_file(configuration);
        let is_named = self.automations.is_some() || configuration.automations.is_some();
        match is_named || file.exists() {
            true => files::load(&Disk, &self.config, &file),
            false => Loaded::default(),
        }
    }
}

/// The configuration of a command without a home: the named file or else the machine's. The error is the first problem.
pub fn without_home(options: Option<&Path>, machine: Option<&Path>) -> Result<Configuration, String> {
    let machine = machine.unwrap_or(Path::new(MACHINE));
    let file = options.or_else(|| machine.exists().then_some(machine));
    let read = file.map(|file| configuration::load(&Disk, file, Origin::Outside)).transpose();
    read.map(Option::unwrap_or_default).map_err(|problem| problem.to_string())
}

fn same(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

/// Whether a path is in the home or reached through it, so that whatever writes to the home decides what is read.
fn is_reached_through(path: &Path, home: &Path, links: usize) -> bool {
    let Some(above) = path.parent() else { return false };
    // The same directory may have another path, for example by a mount.
    let is_home = |path: &Path| same(path, home);
    let is_in_it = |path: &Path| path.starts_with(home) || path.ancestors().any(is_home);
    let leads = match fs::read_link(path) {
        Ok(target) => links == 0 || is_reached_through(&above.join(target), home, links.saturating_sub(1)),
        Err(_) => false,
    };
    leads
        || is_in_it(path)
        || fs::canonicalize(path).is_ok_and(|real| is_in_it(&real))
        || is_reached_through(above, home, links)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_path_that_is_reached_through_the_home_is_in_it() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        fs::create_dir_all(at("home/below")).unwrap();
        fs::create_dir(at("etc")).unwrap();
        for file in ["home/larder.toml", "home/below/x", "etc/real"] {
            fs::write(at(file), "").unwrap();
        }
        symlink("../home/larder.toml", at("etc/into")).unwrap();
        symlink("../etc/real", at("home/out")).unwrap();
        symlink("../home/out", at("etc/through")).unwrap();
        symlink("../home/below", at("etc/directory")).unwrap();
        symlink("../etc", at("home/back")).unwrap();
        symlink("real", at("etc/beside")).unwrap();
        symlink("round", at("etc/round")).unwrap();
        symlink("../home/nothing", at("etc/dangling")).unwrap();
        let inside = [
            "home/larder.toml",
            "home/nothing",
            "etc/into",
            "home/out",
            "etc/through",
            "etc/directory/x",
            "home/back/real",
            "etc/../home/larder.toml",
            "etc/round",
            "etc/dangling",
        ];
        for path in inside {
            assert!(is_reached_through(&at(path), &at("home"), MAX_LINKS), "{path}");
        }
        for path in ["etc/real", "etc/beside", "etc/nothing", "home-2/x"] {
            assert!(!is_reached_through(&at(path), &at("home"), MAX_LINKS), "{path}");
        }
    }
}
