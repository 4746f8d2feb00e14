//! Paths below the directory: validation and splitting. Touches no file.

use crate::error::{Error, Result};
use crate::model::{MAX_DEPTH, MAX_PATH, is_well_formed, shown};

/// Linux's limit of a name, in bytes (`NAME_MAX`).
pub(super) const MAX_NAME: usize = 255;

/// The first component of a path: the name directly in the directory.
pub(super) fn first_component(path: &[u8]) -> &[u8] {
    path.split(|byte| *byte == b'/').next().unwrap_or_default()
}

/// The path of the parent directory and the name in it.
pub(super) fn split_parent(path: &[u8]) -> (&[u8], &[u8]) {
    let mut parts = path.rsplitn(2, |byte| *byte == b'/');
    let name = parts.next().unwrap_or_default();
    (parts.next().unwrap_or_default(), name)
}

/// `Denied` for a path that would leave the directory, `Invalid` for one that no file system supports.
pub(super) fn check_path(path: &[u8]) -> Result<()> {
    if !is_well_formed(path) {
        return Err(Error::Denied(format!(
            "\"{}\" is not a valid path below the directory: it was not written",
            shown(path)
        )));
    }
    if path.is_empty() || !well_sized(path) {
        return Err(Error::Invalid(format!(
            "\"{}\" is not a valid path, with {} bytes: a name may have {MAX_NAME} bytes, a path {MAX_PATH} bytes and {MAX_DEPTH} \
             levels at most",
            shown(path),
            path.len()
        )));
    }
    Ok(())
}

fn well_sized(path: &[u8]) -> bool {
    let parts = || path.split(|byte| *byte == b'/');
    path.len() <= MAX_PATH && parts().count() <= MAX_DEPTH && parts().all(|part| part.len() <= MAX_NAME)
}
