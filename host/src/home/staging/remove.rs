//! Removes a tree, whatever its modes, without following a symbolic link and without crossing into another mount.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::mounts::mount_of;

const OWNER_ALL: Mode = Mode::RWXU;

/// Opens a directory itself, never what a symbolic link of that name points to.
pub(super) fn open_directory(parent: impl AsFd, name: &[u8]) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty())
}

/// Whether there is something of that name, a dangling symbolic link included.
pub(super) fn exists(parent: impl AsFd, name: &[u8]) -> rustix::io::Result<bool> {
    match rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Ok(true),
        Err(Errno::NOENT) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The names directly in a directory, in byte order.
pub(super) fn names(directory: impl AsFd) -> rustix::io::Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    for item in Dir::read_from(directory)? {
        let name = item?.file_name().to_bytes().to_vec();
        if name != b"." && name != b".." {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Removes `name` and all it holds. Nothing there is fine. `XDEV` when another mount hangs in it, which then stays.
pub(super) fn remove(parent: BorrowedFd<'_>, name: &[u8]) -> rustix::io::Result<()> {
    let status = match rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => return Ok(()),
        other => other?,
    };
    if FileType::from_raw_mode(status.st_mode) != FileType::Directory {
        return gone(rustix::fs::unlinkat(parent, name, AtFlags::empty()));
    }
    let directory = open_for_emptying(parent, name)?;
    if mount_of(directory.as_fd())? != mount_of(parent)? {
        return Err(Errno::XDEV);
    }
    for inner in names(&directory)? {
        remove(directory.as_fd(), &inner)?;
    }
    gone(rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR))
}

/// A directory that its owner may not enter or change is made so that he may.
fn open_for_emptying(parent: BorrowedFd<'_>, name: &[u8]) -> rustix::io::Result<OwnedFd> {
    let directory = match open_directory(parent, name) {
        Err(Errno::ACCESS) => {
            rustix::fs::chmodat(parent, name, OWNER_ALL, AtFlags::empty())?;
            open_directory(parent, name)?
        }
        other => other?,
    };
    let mode = Mode::from_raw_mode(rustix::fs::fstat(&directory)?.st_mode);
    if !mode.contains(OWNER_ALL) {
        // Whoever is not the owner is told by what follows.
        let _ = rustix::fs::fchmod(&directory, OWNER_ALL);
    }
    Ok(directory)
}

fn gone(outcome: rustix::io::Result<()>) -> rustix::io::Result<()> {
    match outcome {
        Err(Errno::NOENT) => Ok(()),
        other => other,
    }
}
