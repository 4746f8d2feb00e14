//! What may be lost: named bytes in the state directory that spare work. Whole when they are there, and believed by nobody.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::disk::whole;
use crate::error::{Doing, Error, Result};
use crate::locations::Stored;
use crate::options::MAX_CACHED;

/// The name of an entry that is being written begins so.
const DRAFT: &str = ".larder-cache-";

/// The cache of one state directory; the default one holds nothing and takes nothing. Cheap to clone.
#[derive(Clone, Default)]
pub struct Cache(Option<Arc<PathBuf>>);

impl Cache {
    pub fn new(directory: PathBuf) -> Self {
        Self(Some(Arc::new(directory)))
    }

    pub fn load(&self, name: &str) -> Result<Stored> {
        let path = self.path(name)?;
        let content =
            Stored::new(File::open(&path).doing(|| format!("cannot open {}", path.display()))?, name)?;
        match content.size() {
            size if size > MAX_CACHED as u64 => {
                Err(Error::Limit(format!("{} has {size} bytes, more than {MAX_CACHED}", path.display())))
            }
            _ => Ok(content),
        }
    }

    /// Whole or not at all; after a power cut it may be gone or empty.
    pub fn store(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path(name)?;
        let what = || format!("cannot write {}", path.display());
        if bytes.len() > MAX_CACHED {
            return Err(Error::Limit(format!("{}: more than {MAX_CACHED} bytes", what())));
        }
        let Some(directory) = path.parent() else { return Ok(()) };
        DirBuilder::new().recursive(true).mode(0o700).create(directory).doing(what)?;
        let draft = whole::draft(&path, DRAFT, bytes).doing(what)?;
        whole::put(draft, &path).doing(what)
    }

    /// Removes what a killed process was writing. Nobody else may be at work.
    pub fn remove_drafts(&self) {
        let entries = self.0.iter().filter_map(|directory| fs::read_dir(directory.as_path()).ok()).flatten();
        for entry in entries.flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(DRAFT.as_bytes()) {
                // What cannot be removed takes space and no more.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn path(&self, name: &str) -> Result<PathBuf> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        match (&self.0, (1..=64).contains(&name.len()) && name.chars().all(is_plain)) {
            (None, _) => Err(Error::Denied("a worker has no cache".into())),
            (_, false) => Err(Error::Denied(format!("{name:?} cannot be the name of a cache's entry"))),
            (Some(directory), true) => Ok(directory.join(name)),
        }
    }
}
