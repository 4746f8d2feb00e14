//! The paths of an archive seen so far, with their types.
//!
//! Owns the rule that no entry is written twice or through another one, such as a symbolic link. Keeps every path in memory,
//! up to [`Limits::name_bytes`].

use std::collections::HashMap;

use super::entry::Kind;
use super::error::{Result, damaged, refused, too_large};
use super::limits::Limits;
use super::paths;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// Only as the parent of another path.
    Implied,
    Directory,
    /// A file, or a hard link to one.
    File,
    Symlink,
    Skipped,
}

pub(super) struct SeenPaths {
    seen: HashMap<Box<[u8]>, Seen>,
    name_bytes: usize,
    limit: usize,
}

impl SeenPaths {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { seen: HashMap::new(), name_bytes: 0, limit: limits.name_bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// Adds an entry, or explains why the archive must be refused.
    pub(super) fn add(&mut self, path: &[u8], kind: &Kind) -> Result<()> {
        let seen = match kind {
            Kind::Directory => Seen::Directory,
            Kind::File(_) => Seen::File,
            Kind::Symlink(_) => Seen::Symlink,
            Kind::HardLink(target) => self.check_hard_link(path, target)?,
        };
        self.note(path, seen)
    }

    /// Adds a skipped entry: no other entry may have its name or be below it.
    pub(super) fn skip(&mut self, path: &[u8]) -> Result<()> {
        self.note(path, Seen::Skipped)
    }

    fn check_hard_link(&self, path: &[u8], target: &[u8]) -> Result<Seen> {
        if self.seen.get(target) == Some(&Seen::File) {
            return Ok(Seen::File);
        }
        let (path, target) = (paths::shown(path), paths::shown(target));
        refused(format!("the hard link `{path}` to `{target}`, which is not an earlier file in the archive"))
    }

    fn note(&mut self, path: &[u8], seen: Seen) -> Result<()> {
        if path.is_empty() && seen != Seen::Directory {
            return refused("`data` is not a directory");
        }
        self.note_parents(path)?;
        match self.seen.get(path) {
            None => self.insert(path, seen),
            Some(Seen::Implied) if seen == Seen::Directory => self.insert(path, seen),
            Some(Seen::Implied) => {
                refused(format!("`{}` is not a directory, but something is below it", paths::shown(path)))
            }
            Some(_) => damaged(format!("`{}` appears twice", paths::shown(path))),
        }
    }

    /// Every parent must be a directory. The parents of a known path are known.
    fn note_parents(&mut self, path: &[u8]) -> Result<()> {
        let mut below = path;
        while let Some(parent) = paths::parent(below) {
            match self.seen.get(parent) {
                Some(Seen::Directory | Seen::Implied) => return Ok(()),
                Some(_) => {
                    let (path, parent) = (paths::shown(path), paths::shown(parent));
                    return refused(format!("`{path}` is below `{parent}`, which is not a directory"));
                }
                None => self.insert(parent, Seen::Implied)?,
            }
            below = parent;
        }
        Ok(())
    }

    fn insert(&mut self, path: &[u8], seen: Seen) -> Result<()> {
        if self.seen.insert(path.into(), seen).is_none() {
            self.name_bytes = self.name_bytes.saturating_add(path.len());
        }
        if self.name_bytes > self.limit {
            return too_large(format!(
                "the names up to `{}` take more than {} bytes",
                paths::shown(path),
                self.limit
            ));
        }
        Ok(())
    }
}
