//! The locations of a host: the local directory, and files that a user named. A new kind of location is created here.

use super::setup::HostSetup;
use crate::storage::directories::Directories;
use crate::storage::locations::{InputFile, LocalDirectory, Location, Locations, OutputFile};

impl HostSetup {
    /// All locations, in a fixed order.
    pub(super) fn locations(&self, places: &Directories) -> Locations {
        let mut locations: Vec<Box<dyn Location>> = Vec::new();
        if let Some(backups) = &places.backups {
            let own = self.config.as_ref().map(|config| config.join("backups"));
            let named = self.backups.clone().or(own).unwrap_or_else(|| backups.clone());
            locations.push(Box::new(LocalDirectory::new(
                backups.clone(),
                named,
                self.host_documents(places),
            )));
        }
        if let Some(file) = &self.file {
            locations.push(Box::new(InputFile::new(file.clone())));
        }
        if let Some(output) = &places.output {
            locations.push(Box::new(OutputFile::new(output.clone())));
        }
        Locations::new(locations)
    }
}
