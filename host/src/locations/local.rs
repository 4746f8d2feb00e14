//! The local location: a directory of `*.tar` files, Home Assistant's `backup.local`.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::draft::FileDraft;
use super::marker::Marker;
use super::{Draft, Location, Object, Stored, check_name, free, modified, must_be_free};
use crate::disk::durable::sync_names;
use crate::documents::Documents;
use crate::error::{Doing, Error, Result};
use crate::model::Timestamp;
use crate::steps::Steps;

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

    fn path(&self, name: &str) -> Result<PathBuf> {
        check_name(name)?;
        if !name.ends_with(ENDING) {
            return Err(Error::Denied(format!("{name:?} cannot be stored here: backups end in {ENDING}")));
        }
        Ok(self.directory.join(name))
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
            if self.path(&name).is_err() {
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
        let path = self.path(name)?;
        // Never waits for a FIFO that was given a backup's name, and never follows a link.
        let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOFOLLOW).bits()).unwrap_or(0);
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path);
        if file.as_ref().is_err_and(|error| error.raw_os_error() == Some(Errno::LOOP.raw_os_error())) {
            return Err(Error::Denied(format!(
                "{} is a link, and links are not followed; name the file itself",
                self.shown(name)
            )));
        }
        Stored::new(file.doing(|| format!("cannot open {}", self.shown(name)))?, name)
    }

    fn delete(&self, name: &str) -> Result<()> {
        let path = self.path(name)?;
        fs::remove_file(&path).doing(|| format!("cannot delete {}", self.shown(name)))?;
        // It is gone; where that is not durable, a power cut may bring it back, and no more.
        let _ = sync_names(&self.directory);
        Ok(())
    }

    fn draft(&self, name: &str, steps: &Steps) -> Result<Box<dyn Draft>> {
        let path = self.path(name)?;
        self.marker.claim()?;
        let draft = FileDraft::create(&self.directory, name, path, steps.clone())?;
        Ok(Box::new(draft.marking(self.marker.clone())))
    }

    fn may_store(&self, name: &str) -> Result<()> {
        let path = self.path(name)?;
        self.marker.check()?;
        must_be_free(&self.directory, &path)
    }

    fn replacement(&self, name: &str, steps: &Steps) -> Result<Box<dyn Draft>> {
        let path = self.path(name)?;
        self.marker.check()?;
        let draft = FileDraft::replace(&self.directory, name, path, steps.clone())?;
        Ok(Box::new(draft.marking(self.marker.clone())))
    }
}
