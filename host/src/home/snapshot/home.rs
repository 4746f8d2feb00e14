//! The home's directory, and the only way to files below it.
//!
//! Every path is opened relative to the directory's handle and may contain no symbolic link, so it cannot lead
//! outside, even if something is renamed at the same time. Refuses hidden paths, and never waits for the other end of
//! a FIFO.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, openat, openat2, statat};
use rustix::io::Errno;

use super::descriptor::{Descriptor, Facts};
use crate::error::{Doing, Error, Result};
use crate::model::{HomePath, RESERVED_PREFIX, is_well_formed, shown};

/// Stay below the directory and follow no links.
const BELOW: ResolveFlags =
    ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS).union(ResolveFlags::NO_MAGICLINKS);
const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

pub(super) struct Home {
    root: OwnedFd,
    /// The directory's path without symbolic links. Only for finding out where links lead.
    real_root: PathBuf,
    hidden: BTreeSet<HomePath>,
}

impl Home {
    pub(super) fn open(root: &Path, hidden: &[PathBuf]) -> Result<Self> {
        let failing = || format!("cannot open the directory {}", root.display());
        let real_root = fs::canonicalize(root).doing(failing)?;
        let handle = openat(CWD, &real_root, OFlags::PATH | DIRECTORY, Mode::empty()).doing(failing)?;
        let below = |path: &PathBuf| {
            let real = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
            let path = real.strip_prefix(&real_root).or_else(|_| path.strip_prefix(root)).ok()?;
            Some(path.as_os_str().as_bytes().to_vec()).filter(|path| !path.is_empty())
        };
        let hidden = hidden.iter().filter_map(below).collect();
        Ok(Self { root: handle, real_root, hidden })
    }

    /// Whether the last component of `path` is visible. The caller checks its parents.
    pub(super) fn is_visible(&self, path: &[u8]) -> bool {
        !split(path).1.starts_with(RESERVED_PREFIX) && !self.hidden.contains(path)
    }

    /// Checks a requested path: `Invalid` when it is not well formed, `Denied` when it or a parent is hidden.
    pub(super) fn admit(&self, path: &[u8]) -> Result<()> {
        if !is_well_formed(path) {
            return Err(Error::Invalid(format!("\"{}\" is not a valid path below the home", shown(path))));
        }
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        let mut parents = ends.chain([path.len()]).filter_map(|end| path.get(..end));
        match parents.all(|path| self.is_visible(path)) {
            true => Ok(()),
            false => Err(Error::Denied(format!("{} belongs to Larder and cannot be read", shown(path)))),
        }
    }

    /// The absolute path of `path`, if no component is a link.
    pub(super) fn real_path(&self, path: &[u8]) -> PathBuf {
        self.real_root.join(OsStr::from_bytes(path))
    }

    /// The handle of the directory.
    pub(super) fn handle(&self) -> &OwnedFd {
        &self.root
    }

    /// A handle of the directory `path`, for looking up names in it. With `OFlags::RDONLY`, for listing it as well.
    pub(super) fn directory(&self, path: &[u8], flags: OFlags) -> io::Result<OwnedFd> {
        let name = if path.is_empty() { b"." } else { path };
        let directory = match openat2(&self.root, name, OFlags::PATH | DIRECTORY, Mode::empty(), BELOW) {
            // An old kernel, a sandbox that forbids the call, a concurrent rename, or a path too long for one call.
            Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN | Errno::NAMETOOLONG) => {
                self.open_stepwise(path)?
            }
            directory => directory?,
        };
        match flags.contains(OFlags::PATH) {
            true => Ok(directory),
            // Reopened through its own `.`: a directory that may be listed but not entered is useless.
            false => Ok(openat(&directory, c".", flags | DIRECTORY, Mode::empty())?),
        }
    }

    /// The same, one component at a time.
    fn open_stepwise(&self, path: &[u8]) -> io::Result<OwnedFd> {
        let mut directory = openat(&self.root, c".", OFlags::PATH | DIRECTORY, Mode::empty())?;
        for part in path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
            directory = openat(&directory, part, OFlags::PATH | DIRECTORY, Mode::empty())?;
        }
        Ok(directory)
    }

    /// The metadata of `path` now.
    pub(super) fn facts(&self, path: &[u8]) -> io::Result<Facts> {
        let (parent, name) = split(path);
        facts_at(self.directory(parent, OFlags::PATH)?, name)
    }

    /// Opens the regular file at `path` for reading.
    pub(super) fn file(&self, path: &[u8]) -> Result<Descriptor> {
        let (parent, name) = split(path);
        let directory = self.directory(parent, OFlags::PATH).map_err(|error| cannot_enter(path, error))?;
        let facts = facts_at(&directory, name).doing(|| format!("cannot open {}", shown(path)))?;
        if facts.file_type != FileType::RegularFile {
            let found = description(facts.file_type);
            return Err(Error::Invalid(format!("{} is {found}; only files can be opened", shown(path))));
        }
        file_at(directory, name, OFlags::RDONLY).doing(|| format!("cannot open {}", shown(path)))
    }
}

/// The metadata of `name` in `directory`. Does not follow a symbolic link.
pub(super) fn facts_at(directory: impl AsFd, name: &[u8]) -> io::Result<Facts> {
    Ok(statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?.into())
}

/// Opens the regular file `name` in `directory`. Never waits and never follows a symbolic link.
pub(super) fn file_at(directory: impl AsFd, name: &[u8], flags: OFlags) -> io::Result<Descriptor> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = Descriptor::new(openat(directory, name, flags, Mode::empty())?)?;
    match file.facts.file_type {
        FileType::RegularFile => Ok(file),
        other => {
            Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it became {}", description(other))))
        }
    }
}

/// The phrase for a file type in messages.
pub(super) fn description(file_type: FileType) -> &'static str {
    match file_type {
        FileType::RegularFile => "a file",
        FileType::Directory => "a directory",
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        FileType::Unknown => "of an unknown kind",
    }
}

/// The path of the parent directory and the name in it.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (path.get(..at).unwrap_or_default(), path.get(at + 1..).unwrap_or_default()),
        None => (b"", path),
    }
}

/// The error for a directory on the way to `path` that could not be entered.
fn cannot_enter(path: &[u8], error: io::Error) -> Error {
    match Errno::from_io_error(&error) {
        Some(Errno::NOTDIR | Errno::LOOP) => Error::Denied(format!(
            "{} is below something that is not a directory, and links are not followed; use the real path",
            shown(path)
        )),
        _ => Error::from_io(format!("cannot open {}", shown(path)), &error),
    }
}
