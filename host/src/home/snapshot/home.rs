//! The home's directory, and the only way to files below it.
//!
//! Everything is opened from the directory's handle, and no part of a path may be a symbolic link: it cannot lead outside,
//! whatever is renamed meanwhile. Refuses what is hidden, and never waits for the other end of a FIFO.

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

/// Nowhere else, and not through a link.
const BELOW: ResolveFlags =
    ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS).union(ResolveFlags::NO_MAGICLINKS);
const DIRECTORY: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

pub(super) struct Home {
    root: OwnedFd,
    /// Where the directory was found, free of symbolic links. Only to tell where links lead.
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

    /// Whether the last part of `path` may be seen. Its parents are the caller's business.
    pub(super) fn is_visible(&self, path: &[u8]) -> bool {
        !split(path).1.starts_with(RESERVED_PREFIX) && !self.hidden.contains(path)
    }

    /// Whether `path` may be asked for: `Invalid` when it is no path, `Denied` when it leads into what is hidden.
    pub(super) fn admit(&self, path: &[u8]) -> Result<()> {
        if !is_well_formed(path) {
            return Err(Error::Invalid(format!(
                "\"{}\" is not a path below the home; give one",
                shown(path)
            )));
        }
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        let mut parents = ends.chain([path.len()]).filter_map(|end| path.get(..end));
        match parents.all(|path| self.is_visible(path)) {
            true => Ok(()),
            false => Err(Error::Denied(format!("{} belongs to Larder and cannot be read", shown(path)))),
        }
    }

    /// The real name of `path`, if it is reached without links.
    pub(super) fn real_path(&self, path: &[u8]) -> PathBuf {
        self.real_root.join(OsStr::from_bytes(path))
    }

    /// The directory itself.
    pub(super) fn handle(&self) -> &OwnedFd {
        &self.root
    }

    /// A handle of the directory `path`, good for looking up names in it; `OFlags::RDONLY` to list it, too.
    pub(super) fn directory(&self, path: &[u8], flags: OFlags) -> io::Result<OwnedFd> {
        let name = if path.is_empty() { b"." } else { path };
        let directory = match openat2(&self.root, name, OFlags::PATH | DIRECTORY, Mode::empty(), BELOW) {
            // An old system, a sandbox that forbids it, a rename meanwhile, a path too long for one call.
            Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN | Errno::NAMETOOLONG) => {
                self.open_stepwise(path)?
            }
            directory => directory?,
        };
        match flags.contains(OFlags::PATH) {
            true => Ok(directory),
            // From inside: one that may be listed but not entered is of no use.
            false => Ok(openat(&directory, c".", flags | DIRECTORY, Mode::empty())?),
        }
    }

    /// The same, one part after the other.
    fn open_stepwise(&self, path: &[u8]) -> io::Result<OwnedFd> {
        let mut directory = openat(&self.root, c".", OFlags::PATH | DIRECTORY, Mode::empty())?;
        for part in path.split(|byte| *byte == b'/').filter(|part| !part.is_empty()) {
            directory = openat(&directory, part, OFlags::PATH | DIRECTORY, Mode::empty())?;
        }
        Ok(directory)
    }

    /// What is at `path` now.
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

/// What `name` in `directory` is, itself, not what it points to.
pub(super) fn facts_at(directory: impl AsFd, name: &[u8]) -> io::Result<Facts> {
    Ok(statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?.into())
}

/// Opens the regular file `name` in `directory`, never waiting and never following.
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

/// A file type for people.
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

/// The parent's path and the name in it.
pub(super) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (path.get(..at).unwrap_or_default(), path.get(at + 1..).unwrap_or_default()),
        None => (b"", path),
    }
}

/// Why a directory on the way to `path` could not be entered.
fn cannot_enter(path: &[u8], error: io::Error) -> Error {
    match Errno::from_io_error(&error) {
        Some(Errno::NOTDIR | Errno::LOOP) => Error::Denied(format!(
            "{} is not reached through directories alone, and links are not followed; name the real path",
            shown(path)
        )),
        _ => Error::from_io(format!("cannot open {}", shown(path)), &error),
    }
}
