//! Destinations of the home's symbolic links, and the few files that are read through links.
//!
//! Looks up names outside the home, but opens nothing there except what Home Assistant itself reads at its start.

use std::fs;
use std::io;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, statat};
use rustix::io::Errno;

use super::descriptor::{Descriptor, Facts};
use super::home::{Home, description};
use crate::error::{Doing, Error, Result};
use crate::model::shown;

/// Files that describe the home itself. They are often symbolic links in homes that are spread over several places.
const FOLLOWED: [&[u8]; 5] = [
    b".HA_VERSION",
    b"configuration.yaml",
    b".storage/backup",
    b".storage/core.config",
    b".storage/core.uuid",
];

/// Where a symbolic link leads in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    Inside,
    Outside,
    Nowhere,
}

impl Home {
    pub(super) fn link_destination(&self, path: &[u8]) -> Result<Destination> {
        let failing = || format!("cannot access {}", shown(path));
        if self.facts(path).doing(failing)?.file_type != FileType::Symlink {
            return Err(Error::Invalid(format!("{} is not a symbolic link", shown(path))));
        }
        match fs::canonicalize(self.real_path(path)) {
            Ok(real) if real.starts_with(self.real_path(b"")) => Ok(Destination::Inside),
            Err(error) if is_absent(&error) => Ok(Destination::Nowhere),
            // A destination that may not be looked at is outside, too.
            _ => Ok(Destination::Outside),
        }
    }

    /// Opens one of the files that may be read through links. Never waits.
    pub(super) fn open_following_links(&self, path: &[u8]) -> Result<Descriptor> {
        let failing = || format!("cannot open {}", shown(path));
        if !FOLLOWED.contains(&path) {
            return Err(Error::Denied(format!("{} may not be read through symbolic links", shown(path))));
        }
        let facts: Facts =
            statat(self.handle(), path, AtFlags::empty()).map_err(io::Error::from).doing(failing)?.into();
        if facts.file_type != FileType::RegularFile {
            let found = description(facts.file_type);
            return Err(Error::Invalid(format!("{} is {found}; only files can be opened", shown(path))));
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = openat(self.handle(), path, flags, Mode::empty()).map_err(io::Error::from);
        let file = file.and_then(Descriptor::new).doing(failing)?;
        match file.facts.file_type {
            FileType::RegularFile => Ok(file),
            other => Err(Error::Invalid(format!("{} became {}", shown(path), description(other)))),
        }
    }
}

/// Whether the destination of a symbolic link does not exist.
pub fn is_dangling(link: &Path) -> bool {
    fs::metadata(link).is_err_and(|error| is_absent(&error))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP))
}
