//! Locations: where backups are kept. Home Assistant calls them agents.
//!
//! Knows objects by name and bytes, not what a backup is.

mod draft;
mod input;
mod local;
mod marker;
mod output;
mod stored;

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

pub use draft::remove_stale as remove_stale_drafts;
pub use input::SingleFile;
pub use local::LocalDirectory;
pub(crate) use marker::{is_marked, is_remembered};
pub use output::OutputFile;
pub use stored::Stored;

use rustix::fs::{Access, AtFlags, CWD, accessat};

use crate::error::{Doing, Error, Result};
use crate::model::Timestamp;
use crate::steps::Steps;

pub struct Object {
    pub name: String,
    pub size: u64,
    pub modified: Timestamp,
}

/// One place where backups are kept. `wit/storage.wit` says what each promises.
pub trait Location: Send + Sync {
    /// `domain.unique_id`.
    fn id(&self) -> &str;
    fn name(&self) -> &str;
    fn is_writable(&self) -> bool;
    /// Free bytes, where known.
    fn available(&self) -> Option<u64>;
    fn objects(&self) -> Result<Vec<Object>>;
    fn open(&self, name: &str) -> Result<Stored>;
    fn delete(&self, name: &str) -> Result<()>;
    fn draft(&self, name: &str, steps: &Steps) -> Result<Box<dyn Draft>>;
    /// The checks of `draft`, without one.
    fn may_store(&self, name: &str) -> Result<()>;
    /// A draft that takes the place of an object that is there.
    fn replacement(&self, name: &str, _steps: &Steps) -> Result<Box<dyn Draft>> {
        Err(Error::Denied(format!("{name} was not given to be replaced")))
    }
}

/// A new object in the making; dropping it leaves nothing.
pub trait Draft: Send {
    fn append(&mut self, bytes: Vec<u8>) -> Result<()>;
    /// Appends bytes of a stored object.
    fn append_from(&mut self, source: Stored, offset: u64, count: u64) -> Result<()>;
    fn patch(&mut self, offset: u64, bytes: &[u8]) -> Result<()>;
    fn read_back(&mut self) -> Result<Stored>;
    /// What could not be promised, for people.
    fn publish(self: Box<Self>) -> Result<Vec<String>>;
}

/// Free bytes where `path` is, or where it will be: the file system of its nearest parent that exists.
fn free(path: &Path) -> Option<u64> {
    let existing = path.ancestors().find(|path| path.exists())?;
    // A file system that does not say is not a full one: FUSE answers with zeros.
    let space = rustix::fs::statvfs(existing).ok().filter(|space| space.f_blocks > 0)?;
    Some(space.f_bavail.saturating_mul(space.f_frsize))
}

/// Refuses a new file in a place where there is one, or where none can be made: `directory` may be missing yet.
fn must_be_free(directory: &Path, target: &Path) -> Result<()> {
    if std::fs::symlink_metadata(target).is_ok() {
        return Err(Error::Exists(format!("{} exists already", target.display())));
    }
    let existing = directory.ancestors().find(|path| path.exists()).unwrap_or(directory);
    let may = Access::WRITE_OK | Access::EXEC_OK;
    accessat(CWD, existing, may, AtFlags::EACCESS).doing(|| cannot_create(directory))
}

fn cannot_create(directory: &Path) -> String {
    format!("cannot create a backup in {}", directory.display())
}

fn modified(metadata: &std::fs::Metadata) -> Timestamp {
    let nanoseconds = u32::try_from(metadata.mtime_nsec()).unwrap_or(0);
    Timestamp { seconds: metadata.mtime(), nanoseconds }
}

/// The locations that exist, in a fixed order. Cheap to clone.
#[derive(Clone, Default)]
pub struct Locations(Arc<Vec<Box<dyn Location>>>);

impl Locations {
    pub fn new(locations: Vec<Box<dyn Location>>) -> Self {
        Self(Arc::new(locations))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Box<dyn Location>> {
        self.0.iter()
    }

    pub fn get(&self, id: &str) -> Result<&dyn Location> {
        let found = self.iter().find(|location| location.id() == id);
        found.map(AsRef::as_ref).ok_or_else(|| Error::NotFound(format!("there is no location {id}")))
    }
}

/// Refuses what is not a single file name (`wit/storage.wit`).
fn check_name(name: &str) -> Result<()> {
    let is_single = !matches!(name, "" | "." | "..") && name.len() <= 255 && !name.contains(['/', '\0']);
    must_be_allowed(name, is_single)
}

/// Refuses hidden names as well, where they are drafts and markers.
fn check_visible_name(name: &str) -> Result<()> {
    check_name(name)?;
    must_be_allowed(name, !name.starts_with('.'))
}

fn must_be_allowed(name: &str, is_allowed: bool) -> Result<()> {
    match is_allowed {
        true => Ok(()),
        false => Err(Error::Denied(format!("{name:?} cannot be the name of a stored object"))),
    }
}
