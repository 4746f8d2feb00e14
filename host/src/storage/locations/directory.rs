//! A location in a directory: the home's own (Home Assistant's `backup.local`), the staging area, mounted shares.
//!
//! With the layout `local` only `*.tar` files are objects. Other layouts have records beside their archives: there, every visible file is an
//! object, and in the layout `sftp` hidden ones too.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use rustix::fs::FileType;

use super::draft::FileDraft;
use super::file_checks::{check_can_create, free_space, modified};
use larder_remote::{Check, Stop};

use super::directory_test;
use super::location::{Location, check_name, check_visible_name};
use super::marker::Marker;
use super::reader::ObjectReader;
use super::types::{Draft, Object};
use crate::disk::directory::Directory;
use crate::error::{Doing, Error, Result};
use crate::model::Timestamp;
use crate::steps::Steps;
use crate::storage::documents::Documents;

/// With the layout `local`, only files with this extension are objects, as in Home Assistant.
const EXTENSION: &str = ".tar";
/// Files whose name begins so are drafts and markers.
const RESERVED: &str = ".larder-";

/// Which files of a directory are objects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Archives,
    Visible,
    All,
}

/// A directory of backups.
pub struct DirectoryLocation {
    id: String,
    name: String,
    layout: String,
    adopts: Option<String>,
    names: Names,
    directory: PathBuf,
    /// The directory as text, for layouts that name it.
    shown: String,
    marker: Marker,
}

impl DirectoryLocation {
    /// The id of the home's own location, which is Home Assistant's. The rest of the host refers to this constant.
    pub const LOCAL: &str = "backup.local";
    /// The id of the staging area.
    pub const STAGING: &str = "larder.staging";

    /// The home's own location in `directory`. `named` is the same path as the user wrote it, possibly through links. `memory` holds the
    /// document that remembers directories in which backups were stored.
    pub fn local(directory: PathBuf, named: PathBuf, memory: Documents) -> Self {
        Self::new(Self::LOCAL, "local", "local", None, directory, named, memory)
    }

    /// The staging area.
    pub fn staging(directory: PathBuf, memory: Documents) -> Self {
        Self::new(Self::STAGING, "staging", "local", None, directory.clone(), directory, memory)
    }

    /// A location in any directory.
    pub fn new(
        id: &str,
        name: &str,
        layout: &str,
        adopts: Option<String>,
        directory: PathBuf,
        named: PathBuf,
        memory: Documents,
    ) -> Self {
        let names = match layout {
            "local" => Names::Archives,
            "sftp" => Names::All,
            _ => Names::Visible,
        };
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            layout: layout.to_owned(),
            adopts,
            names,
            shown: directory.display().to_string(),
            marker: Marker::new(directory.clone(), named, memory),
            directory,
        }
    }

    /// Refuses a name that no object here can have.
    fn check(&self, name: &str) -> Result<()> {
        match self.names {
            Names::All if name.starts_with(RESERVED) => check_visible_name(name)?,
            Names::All => check_name(name)?,
            Names::Archives | Names::Visible => check_visible_name(name)?,
        }
        match self.names != Names::Archives || name.ends_with(EXTENSION) {
            true => Ok(()),
            false => Err(Error::Denied(format!(
                "{name:?} cannot be stored here: the name of a backup ends in {EXTENSION}"
            ))),
        }
    }

    fn shown(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }
}

impl Location for DirectoryLocation {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn layout(&self) -> &str {
        &self.layout
    }

    fn directory(&self) -> &str {
        &self.shown
    }

    fn adopts(&self) -> Option<&str> {
        self.adopts.as_deref()
    }

    fn test(&self, steps: &Steps, stop: &Stop) -> Vec<Check> {
        directory_test::run(self, steps, stop)
    }

    fn is_writable(&self) -> bool {
        true
    }

    fn available(&self) -> Option<u64> {
        // Before the first backup the directory may not exist.
        free_space(&self.directory)
    }

    fn objects(&self) -> Result<Vec<Object>> {
        self.marker.check()?;
        let entries = match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.doing(|| format!("cannot list {}", self.directory.display()))?,
        };
        let mut objects = Vec::new();
        for entry in entries {
            let entry = entry.doing(|| format!("cannot list {}", self.directory.display()))?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if self.check(&name).is_err() {
                continue;
            }
            // A file that disappears while the directory is listed is not an object. A link is not one either: it could lead a plugin
            // out of the directory.
            match fs::symlink_metadata(entry.path()) {
                Ok(metadata) if metadata.is_file() => {
                    objects.push(Object { name, size: metadata.len(), modified: modified(&metadata) });
                }
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    // List it anyway: opening it reports the error.
                    objects.push(Object { name, size: 0, modified: Timestamp::default() });
                }
                _ => {}
            }
        }
        objects.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(objects)
    }

    fn open(&self, name: &str) -> Result<ObjectReader> {
        self.check(name)?;
        let what = || format!("cannot open {}", self.shown(name));
        let directory = Directory::open(&self.directory).doing(what)?;
        match directory.status(name).doing(what)?.map(|it| FileType::from_raw_mode(it.st_mode)) {
            Some(FileType::Symlink) => Err(Error::Denied(format!(
                "{} is a link, and links are not followed; name the file itself",
                self.shown(name)
            ))),
            Some(FileType::RegularFile) | None => {
                ObjectReader::new(directory.open_existing(name).doing(what)?, name)
            }
            Some(_) => Err(Error::Invalid(format!("{name} is not a regular file"))),
        }
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.check(name)?;
        let what = || format!("cannot delete {}", self.shown(name));
        let directory = Directory::open(&self.directory).doing(what)?;
        directory.remove(name).doing(what)?;
        // If this fails, the worst case is that a power cut brings the file back.
        let _ = directory.sync_names();
        Ok(())
    }

    fn draft(&self, name: &str, steps: &Steps) -> Result<Box<dyn Draft>> {
        self.check(name)?;
        self.marker.create_directory()?;
        let draft = FileDraft::create(&self.directory, OsStr::new(name), steps.clone())?;
        Ok(Box::new(draft.marking(self.marker.clone())))
    }

    fn may_store(&self, name: &str) -> Result<()> {
        self.check(name)?;
        self.marker.check()?;
        check_can_create(&self.directory, &self.directory.join(name))
    }

    fn replacement(&self, name: &str, steps: &Steps) -> Result<Box<dyn Draft>> {
        self.check(name)?;
        self.marker.check()?;
        let draft = FileDraft::replace(&self.directory, OsStr::new(name), steps.clone())?;
        Ok(Box::new(draft.marking(self.marker.clone())))
    }
}
