//! A directory that is held open. Its files are made, opened, renamed and removed relative to it, exclusively, and never through a
//! link.
//!
//! Whoever may write into a directory can put a link, a FIFO or a device where a file is expected, and can exchange it at any moment:
//! what a path was asked a moment ago says nothing about what is opened. Knows names and bytes, not what they are for.

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

/// How every file is opened: never through a link, never waiting for somebody, never as a terminal of this process.
const CAREFUL: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);
/// For the owner alone.
pub(crate) const PRIVATE: u32 = 0o600;

#[derive(Debug)]
pub(crate) struct Directory {
    handle: OwnedFd,
}

impl Directory {
    /// Opens one. Links on the way to it are followed: a person named it. An empty path is the current one.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let path = if path == Path::new("") { Path::new(".") } else { path };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { handle: openat(CWD, path, flags, Mode::empty())? })
    }

    /// The same, made with those above it where they are missing, with no more rights than `mode`.
    pub(crate) fn make(path: &Path, mode: u32) -> io::Result<Self> {
        if path != Path::new("") {
            DirBuilder::new().recursive(true).mode(mode).create(path)?;
        }
        Self::open(path)
    }

    /// The one that a file lies in.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        Self::open(path.parent().unwrap_or(Path::new("")))
    }

    /// A new, empty file to read and write, with no more rights than `mode`. `AlreadyExists` when anything has that name, a dangling
    /// link too.
    pub(crate) fn create_new(&self, name: impl AsRef<OsStr>, mode: u32) -> io::Result<File> {
        let flags = CAREFUL | OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        Ok(openat(&self.handle, name.as_ref(), flags, Mode::from_raw_mode(mode))?.into())
    }

    /// A regular file that is there, to read.
    pub(crate) fn open_existing(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        self.opened(name.as_ref(), OFlags::RDONLY)
    }

    /// The same to read and write.
    pub(crate) fn open_to_write(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        self.opened(name.as_ref(), OFlags::RDWR)
    }

    /// The same to add to its end; where there is none, a new one with no more rights than `mode`.
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
        // What was looked at may be another by now: what was opened counts.
        let file = File::from(openat(&self.handle, name, CAREFUL | how, Mode::empty())?);
        regular::checked(file)
    }

    /// What has that name, a link itself and not what it leads to.
    pub(crate) fn status(&self, name: impl AsRef<OsStr>) -> io::Result<Option<Stat>> {
        match statat(&self.handle, name.as_ref(), AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => Ok(None),
            status => Ok(Some(status?)),
        }
    }

    /// Gives a file another name, which may be that of a file that is replaced.
    pub(crate) fn rename(&self, from: impl AsRef<OsStr>, to: impl AsRef<OsStr>) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.handle, from.as_ref(), &self.handle, to.as_ref())?)
    }

    /// The same, but never over something: where the file system cannot promise that, a look beforehand must do.
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

    /// Removes every file whose name is one that is wanted gone. The first error, after all were tried.
    pub(crate) fn remove_all(&self, is_unwanted: impl Fn(&OsStr) -> bool) -> io::Result<()> {
        let unwanted = self.names()?.into_iter().filter(|name| is_unwanted(name));
        unwanted.map(|name| self.remove(name)).fold(Ok(()), Result::and)
    }

    /// Gives what has that name other rights; a link has none.
    pub(crate) fn set_mode(&self, name: impl AsRef<OsStr>, mode: u32) -> io::Result<()> {
        let found = openat(&self.handle, name.as_ref(), CAREFUL | OFlags::PATH, Mode::empty())?;
        let through = format!("/proc/self/fd/{}", found.as_raw_fd());
        Ok(rustix::fs::chmod(through, Mode::from_raw_mode(mode))?)
    }

    /// The names of all that is in it.
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

    /// Makes its names durable. Why that could not be done, whatever the reason: what was renamed is there all the same.
    pub(crate) fn sync_names(&self) -> Option<Errno> {
        sync(&self.handle).unwrap_or_else(Some)
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

/// Whether a name begins so.
pub(crate) fn begins(name: &OsStr, prefix: &str) -> bool {
    name.as_encoded_bytes().starts_with(prefix.as_bytes())
}
