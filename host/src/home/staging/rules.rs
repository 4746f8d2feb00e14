//! Which names directly in the directory may be taken away and placed, and which survive. Decides; touches nothing.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::mounts::names_with_mounts;
use crate::error::{Error, Result};
use crate::model::{RESERVED_PREFIX, Scope, is_well_formed, shown};

pub(super) struct Rules {
    directory: PathBuf,
    scope: Scope,
    kept: BTreeSet<Vec<u8>>,
}

impl Rules {
    /// `directory` without symbolic links, `given` as the caller wrote it. `Denied` when something to be kept lies so deep in
    /// what would be replaced that it cannot be.
    pub(super) fn new(directory: PathBuf, given: &Path, keep: &[PathBuf], scope: Scope) -> Result<Self> {
        if let Scope::AllBut(names) | Scope::Only(names) = &scope {
            names.iter().try_for_each(|name| check_scope_name(name))?;
        }
        let mut this = Self { directory, scope, kept: BTreeSet::new() };
        for path in keep {
            let canonical = path.canonicalize().unwrap_or_else(|_| path.clone());
            let spellings =
                [(given, path), (this.directory.as_path(), path), (this.directory.as_path(), &canonical)];
            let inside: Vec<PathBuf> = spellings
                .iter()
                .filter_map(|(base, path)| path.strip_prefix(base).ok().map(Path::to_path_buf))
                .collect();
            inside.iter().try_for_each(|below| this.keep(below, path))?;
        }
        Ok(this)
    }

    fn keep(&mut self, below: &Path, path: &Path) -> Result<()> {
        let mut parts = below.components().map(|part| part.as_os_str().as_bytes().to_vec());
        let first = parts.next().unwrap_or_default();
        if first.is_empty() || parts.next().is_some() {
            let exists = path.symlink_metadata().is_ok();
            if exists && ((first.is_empty() && self.replaces_something()) || self.replaces(&first)) {
                return Err(Error::Denied(format!(
                    "{} is kept, but is not directly in the directory that is to be replaced: move it there or out of it, \
                     or restore elsewhere with --to",
                    path.display()
                )));
            }
        } else {
            self.kept.insert(first);
        }
        Ok(())
    }

    /// Whether an existing thing of that name goes when the target is committed.
    pub(super) fn replaces(&self, name: &[u8]) -> bool {
        let in_scope = match &self.scope {
            Scope::Add => false,
            Scope::AllBut(names) => !names.iter().any(|other| other == name),
            Scope::Only(names) => names.iter().any(|other| other == name),
        };
        in_scope && !is_reserved(name) && !self.kept.contains(name)
    }

    /// Whether the name is that of something to be kept, which may be absent.
    pub(super) fn keeps(&self, name: &[u8]) -> bool {
        self.kept.contains(name)
    }

    pub(super) fn replaces_something(&self) -> bool {
        !matches!(&self.scope, Scope::Add)
    }

    /// Whether an existing thing of that name is an error.
    pub(super) fn only_adds(&self) -> bool {
        matches!(&self.scope, Scope::Add)
    }

    /// Whether the directory's own metadata may be replaced: by a restore of the whole, or when it was `made` for it.
    pub(super) fn owns_directory(&self, made: bool) -> bool {
        made || matches!(&self.scope, Scope::AllBut(_))
    }

    /// `Invalid` when that name may not be staged.
    pub(super) fn admit(&self, name: &[u8]) -> Result<()> {
        match &self.scope {
            Scope::Only(names) if !names.iter().any(|other| other == name) => Err(Error::Invalid(format!(
                "{} is not among the names that are to be replaced: leave it out",
                shown(name)
            ))),
            _ => Ok(()),
        }
    }

    /// `Denied` when a name that would be replaced is a mount point or holds one: renaming one is not possible, and the
    /// other's contents would go.
    pub(super) fn refuse_mounts(&self) -> Result<()> {
        let mounts = names_with_mounts(&self.directory);
        let names: Vec<String> =
            mounts.iter().filter(|name| self.replaces(name)).map(|name| shown(name)).collect();
        if names.is_empty() {
            return Ok(());
        }
        Err(Error::Denied(format!(
            "something is mounted on or in {} and cannot be replaced: unmount it, or restore elsewhere with --to",
            names.join(", ")
        )))
    }
}

/// Whether the name is one of ours, which always survives and is never placed.
pub(super) fn is_reserved(name: &[u8]) -> bool {
    name.starts_with(RESERVED_PREFIX)
}

/// Whether it names something directly in a directory.
pub(super) fn is_single(name: &[u8]) -> bool {
    !name.is_empty() && !name.contains(&b'/') && is_well_formed(name)
}

fn check_scope_name(name: &[u8]) -> Result<()> {
    if is_single(name) {
        return Ok(());
    }
    Err(Error::Invalid(format!("\"{}\" is not a name directly in the directory", shown(name))))
}
