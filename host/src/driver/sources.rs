//! The files that say what automations there are and where notifications go.

use std::path::PathBuf;

use crate::automation::files::{self, Disk, Loaded};
use crate::configuration::{self, Configuration};

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
