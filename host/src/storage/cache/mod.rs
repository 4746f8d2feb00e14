//! What may be lost: named bytes in the state directory that spare work. Whole when they are there, and believed by nobody.

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use crate::disk::atomic;
use crate::disk::directory::{Directory, begins};
use crate::error::{Doing, Error, Result};
use crate::options::{MAX_CACHE_ENTRIES, MAX_CACHED};
use crate::storage::locations::Stored;

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
        let directory = self.directory(name)?;
        let shown = || directory.join(name).display().to_string();
        let file = Directory::open(directory).and_then(|directory| directory.open_existing(name));
        let content = Stored::new(file.doing(|| format!("cannot open {}", shown()))?, name)?;
        match content.size() {
            size if size > MAX_CACHED as u64 => {
                Err(Error::Limit(format!("{} has {size} bytes, more than {MAX_CACHED}", shown())))
            }
            _ => Ok(content),
        }
    }

    /// Whole or not at all; after a power cut it may be gone or empty. Of very many entries the one that was stored longest ago goes.
    pub fn store(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let directory = self.directory(name)?;
        let what = || format!("cannot write {}", directory.join(name).display());
        if bytes.len() > MAX_CACHED {
            return Err(Error::Limit(format!("{}: more than {MAX_CACHED} bytes", what())));
        }
        let directory = Directory::make(directory, 0o700).doing(what)?;
        let draft = atomic::draft(&directory, DRAFT, bytes).doing(what)?;
        make_room(&directory, name);
        draft.put(name).doing(what)
    }

    /// Removes what a killed process was writing. Nobody else may be at work.
    pub fn remove_drafts(&self) {
        let directory = self.0.iter().filter_map(|directory| Directory::open(directory).ok());
        // What cannot be removed takes space and no more.
        directory.for_each(|directory| drop(directory.remove_all(|name| begins(name, DRAFT))));
    }

    /// Where an entry of that name is.
    fn directory(&self, name: &str) -> Result<&PathBuf> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        match (&self.0, (1..=64).contains(&name.len()) && name.chars().all(is_plain)) {
            (None, _) => Err(Error::Denied("a worker has no cache".into())),
            (_, false) => Err(Error::Denied(format!("{name:?} cannot be the name of a cache's entry"))),
            (Some(directory), true) => Ok(directory),
        }
    }
}

/// Removes what was stored longest ago until there is room for an entry of that name.
fn make_room(directory: &Directory, name: &str) {
    let is_other = |other: &OsString| !begins(other, DRAFT) && other != name;
    let others = directory.names().unwrap_or_default().into_iter().filter(is_other);
    let stored = |name: OsString| {
        let status = directory.status(&name).ok()??;
        Some((status.st_mtime, status.st_mtime_nsec, name))
    };
    let mut others: Vec<_> = others.filter_map(stored).collect();
    others.sort_unstable();
    let too_many = others.len().saturating_add(1).saturating_sub(MAX_CACHE_ENTRIES);
    // What cannot be removed takes space and no more.
    others.iter().take(too_many).for_each(|(_, _, name)| drop(directory.remove(name)));
}
