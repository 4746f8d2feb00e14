//! The local location: a directory of `*.tar` files, Home Assistant's `backup.local`.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use rustix::fs::FileType;

use super::draft::FileDraft;
use super::marker::Marker;
use super::{Draft, Location, Object, Stored, check_visible_name, free, modified, must_be_free};
use crate::disk::directory::Directory;
use crate::error::{Doing, Error, Result};
use crate::model::Timestamp;
use crate::steps::Steps;
use crate::storage::documents::Documents;

/// Only files with this ending are objects: so it is in Home Assistant.
const ENDING: &str = ".tar";

pub struct LocalDirectory {
    directory: PathBuf,
    marker: Marker,
}

impl LocalDirectory {
    /// Home Assistant's.
    pub const ID: &str = "backup.local";

    /// `named` is the directory as a person named it, perhaps through links; `memory` remembers directories that backups were
    /// stored in.
    pub fn new(directory: PathBuf, named: PathBuf, memory: Documents) -> Self {
        Self { marker: Marker::new(directory.clone(), named, memory), directory }
    }

    /// Refuses what cannot be the name of an object.
    fn check(&self, name: &str) -> Result<()> {
        check_visible_name(name)?;
        match name.ends_with(ENDING) {
            true => Ok(()),
            false => Err(Error::Denied(format!("{name:?} cannot be stored here: backups end in {ENDING}"))),
        }
    }

    fn shown(&self, name: &str) -> String {
        self.directory.join(name).display().to_string()
    }
}

impl Location for LocalDirectory {
    fn id(&self) -> &str {
        Self::ID
    }

    fn name(&self) -> &str {
        "local"
    }

    fn is_writable(&self) -> bool {
        true
    }

    fn available(&self) -> Option<u64> {
        // Before the first backup the directory may be missing.
        free(&self.directory)
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
            // A file that went away while the directory was listed is not an object, and a link would lead a plugin out.
            match fs::symlink_metadata(entry.path()) {
                Ok(metadata) if metadata.is_file() => {
                    objects.push(Object { name, size: metadata.len(), modified: modified(&metadata) });
                }
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    // Whoever opens it is told why it cannot be looked at.
                    objects.push(Object { name, size: 0, modified: Timestamp::default() });
                }
                _ => {}
            }
        }
        objects.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(objects)
    }

    fn open(&self, name: &str) -> Result<Stored> {
        self.check(name)?;
        let what = || format!("cannot open {}", self.shown(name));
        let directory = Directory::open(&self.directory).doing(what)?;
        match directory.status(name).doing(what)?.map(|it| FileType::from_raw_mode(it.st_mode)) {
            Some(FileType::Symlink) => Err(Error::Denied(format!(
                "{} is a link, and links are not followed; name the file itself",
                self.shown(name)
            ))),
            Some(FileType::RegularFile) | None => {
                Stored::new(directory.open_existing(name).doing(what)?, name)
            }
            Some(_) => Err(Error::Invalid(format!("{name} is not a regular file"))),
        }
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.check(name)?;
        let what = || format!("cannot delete {}", self.shown(name));
        let directory = Directory::open(&self.directory).doing(what)?;
        directory.remove(name).doing(what)?;
        // It is gone; where that is not durable, a power cut may bring it back, and no more.
        let _ = directory.sync_names();
        Ok(())
    }

    fn draft(&self, name: &str, steps: &Steps) -> Result<Box<dyn Draft>> {
        self.check(name)?;
        self.marker.claim()?;
        let draft = FileDraft::create(&self.directory, OsStr::new(name), steps.clone())?;
        Ok(Box::new(draft.marking(self.marker.clone())))
    }

    fn may_store(&self, name: &str) -> Result<()> {
        self.check(name)?;
        self.marker.check()?;
        must_be_free(&self.directory, &self.directory.join(name))
    }

    fn replacement(&self, name: &str, steps: &Steps) -> Result<Box<dyn Draft>> {
        self.check(name)?;
        self.marker.check()?;
        let draft = FileDraft::replace(&self.directory, OsStr::new(name), steps.clone())?;
        Ok(Box::new(draft.marking(self.marker.clone())))
    }
}
