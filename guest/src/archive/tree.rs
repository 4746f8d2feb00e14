//! Which paths of an archive were seen, as what, so that none is written twice or through another.
//!
//! Pure rules over names. A path is remembered by its bytes; how many there may be is limited.

use std::collections::HashMap;

use super::entry::Kind;
use super::{Limits, Result, damaged, paths, refused, too_large};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// Only as the parent of something.
    Implied,
    Directory,
    /// Also a hard link: it is the same file under another name.
    File,
    Symlink,
    /// Something that was skipped.
    Nothing,
}

pub(super) struct Tree {
    seen: HashMap<Box<[u8]>, Seen>,
    name_bytes: usize,
    limit: usize,
}

impl Tree {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { seen: HashMap::new(), name_bytes: 0, limit: limits.name_bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// Notes an entry that will be given to the visitor, or says why it must not be.
    pub(super) fn add(&mut self, path: &[u8], kind: &Kind) -> Result<()> {
        let seen = match kind {
            Kind::Directory => Seen::Directory,
            Kind::File(_) => Seen::File,
            Kind::Symlink(_) => Seen::Symlink,
            Kind::HardLink(target) => self.check_hard_link(path, target)?,
        };
        self.note(path, seen)
    }

    /// Notes something that is skipped: nothing else may have its name or lie below it.
    pub(super) fn skip(&mut self, path: &[u8]) -> Result<()> {
        self.note(path, Seen::Nothing)
    }

    fn check_hard_link(&self, path: &[u8], target: &[u8]) -> Result<Seen> {
        if self.seen.get(target) == Some(&Seen::File) {
            return Ok(Seen::File);
        }
        let (path, target) = (paths::shown(path), paths::shown(target));
        refused(format!("the hard link `{path}` to `{target}`, which is no earlier file of the archive"))
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
                refused(format!("`{}` is not a directory, but something lies below it", paths::shown(path)))
            }
            Some(_) => damaged(format!("`{}` is there twice", paths::shown(path))),
        }
    }

    /// Every directory above must be one. One that is known has all above it known.
    fn note_parents(&mut self, path: &[u8]) -> Result<()> {
        let mut below = path;
        while let Some(parent) = paths::parent(below) {
            match self.seen.get(parent) {
                Some(Seen::Directory | Seen::Implied) => return Ok(()),
                Some(_) => {
                    let (path, parent) = (paths::shown(path), paths::shown(parent));
                    return refused(format!("`{path}` lies below `{parent}`, which is not a directory"));
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
                "the names up to `{}` have more than {} bytes",
                paths::shown(path),
                self.limit
            ));
        }
        Ok(())
    }
}
