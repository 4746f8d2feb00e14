//! Whether a file is only ours to change: its owner, its rights, and those of every directory above.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// Whether nobody else can write to this directory or replace it. The path must be free of links.
pub(super) fn is_safe_directory(directory: &Path) -> bool {
    let is_ours = |metadata: &Metadata| metadata.is_dir() && is_ours_alone(metadata);
    fs::symlink_metadata(directory).is_ok_and(|metadata| is_ours(&metadata))
        && directory.ancestors().skip(1).all(is_fixed)
}

/// The same of a plain file in such a directory.
pub(super) fn is_safe_file(file: &Path) -> bool {
    fs::symlink_metadata(file).is_ok_and(|metadata| metadata.is_file() && is_ours_alone(&metadata))
}

fn is_ours_alone(metadata: &Metadata) -> bool {
    metadata.uid() == own_uid() && metadata.mode() & OTHERS_WRITE == 0
}

/// Whether others cannot rename what is ours in `directory`.
fn is_fixed(directory: &Path) -> bool {
    let Ok(metadata) = fs::symlink_metadata(directory) else { return false };
    let is_trusted = metadata.uid() == own_uid() || metadata.uid() == 0;
    is_trusted && (metadata.mode() & OTHERS_WRITE == 0 || metadata.mode() & STICKY != 0)
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}
