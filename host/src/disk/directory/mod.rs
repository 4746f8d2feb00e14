//! An open directory. Files are created, opened, renamed and removed relative to it, and never through a link.
//!
//! A process that may write to a directory can put a link, a FIFO or a device in the place of a file, and exchange it at any
//! moment. A check of the path therefore says nothing about the file that is opened later. Knows names and bytes, and does not know
//! what they are for.

#[cfg(test)]
mod tests;

use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, RenameFlags, Stat, openat, renameat_with, statat};
use rustix::io::Errno;

use super::durable::sync;
use super::regular;

/// The flags for opening any file: do not follow a link, do not block, do not become this process's terminal.
const SAFE: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);
/// The mode of a file that only its owner may read or write.
pub(crate) const PRIVATE: u32 = 0o600;

/// A directory that is held open.
#[derive(Debug)]
pub(crate) struct Directory {
    handle: OwnedFd,
}

impl Directory {
    /// Opens a directory. Links in the path are followed, because a user wrote it. An empty path is the current directory.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let path = if path == Path::new("") { Path::new(".") } else { path };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { handle: openat(CWD, path, flags, Mode::empty())? })
    }

    /// Opens a directory, and creates it and its missing parents with at most the permissions of `mode`.
    pub(crate) fn make(path: &Path, mode: u32) -> io::Result<Self> {
        if path != Path::new("") {
            DirBuilder::new().recursive(true).mode(mode).create(path)?;
        }
        Self::open(path)
    }

    /// Opens the directory of a file.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Self::open(path.parent().unwrap_or(Path::new("")))
    }

    /// Creates a file for reading and writing, with at most the permissions of `mode`. `AlreadyExists` when the name is taken, by a
    /// dangling link too.
    pub(crate) fn create_new(&self, name: impl AsRef<OsStr>, mode: u32) -> io::Result<File> {
        let flags = SAFE | OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        Ok(openat(&self.handle, name.as_ref(), flags, Mode::from_raw_mode(mode))?.into())
    }

    /// Opens an existing regular file for reading.
    pub(crate) fn open_existing(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        self.opened(name.as_ref(), OFlags::RDONLY)
    }

    /// Opens an existing regular file for reading and writing.
    pub(crate) fn open_to_write(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        self.opened(name.as_ref(), OFlags::RDWR)
    }

    /// Opens a regular file for appending. Creates it with at most the permissions of `mode` if it is missing.
    pub(crate) fn open_to_append(&self, name: impl AsRef<OsStr>, mode: u32) -> io::Result<File> {
        let name = name.as_ref();
        match self.create_new(name, mode) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.opened(name, OFlags::WRONLY | OFlags::APPEND)
            }
            made => made,
        }
    }

    fn opened(&self, name: &OsStr, how: OFlags) -> io::Result<File> {
        if let Some(status) = self.status(name)? {
            regular::check(status.st_mode)?;
        }
        // The file may have been exchanged since: check again after opening.
        let file = File::from(openat(&self.handle, name, SAFE | how, Mode::empty())?);
        regular::checked(file)
    }

    /// The status of what has this name; of a link itself, not of its target.
    pub(crate) fn status(&self, name: impl AsRef<OsStr>) -> io::Result<Option<Stat>> {
        match statat(&self.handle, name.as_ref(), AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => Ok(None),
            status => Ok(Some(status?)),
        }
    }

    /// Renames a file, and replaces a file that has the new name.
    pub(crate) fn rename(&self, from: impl AsRef<OsStr>, to: impl AsRef<OsStr>) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.handle, from.as_ref(), &self.handle, to.as_ref())?)
    }

    /// Renames a file, and fails if the new name is taken. Where the file system cannot guarantee that, the name is checked first.
    pub(crate) fn rename_new(&self, from: impl AsRef<OsStr>, to: impl AsRef<OsStr>) -> io::Result<()> {
        let (from, to) = (from.as_ref(), to.as_ref());
        match renameat_with(&self.handle, from, &self.handle, to, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => match self.status(to)? {
                Some(_) => Err(Errno::EXIST.into()),
                None => self.rename(from, to),
            },
            renamed => Ok(renamed?),
        }
    }

    /// Removes a file, or a link itself.
    pub(crate) fn remove(&self, name: impl AsRef<OsStr>) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.handle, name.as_ref(), AtFlags::empty())?)
    }

    /// Removes every file whose name matches. Tries all of them, then returns the first error.
    pub(crate) fn remove_all(&self, is_unwanted: impl Fn(&OsStr) -> bool) -> io::Result<()> {
        let unwanted = self.names()?.into_iter().filter(|name| is_unwanted(name));
        unwanted.map(|name| self.remove(name)).fold(Ok(()), Result::and)
    }

    /// Sets the permissions of a file. Never those of a link's target.
    pub(crate) fn set_mode(&self, name: impl AsRef<OsStr>, mode: u32) -> io::Result<()> {
        let found = openat(&self.handle, name.as_ref(), SAFE | OFlags::PATH, Mode::empty())?;
        let through = format!("/proc/self/fd/{}", found.as_raw_fd());
        Ok(rustix::fs::chmod(through, Mode::from_raw_mode(mode))?)
    }

    /// The names of all entries.
    pub(crate) fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.handle)? {
            let name = entry?.file_name().to_bytes().to_vec();
            if name != b"." && name != b".." {
                names.push(OsString::from_vec(name));
            }
        }
        Ok(names)
    }

    /// Syncs the directory, which makes renames durable. Returns the error if that fails; the renames have happened even then.
    pub(crate) fn sync_names(&self) -> Option<Errno> {
        sync(&self.handle).unwrap_or_else(Some)
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

/// Whether a name begins with `prefix`.
pub(crate) fn begins(name: &OsStr, prefix: &str) -> bool {
    name.as_encoded_bytes().starts_with(prefix.as_bytes())
}
