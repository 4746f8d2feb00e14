//! Whether a file is only ours to change: its owner, its rights, and those of every directory above.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

const OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// Whether nobody else can write to this directory or replace it. The path must be free of links.
pub(super) fn is_safe_directory(directory: &Path) -> bool {
    let is_ours = |metadata: &Metadata| metadata.is_dir() && is_ours_alone(metadata);
    fs::symlink_metadata(directory).is_ok_and(|metadata| is_ours(&metadata))
        && directory.ancestors().skip(1).all(is_fixed)
}

/// Opens a plain file in such a directory, if nobody else can write to it. Follows no link, and waits for nobody.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let metadata = file.metadata()?;
    match metadata.is_file() && is_ours_alone(&metadata) {
        true => Ok(file),
        false => Err(io::ErrorKind::PermissionDenied.into()),
    }
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
