//! The resources that a guest holds by handle: contents, snapshots, targets, writers and drafts.
//!
//! Plain types, which the generated bindings name. `capabilities` implements the contract for them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Result;
use crate::home::snapshot::{self, Snapshot, is_dangling};
use crate::home::staging::{Target, Writer};
use crate::model::HomePath;
use crate::storage::locations::{Draft, ObjectReader};
use crate::tunables::MAX_READ;

/// Readable bytes. Cheap to clone.
#[derive(Clone)]
pub enum Content {
    Home(snapshot::Content),
    Stored(ObjectReader),
}

impl Content {
    /// Up to `max` bytes, never more than the contract allows; fewer at the end.
    pub(crate) fn read(&self, offset: u64, max: u32) -> Result<Vec<u8>> {
        let max = usize::try_from(max.min(MAX_READ)).unwrap_or(0);
        match self {
            Self::Home(content) => content.read(offset, max),
            Self::Stored(content) => content.read(offset, max),
        }
    }

    /// Like [`Self::read`], appended to `bytes`.
    pub(crate) fn read_behind(&self, bytes: &mut Vec<u8>, offset: u64, max: u32) -> Result<()> {
        let max = usize::try_from(max.min(MAX_READ)).unwrap_or(0);
        match self {
            Self::Home(content) => bytes.extend_from_slice(&content.read(offset, max)?),
            Self::Stored(content) => content.append_to(bytes, offset, max)?,
        }
        Ok(())
    }
}

/// A snapshot, or the reason why it could not be taken.
pub struct HomeSnapshot {
    snapshot: Result<Snapshot>,
    /// Entries that were returned so far.
    pub(crate) entries: usize,
    /// One reference per open snapshot of the instance.
    _counted: Arc<()>,
}

impl HomeSnapshot {
    pub(crate) fn new(snapshot: Result<Snapshot>, counted: Arc<()>) -> Self {
        Self { snapshot, entries: 0, _counted: counted }
    }

    pub(crate) fn open(&mut self) -> Result<&mut Snapshot> {
        self.snapshot.as_mut().map_err(|error| error.clone())
    }
}

/// A staged target, and the symbolic links that were added to it.
pub struct StagedTarget {
    pub(crate) target: Target,
    pub(crate) directory: PathBuf,
    pub(crate) links: Vec<HomePath>,
}

impl StagedTarget {
    /// Puts everything in place. Returns what could not be kept, and the links that now lead nowhere.
    pub(crate) fn commit(self) -> Result<(Vec<String>, Vec<HomePath>)> {
        let Self { target, directory, mut links } = self;
        let losses = target.commit()?;
        links.retain(|path| is_dangling(&directory.join(OsStr::from_bytes(path))));
        Ok((losses, links))
    }
}

/// A staged file that is being written.
pub struct StagedWriter(pub(crate) Writer);

/// A draft, and the name under which its object will be stored.
pub struct OpenDraft {
    pub(crate) draft: Box<dyn Draft>,
    pub(crate) location: String,
    pub(crate) name: String,
}
