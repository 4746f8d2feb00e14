//! The marker: a file in a directory of backups that tells it from the empty place where its disk should be mounted.
//!
//! A directory that backups were stored in once is remembered. Without its marker it is not that directory: then nothing is
//! listed or stored there, rather than silently in the wrong place.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::disk::directory::Directory;
use crate::disk::retry::retry_at_end;
use crate::error::{Doing, Error, Result};
use crate::storage::documents::Documents;

/// Reserved, so that no snapshot shows it and no restore replaces it.
const NAME: &str = ".larder-location";
const TEXT: &str =
    "Larder keeps backups in this directory. Without this file it takes the directory for another one.\n";
/// The document that remembers directories.
const DOCUMENT: &str = "locations";

/// Whether a memory says that backups were stored in a directory.
pub(crate) fn is_remembered(memory: &Documents, directory: &Path) -> bool {
    let marker = Marker::new(directory.to_owned(), directory.to_owned(), memory.clone());
    marker.is_remembered().unwrap_or(false)
}

/// Whether backups were stored in a directory before.
pub(crate) fn is_marked(directory: &Path) -> bool {
    Directory::open(directory).and_then(|it| it.status(NAME)).is_ok_and(|status| status.is_some())
}

#[derive(Clone)]
pub(super) struct Marker {
    directory: PathBuf,
    /// The same as a person named it.
    named: PathBuf,
    memory: Documents,
}

impl Marker {
    pub(super) fn new(directory: PathBuf, named: PathBuf, memory: Documents) -> Self {
        Self { directory, named, memory }
    }

    /// An error when the directory is not the one that backups were stored in before.
    pub(super) fn check(&self) -> Result<()> {
        if self.is_there()? {
            return Ok(());
        }
        let shown = self.directory.display();
        if !self.is_remembered()? {
            return self.leads_somewhere();
        }
        Err(Error::NotFound(format!(
            "{shown} is not the directory that backups were stored in: its marker {NAME} is not there. Is its disk or share \
             mounted? If it was emptied on purpose, run: mkdir -p {shown} && touch {shown}/{NAME}"
        )))
    }

    /// An error when it is a link to a disk that is not there: its place must not be made elsewhere.
    fn leads_somewhere(&self) -> Result<()> {
        let dangling = self.named.ancestors().find(|known| known.is_symlink() && !known.exists());
        let Some(link) = dangling else { return Ok(()) };
        let target = fs::read_link(link).unwrap_or_default();
        Err(Error::NotFound(format!(
            "{} is a link to {}, which is not there. Is its disk or share mounted? If there is none, make that directory",
            link.display(),
            target.display()
        )))
    }

    /// Makes the directory where there was none yet.
    pub(super) fn claim(&self) -> Result<()> {
        self.check()?;
        let what = || format!("cannot make the backups directory {}", self.directory.display());
        Directory::make(&self.directory, 0o755).map(drop).doing(what)
    }

    /// Marks the directory, where a backup now is, and remembers it. A disk that is full must not take the backup back: then
    /// it is marked next time.
    pub(super) fn place(&self) {
        let is_marked = self.is_there().is_ok_and(|is_there| is_there) || self.write().is_ok();
        if is_marked && self.is_remembered().is_ok_and(|is_remembered| !is_remembered) {
            let _ = self.remember();
        }
    }

    /// What cannot be looked at is not absent: then nobody knows which directory this is.
    fn is_there(&self) -> Result<bool> {
        match Directory::open(&self.directory).and_then(|directory| directory.status(NAME)) {
            Ok(status) => Ok(status.is_some()),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(Error::from_io(format!("cannot look at {}", self.path().display()), &error)),
        }
    }

    /// A new file, never what a link of that name leads to.
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

    /// What is damaged remembers nothing: the marker is a help, not a condition.
    fn remembered(&self) -> Result<Map<String, Value>> {
        // What is damaged or cannot be read remembers nothing.
        let text = self.memory.load(DOCUMENT).ok().flatten();
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    fn remember(&self) -> Result<()> {
        let mut all = self.remembered()?;
        all.insert(self.key(), Value::Bool(true));
        self.memory.save(DOCUMENT, &Value::Object(all).to_string())
    }
}
