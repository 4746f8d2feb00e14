//! The key ring's file: finds, reads and replaces it. Only the plugin knows its contents.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::answer::WrongUse;
use super::files::{file_name, read_text, warn_unconfirmed};
use super::global::Global;
use crate::disk::directory::{Directory, begins};
use crate::disk::{atomic, regular};
use crate::error::{Doing, Error};
use crate::storage::lock::Lock;
use crate::tunables::RING_WAIT;

/// The prefix of a key ring that is being written.
const DRAFT: &str = ".larder-keys-";
/// The lock next to the key ring: one writer at a time.
const LOCK: &str = ".larder-keys.lock";

/// The key ring: a file that only its owner can read.
pub(super) struct Ring {
    pub(super) path: PathBuf,
}

impl Ring {
    /// The key ring that was named, or the user's default.
    pub(super) fn find(global: &Global) -> anyhow::Result<Self> {
        let path = match &global.key_ring {
            Some(path) => path.clone(),
            None => {
                let base = etcetera::choose_base_strategy().map_err(|error| {
                    WrongUse(format!("no user directory: {error}; pass the key ring with --key-ring"))
                })?;
                base.config_dir().join("larder").join("keys.json")
            }
        };
        // If it is a link, its target is replaced and the link stays.
        Ok(Self { path: fs::canonicalize(&path).unwrap_or(path) })
    }

    pub(super) fn read(&self) -> anyhow::Result<String> {
        let shown = self.path.display();
        let file = regular::open(&self.path).map_err(|error| self.unopened(&error))?;
        let mode = file.metadata().map_err(|error| self.unopened(&error))?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::Denied(format!(
                "other users can read the key ring {shown} (mode {mode:o}); run: chmod 600 {shown}"
            ))
            .into());
        }
        read_text(&self.path, file)
    }

    fn unopened(&self, error: &std::io::Error) -> Error {
        let error = Error::from_io(format!("cannot open the key ring {}", self.path.display()), error);
        match error {
            Error::NotFound(text) => Error::NotFound(format!(
                "{text}; create one with `larder key new --label LABEL` (a new key) or `larder key add` (a key that you have), or \
                 choose another with --key-ring"
            )),
            error => error,
        }
    }

    /// Replaces the key ring's text with the result of `change`, atomically and under a lock.
    pub(super) fn change(&self, change: impl FnOnce(String) -> anyhow::Result<String>) -> anyhow::Result<()> {
        let what = || format!("cannot write the key ring {}", self.path.display());
        let path = self.path.parent().unwrap_or(Path::new(""));
        let directory = Directory::make(path, 0o700).doing(what)?;
        let _lock = Lock::take(path, LOCK, "key", RING_WAIT)?;
        // Drafts of a killed process. If they cannot be removed, they are as private as the key ring.
        let _ = directory.remove_all(|name| begins(name, DRAFT));
        let name = file_name(&self.path)?;
        let before = match self.read() {
            Err(error) if is_absent(&error) => String::new(),
            text => text?,
        };
        let text = change(before)?;
        let draft = atomic::draft(&directory, DRAFT, text.as_bytes()).doing(what)?;
        warn_unconfirmed(atomic::replace(draft, name).doing(what)?, &self.path);
        Ok(())
    }
}

/// Whether an error says that the key ring does not exist.
pub(super) fn is_absent(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Error::NotFound(_)))
}
