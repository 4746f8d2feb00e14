//! Where files and environment variables come from: the disk, or a test.

use std::path::{Path, PathBuf};

use crate::disk::regular;
use crate::options::automations::MAX_FILE;

/// Where files and environment variables come from.
pub trait Source {
    /// A file's text; the error is a reason in a few words ("no such file").
    fn read(&self, path: &Path) -> Result<String, String>;
    /// What a directory holds, directories too, in any order.
    fn list(&self, path: &Path) -> Result<Vec<PathBuf>, String>;
    /// An environment variable.
    fn variable(&self, name: &str) -> Option<String>;
}

/// The machine's own files and environment.
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

    /// Not the one that holds a password: a file of the home could send it anywhere.
    fn variable(&self, name: &str) -> Option<String> {
        (name != "LARDER_PASSWORD").then(|| std::env::var(name).ok())?
    }
}
