//! The marker: a file in a directory of backups that distinguishes it from the empty mount point of its disk.
//!
//! Larder remembers the directories in which backups were stored. If such a directory lacks its marker, its disk is probably not mounted:
//! nothing is listed or stored there, so no backup silently goes to the wrong disk.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::disk::directory::Directory;
use crate::disk::retry::retry_at_end;
use crate::error::{Doing, Error, Result};
use crate::storage::documents::Documents;

/// The name is reserved: no snapshot shows it and no restore replaces it.
const NAME: &str = ".larder-location";
const TEXT: &str =
    "Larder keeps backups in this directory. Without this file it treats the directory as a different one.\n";
/// The document with the remembered directories.
const DOCUMENT: &str = "locations";

/// Whether the document in `memory` says that backups were stored in a directory.
pub(crate) fn is_remembered(memory: &Documents, directory: &Path) -> bool {
    let marker = Marker::new(directory.to_owned(), directory.to_owned(), memory.clone());
    marker.is_remembered().unwrap_or(false)
}

/// Whether a directory has the marker: backups were stored in it before.
pub(crate) fn is_marked(directory: &Path) -> bool {
    Directory::open(directory).and_then(|it| it.status(NAME)).is_ok_and(|status| status.is_some())
}

/// The marker of one directory.
#[derive(Clone)]
pub(super) struct Marker {
    directory: PathBuf,
    /// The same path as the user wrote it.
    named: PathBuf,
    memory: Documents,
}

impl Marker {
    pub(super) fn new(directory: PathBuf, named: PathBuf, memory: Documents) -> Self {
        Self { directory, named, memory }
    }

    /// An error when backups were stored in the directory before and it now lacks its marker.
    pub(super) fn check(&self) -> Result<()> {
        if self.exists()? {
            return Ok(());
        }
        let shown = self.directory.display();
        if !self.is_remembered()? {
            return self.check_links();
        }
        Err(Error::NotFound(format!(
            "{shown} is not the directory that backups were stored in: its marker {NAME} is missing. Is its disk or share \
             mounted? If you emptied the directory on purpose, run: mkdir -p {shown} && touch {shown}/{NAME}"
        )))
    }

    /// An error when the path leads through a dangling link: the disk behind it is missing, and its directory must not be created
    /// elsewhere.
    fn check_links(&self) -> Result<()> {
        let dangling = self.named.ancestors().find(|known| known.is_symlink() && !known.exists());
        let Some(link) = dangling else { return Ok(()) };
        let target = fs::read_link(link).unwrap_or_default();
        Err(Error::NotFound(format!(
            "{} is a link to {}, which does not exist. Is its disk or share mounted? If there is none, create that directory",
            link.display(),
            target.display()
        )))
    }

    /// Creates the directory if it is missing and may be created.
    pub(super) fn create_directory(&self) -> Result<()> {
        self.check()?;
        let what = || format!("cannot create the backups directory {}", self.directory.display());
        Directory::make(&self.directory, 0o755).map(drop).doing(what)
    }

    /// Marks the directory, which now holds a backup, and remembers it. An error (a full disk) is ignored, because the backup is already
    /// stored; the next backup tries again.
    pub(super) fn write_and_remember(&self) {
        let is_marked = self.exists().is_ok_and(|exists| exists) || self.write().is_ok();
        if is_marked && self.is_remembered().is_ok_and(|is_remembered| !is_remembered) {
            let _ = self.remember();
        }
    }

    /// Whether the marker exists. A directory that cannot be read is an error, not a missing marker: it might be the right one.
    fn exists(&self) -> Result<bool> {
        match Directory::open(&self.directory).and_then(|directory| directory.status(NAME)) {
            Ok(status) => Ok(status.is_some()),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(Error::from_io(format!("cannot access {}", self.path().display()), &error)),
        }
    }

    /// Creates a new file. Never follows a link of that name.
    fn write(&self) -> std::io::Result<()> {
        let file = Directory::open(&self.directory)?.create_new(NAME, 0o644)?;
        retry_at_end(|| file.write_all_at(TEXT.as_bytes(), 0))
    }

    fn path(&self) -> PathBuf {
        self.directory.join(NAME)
    }

    fn key(&self) -> String {
        Path::new(&self.directory).display().to_string()
    }

    fn is_remembered(&self) -> Result<bool> {
        Ok(self.remembered()?.contains_key(&self.key()))
    }

    /// The remembered directories. A document that is damaged or cannot be read counts as empty: it must not prevent a backup.
    fn remembered(&self) -> Result<Map<String, Value>> {
        let text = self.memory.load(DOCUMENT).ok().flatten();
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    fn remember(&self) -> Result<()> {
        let mut all = self.remembered()?;
        all.insert(self.key(), Value::Bool(true));
        self.memory.save(DOCUMENT, &Value::Object(all).to_string())
    }
}
