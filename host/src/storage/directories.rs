//! The directories and files that one host works with.

use std::path::PathBuf;

/// Absolute paths, with links resolved as far as they exist.
pub struct Directories {
    /// The Home Assistant configuration directory; absent without a home.
    pub config: Option<PathBuf>,
    /// The directory of the local location.
    pub backups: Option<PathBuf>,
    /// Larder's state directory.
    pub state: PathBuf,
    /// The directory to restore or extract to: the home itself unless another was named.
    pub target: Option<PathBuf>,
    /// The file to write a copy of a backup to.
    pub output: Option<PathBuf>,
}
