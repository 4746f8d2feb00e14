//! The cache: named entries in the state directory that save work and may be lost at any time.
//!
//! An entry is complete or absent, except after a power cut. Callers must verify what they load.

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use crate::disk::atomic;
use crate::disk::directory::{Directory, begins};
use crate::error::{Doing, Error, Result};
use crate::storage::locations::ObjectReader;
use crate::tunables::{MAX_CACHE_ENTRIES, MAX_CACHED};

/// The prefix of the name of an entry that is still being written.
const DRAFT_PREFIX: &str = ".larder-cache-";

/// The cache of one state directory. The default cache is empty and refuses to store. Cheap to clone.
#[derive(Clone, Default)]
pub struct Cache(Option<Arc<PathBuf>>);

impl Cache {
    /// The cache in a directory, which may not exist yet.
    pub fn new(directory: PathBuf) -> Self {
        Self(Some(Arc::new(directory)))
    }

    /// Opens an entry.
    pub fn load(&self, name: &str) -> Result<ObjectReader> {
        let directory = self.directory(name)?;
        let shown = || directory.join(name).display().to_string();
        let file = Directory::open(directory).and_then(|directory| directory.open_existing(name));
        let content = ObjectReader::new(file.doing(|| format!("cannot open {}", shown()))?, name)?;
        match content.size() {
            size if size > MAX_CACHED as u64 => {
                Err(Error::Limit(format!("{} has {size} bytes, more than {MAX_CACHED}", shown())))
            }
            _ => Ok(content),
        }
    }

    /// Stores an entry completely or not at all. After a power cut it may be missing or empty. Removes the oldest entries when
    /// there are more than the limit.
    pub fn store(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let directory = self.directory(name)?;
        let what = || format!("cannot write {}", directory.join(name).display());
        if bytes.len() > MAX_CACHED {
            return Err(Error::Limit(format!("{}: more than {MAX_CACHED} bytes", what())));
        }
        let directory = Directory::make(directory, 0o700).doing(what)?;
        let draft = atomic::draft(&directory, DRAFT_PREFIX, bytes).doing(what)?;
        make_room(&directory, name);
        draft.publish(name).doing(what)
    }

    /// Removes the drafts of killed processes. No other process may use the cache.
    pub fn remove_drafts(&self) {
        let directory = self.0.iter().filter_map(|directory| Directory::open(directory).ok());
        // A draft that cannot be removed only takes space.
        directory.for_each(|directory| drop(directory.remove_all(|name| begins(name, DRAFT_PREFIX))));
    }

    /// The directory of the entry `name`.
    fn directory(&self, name: &str) -> Result<&PathBuf> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        match (&self.0, (1..=64).contains(&name.len()) && name.chars().all(is_plain)) {
            (None, _) => Err(Error::Denied("a worker may not use the cache".into())),
            (_, false) => Err(Error::Denied(format!("{name:?} is not a valid name for a cache entry"))),
            (Some(directory), true) => Ok(directory),
        }
    }
}

/// Removes the oldest entries until there is room for the entry `name`.
fn make_room(directory: &Directory, name: &str) {
    let is_other = |other: &OsString| !begins(other, DRAFT_PREFIX) && other != name;
    let others = directory.names().unwrap_or_default().into_iter().filter(is_other);
    let with_time = |name: OsString| {
        let status = directory.status(&name).ok()??;
        Some((status.st_mtime, status.st_mtime_nsec, name))
    };
    let mut others: Vec<_> = others.filter_map(with_time).collect();
    others.sort_unstable();
    let too_many = others.len().saturating_add(1).saturating_sub(MAX_CACHE_ENTRIES);
    // An entry that cannot be removed only takes space.
    others.iter().take(too_many).for_each(|(_, _, name)| drop(directory.remove(name)));
}
