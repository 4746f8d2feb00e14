//! Resolving paths: those that the user gave, and the default state directory.

use std::fs;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::error::{Doing, Error, Result};

/// The configuration directory with links resolved. An error if it is not a directory.
pub(super) fn home(config: &Path) -> Result<PathBuf> {
    let what = || format!("cannot open the configuration directory {}", config.display());
    let real = fs::canonicalize(config).doing(what)?;
    match real.is_dir() {
        true => Ok(real),
        false => {
            Err(Error::Invalid(format!("the configuration directory {} is not a directory", real.display())))
        }
    }
}

/// An absolute path with links resolved as far as it exists, because engines compare these paths.
pub(super) fn absolute(path: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(path).doing(|| format!("cannot make {} absolute", path.display()))?;
    let existing = absolute.ancestors().find_map(|known| {
        let (real, rest) = (fs::canonicalize(known).ok()?, absolute.strip_prefix(known).ok()?);
        // Joining an empty path would add a trailing slash, and a file with one is not found.
        Some(if rest == Path::new("") { real } else { real.join(rest) })
    });
    Ok(existing.unwrap_or(absolute))
}

/// One state directory per home: its name makes it recognizable, a digest of its path makes it unique.
pub(super) fn default_state(config: &Path) -> Result<PathBuf> {
    let base = etcetera::choose_base_strategy().map_err(|error| {
        Error::NotFound(format!("no user directory for Larder's state: {error}; pass one with --state"))
    })?;
    let base = base.state_dir().unwrap_or_else(|| base.data_dir());
    let name = config.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(base.join("larder").join(format!("{name}-{:08x}", digest(config))))
}

/// FNV-1a, 32 bits: stable across versions of Rust, unlike the standard library's.
fn digest(path: &Path) -> u32 {
    use std::os::unix::ffi::OsStrExt;
    let step = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    path.as_os_str().as_bytes().iter().fold(0x811c_9dc5, step)
}
