//! Removal of a tree, whatever its modes, without following a symbolic link or crossing into another mount.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::mounts::mount_of;

const OWNER_ALL: Mode = Mode::RWXU;

/// Opens a directory. Does not follow a symbolic link of that name.
pub(super) fn open_directory(parent: impl AsFd, name: &[u8]) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty())
}

/// Whether the name exists, dangling symbolic links included.
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

/// Removes `name` and everything below it. An absent name is no error. `XDEV` when it contains a mount point, which
/// then stays.
pub(super) fn remove(parent: BorrowedFd<'_>, name: &[u8]) -> rustix::io::Result<()> {
    let status = match rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
        Err(Errno::NOENT) => return Ok(()),
        other => other?,
    };
    if FileType::from_raw_mode(status.st_mode) != FileType::Directory {
        return ignore_absent(rustix::fs::unlinkat(parent, name, AtFlags::empty()));
    }
    let directory = open_for_emptying(parent, name)?;
    if mount_of(directory.as_fd())? != mount_of(parent)? {
        return Err(Errno::XDEV);
    }
    for inner in names(&directory)? {
        remove(directory.as_fd(), &inner)?;
    }
    ignore_absent(rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR))
}

/// Opens a directory, after giving its owner the permissions to enter and change it.
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
        // If this fails because the directory belongs to someone else, the following calls report it.
        let _ = rustix::fs::fchmod(&directory, OWNER_ALL);
    }
    Ok(directory)
}

/// Success if the name is absent.
pub(super) fn ignore_absent(outcome: rustix::io::Result<()>) -> rustix::io::Result<()> {
    match outcome {
        Err(Errno::NOENT) => Ok(()),
        other => other,
    }
}
