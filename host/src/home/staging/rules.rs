//! The rules of a restore: which names directly in the directory are replaced, and which are kept. Touches no file.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::mounts::names_with_mounts;
use crate::error::{Error, Result};
use crate::model::{RESERVED_PREFIX, Scope, is_well_formed, shown};

/// The scope of a restore and the names to keep.
pub(super) struct Rules {
    directory: PathBuf,
    scope: Scope,
    kept: BTreeSet<Vec<u8>>,
}

impl Rules {
    /// `directory` is free of symbolic links; `given` is the same path as the caller wrote it. `Denied` when a path
    /// to keep is too deep inside something that would be replaced.
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
                    "cannot keep {}, which is not directly in the directory to be replaced: move it there, or out of it, \
                     or restore elsewhere with --to",
                    path.display()
                )));
            }
        } else {
            self.kept.insert(first);
        }
        Ok(())
    }

    /// Whether an existing file or directory of that name is removed by a commit.
    pub(super) fn replaces(&self, name: &[u8]) -> bool {
        let in_scope = match &self.scope {
            Scope::Add => false,
            Scope::AllBut(names) => !names.iter().any(|other| other == name),
            Scope::Only(names) => names.iter().any(|other| other == name),
        };
        in_scope && !is_reserved(name) && !self.kept.contains(name)
    }

    /// Whether that name is to be kept. It may be absent.
    pub(super) fn keeps(&self, name: &[u8]) -> bool {
        self.kept.contains(name)
    }

    pub(super) fn replaces_something(&self) -> bool {
        !matches!(&self.scope, Scope::Add)
    }

    /// Whether an existing file or directory of a staged name is an error.
    pub(super) fn only_adds(&self) -> bool {
        matches!(&self.scope, Scope::Add)
    }

    /// Whether the directory's own metadata may be set: when everything is restored, or when the directory was `made`
    /// for the restore.
    pub(super) fn owns_directory(&self, made: bool) -> bool {
        made || matches!(&self.scope, Scope::AllBut(_))
    }

    /// `Invalid` when that name may not be staged.
    pub(super) fn admit(&self, name: &[u8]) -> Result<()> {
        match &self.scope {
            Scope::Only(names) if !names.iter().any(|other| other == name) => Err(Error::Invalid(format!(
                "{} is not among the names to be replaced: leave it out",
                shown(name)
            ))),
            _ => Ok(()),
        }
    }

    /// `Denied` when a name that would be replaced is a mount point or contains one: it cannot be renamed, and the
    /// contents of the mounted file system would be removed.
    pub(super) fn refuse_mounts(&self) -> Result<()> {
        let mounts = names_with_mounts(&self.directory);
        let names: Vec<String> =
            mounts.iter().filter(|name| self.replaces(name)).map(|name| shown(name)).collect();
        if names.is_empty() {
            return Ok(());
        }
        Err(Error::Denied(format!(
            "cannot replace {}, because something is mounted there: unmount it, or restore elsewhere with --to",
            names.join(", ")
        )))
    }
}

/// Whether the name is reserved for Larder. Such names are always kept and never put in place.
pub(super) fn is_reserved(name: &[u8]) -> bool {
    name.starts_with(RESERVED_PREFIX)
}

/// Whether the name is that of something directly in a directory.
pub(super) fn is_single(name: &[u8]) -> bool {
    !name.is_empty() && !name.contains(&b'/') && is_well_formed(name)
}

fn check_scope_name(name: &[u8]) -> Result<()> {
    if is_single(name) {
        return Ok(());
    }
    Err(Error::Invalid(format!("\"{}\" is not a name directly in the directory", shown(name))))
}
