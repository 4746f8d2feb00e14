//! The source of files and environment variables: the disk or a test.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::disk::regular;
use crate::tunables::automations::MAX_FILE;

/// Access to files and environment variables.
pub trait Source {
    /// The text of a file. The error is a short reason such as "no such file".
    fn read(&self, path: &Path) -> Result<String, String>;
    /// The entries of a directory, including subdirectories, in any order.
    fn list(&self, path: &Path) -> Result<Vec<PathBuf>, String>;
    /// An environment variable.
    fn variable(&self, name: &str) -> Option<String>;
    /// Whether every user of this machine can read a file.
    fn is_readable_by_all(&self, _path: &Path) -> bool {
        false
    }
}

/// The files and environment of this machine.
pub struct Disk;

impl Source for Disk {
    fn read(&self, path: &Path) -> Result<String, String> {
        let most = u64::try_from(MAX_FILE).unwrap_or(u64::MAX).saturating_add(1);
        regular::read_text(path, most).map_err(|error| crate::error::reason(&error))
    }

    fn list(&self, path: &Path) -> Result<Vec<PathBuf>, String> {
        let problem = |error: std::io::Error| crate::error::reason(&error);
        let entries = std::fs::read_dir(path).map_err(problem)?;
        entries.map(|entry| entry.map(|entry| entry.path()).map_err(problem)).collect()
    }

    /// Hides `LARDER_PASSWORD`: a file in the home could send it anywhere.
    fn variable(&self, name: &str) -> Option<String> {
        (name != "LARDER_PASSWORD").then(|| std::env::var(name).ok())?
    }

    fn is_readable_by_all(&self, path: &Path) -> bool {
        path.metadata().is_ok_and(|found| found.permissions().mode() & 0o004 != 0)
    }
}
