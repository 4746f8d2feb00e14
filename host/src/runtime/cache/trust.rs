//! The check that only this user can change a file: its owner and permissions, and those of every directory above it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::fstat;

use crate::disk::directory::Directory;

const OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// Whether no other user can write to this directory or replace it. Its path must contain no symbolic links.
pub(super) fn is_safe_directory(directory: &Directory, path: &Path) -> bool {
    let is_ours = fstat(directory).is_ok_and(|status| is_ours_alone(status.st_uid, status.st_mode));
    is_ours && path.ancestors().skip(1).all(is_fixed)
}

/// Opens a regular file in such a directory, if no other user can write to it. It follows no links and does not block.
pub(super) fn open(directory: &Directory, name: &str) -> io::Result<File> {
    let file = directory.open_existing(name)?;
    let status = fstat(&file)?;
    match is_ours_alone(status.st_uid, status.st_mode) {
        true => Ok(file),
        false => Err(io::ErrorKind::PermissionDenied.into()),
    }
}

fn is_ours_alone(uid: u32, mode: u32) -> bool {
    uid == own_uid() && mode & OTHERS_WRITE == 0
}

/// Whether other users cannot rename our files in `directory`.
fn is_fixed(directory: &Path) -> bool {
    let Ok(metadata) = fs::symlink_metadata(directory) else { return false };
    let is_trusted = metadata.uid() == own_uid() || metadata.uid() == 0;
    is_trusted && (metadata.mode() & OTHERS_WRITE == 0 || metadata.mode() & STICKY != 0)
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}
