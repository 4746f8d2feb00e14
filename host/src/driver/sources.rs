//! The files that say what automations there are and where notifications go.

use std::fs::canonicalize;
use std::path::{Path, PathBuf};

use crate::automation::files::{self, Disk, Loaded};
use crate::configuration::{self, Configuration};
use crate::error::{Doing, Error, Result as Done};

/// What a person wrote, and what is looked for when nothing was said.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The home's configuration directory: secrets are looked for up to here.
    pub config: PathBuf,
    /// `larder.toml`, when one was named.
    pub options: Option<PathBuf>,
    /// The file of automations, when one was named.
    pub automations: Option<PathBuf>,
}

impl Sources {
    /// What `larder.toml` says; nothing when there is none and none was named. The error is its first problem.
    pub fn configuration(&self) -> Result<Configuration, String> {
        let usual = self.config.join("larder.toml");
        match &self.options {
            None if !usual.exists() => Ok(Configuration::default()),
            named => configuration::load(&Disk, named.as_ref().unwrap_or(&usual))
                .map_err(|problem| problem.to_string()),
        }
    }

    /// The file of automations, whether it is there or not.
    pub fn automations_file(&self, configuration: &Configuration) -> PathBuf {
        let named = self.automations.as_ref().or(configuration.automations.as_ref());
        named.cloned().unwrap_or_else(|| self.config.join("automations.yaml"))
    }

    /// Whether Home Assistant runs the automations of this file, too: it is the home's own.
    pub fn is_shared(&self, file: &Path) -> bool {
        match (canonicalize(file), canonicalize(self.config.join("automations.yaml"))) {
            (Ok(file), Ok(own)) => file == own,
            _ => false,
        }
    }

    /// A file of automations that somebody named has to be there, as any file that is named.
    pub fn must_be_there(&self, configuration: &Configuration) -> Done<()> {
        let Some(file) = self.automations.as_ref().or(configuration.automations.as_ref()) else {
            return Ok(());
        };
        let what = || format!("cannot read the automations {}", file.display());
        match file.metadata().doing(what)?.is_dir() {
            true => Err(Error::Invalid(format!("{}: it is a directory; name a file", what()))),
            false => Ok(()),
        }
    }

    /// The automations; nothing when there is no file and none was named.
    pub fn automations(&self, configuration: &Configuration) -> Loaded {
        let file = self.automations_file(configuration);
        let is_named = self.automations.is_some() || configuration.automations.is_some();
        match is_named || file.exists() {
            true => files::load(&Disk, &self.config, &file),
            false => Loaded::default(),
        }
    }
}
