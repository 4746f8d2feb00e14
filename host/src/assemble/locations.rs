//! The locations of a host: the local directory, those of `larder.toml`, and files that a user named. A new kind of location is created here.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::Arc;

use larder_remote::protocol::Protocol;
use larder_remote::settings::Environment;
use larder_remote::{Options, Remote};

use super::paths::absolute;
use super::setup::HostSetup;
use crate::configuration::{Location as Configured, LocationKind};
use crate::error::{Error, Result};
use crate::http_client::Routes;
use crate::storage::directories::Directories;
use crate::storage::documents::Documents;
use crate::storage::locations::{
    DirectoryLocation, InputFile, Location, Locations, OutputFile, RemoteLocation, RemoteMemory,
    UnusableLocation,
};

/// The directory of the staging area, below the state directory.
const STAGING: &str = "staging";

impl HostSetup {
    /// All locations, in a fixed order.
    pub(super) fn locations(&self, places: &Directories) -> Locations {
        let mut locations: Vec<Box<dyn Location>> = Vec::new();
        if let Some(backups) = &places.backups {
            let own = self.config.as_ref().map(|config| config.join("backups"));
            let named = self.backups.clone().or(own).unwrap_or_else(|| backups.clone());
            let memory = self.host_documents(places);
            locations.push(Box::new(DirectoryLocation::local(backups.clone(), named, memory.clone())));
            let network = OnceCell::new();
            let configured = |it| self.configured(it, places, &network);
            locations.extend(self.locations.iter().map(configured));
            locations.push(Box::new(DirectoryLocation::staging(places.state.join(STAGING), memory)));
        }
        if let Some(file) = &self.file {
            locations.push(Box::new(InputFile::new(file.clone())));
        }
        if let Some(output) = &places.output {
            locations.push(Box::new(OutputFile::new(output.clone())));
        }
        Locations::new(locations)
    }

    /// The directories of locations besides the local one, and of the staging area.
    pub(super) fn directories(&self, places: &Directories) -> Vec<PathBuf> {
        let named = self.locations.iter().filter_map(|location| match &location.kind {
            LocationKind::Directory { path } => Some(path.clone()),
            _ => None,
        });
        named.chain([places.state.join(STAGING)]).collect()
    }

    /// A location of `larder.toml`. One that cannot be used is a location all the same: whoever uses it gets the reason.
    fn configured(
        &self,
        location: &Configured,
        places: &Directories,
        network_cell: &OnceCell<Result<Routes>>,
    ) -> Box<dyn Location> {
        self.connected(location, places, network_cell).unwrap_or_else(|error| {
            Box::new(UnusableLocation::new(location.id.clone(), location.name.clone(), error))
        })
    }

    /// `network_cell` is filled when the first location needs it: reading the machine's certificates takes a while.
    fn connected(
        &self,
        location: &Configured,
        places: &Directories,
        network_cell: &OnceCell<Result<Routes>>,
    ) -> Result<Box<dyn Location>> {
        let network = || network_cell.get_or_init(|| Routes::new(&self.http)).as_ref().map_err(Error::clone);
        let clock = self.clock.clone();
        let environment = Environment { now: Arc::new(move || clock.now().seconds) };
        let (protocol, directory): (Arc<dyn Protocol>, String) = match &location.kind {
            LocationKind::Directory { path } => {
                return Ok(Box::new(DirectoryLocation::new(
                    &location.id,
                    &location.name,
                    &location.layout,
                    location.adopts.clone(),
                    absolute(path)?,
                    path.clone(),
                    self.host_documents(places),
                )));
            }
            LocationKind::S3(s3) => {
                let http = network()?.to(&s3.endpoint);
                let opened = larder_remote::s3::S3Location::new(s3.clone(), http, environment.clone());
                (Arc::new(opened.map_err(unusable)?), String::new())
            }
            LocationKind::WebDav(webdav) => {
                let http = network()?.to(&webdav.url);
                let opened =
                    larder_remote::webdav::WebDavLocation::new(webdav.clone(), http, environment.clone());
                (Arc::new(opened.map_err(unusable)?), String::new())
            }
            LocationKind::Sftp(sftp) => {
                let opened = larder_remote::sftp::SftpLocation::new(sftp.clone(), environment.clone());
                (Arc::new(opened.map_err(unusable)?), sftp.path.clone())
            }
        };
        let memory = Documents::new(memory_of(places), self.steps.clone());
        let options = Options { verify: location.verify, bandwidth: location.bandwidth };
        Ok(Box::new(RemoteLocation {
            remote: Remote::new(
                location.id.clone(),
                protocol,
                Arc::new(RemoteMemory(memory)),
                options,
                environment,
            ),
            name: location.name.clone(),
            layout: location.layout.clone(),
            directory,
            adopts: location.adopts.clone(),
        }))
    }
}

/// Where it is remembered what the locations hold, and what is being uploaded.
fn memory_of(places: &Directories) -> PathBuf {
    places.state.join("locations")
}

fn unusable(error: larder_remote::Error) -> Error {
    Error::Invalid(error.message)
}
