//! Recognizes SQLite databases and their companion files (`-wal`, `-shm`, `-journal`), by name and by their first
//! bytes.
//!
//! Only reads. A file that merely has the name of a companion file is an ordinary file.

use std::io::ErrorKind;
use std::os::fd::OwnedFd;

use rustix::fs::{FileType, OFlags};

use super::descriptor::Descriptor;
use super::home::{facts_at, file_at};
use super::journal::{is_log, may_be_hot};

const MAGIC: &[u8] = b"SQLite format 3\0";
/// The smallest page size, and so the smallest database.
const SMALLEST_PAGE: u64 = 512;
/// The step in which an index grows, in bytes.
const INDEX_REGION: u64 = 32_768;
/// Common name endings of databases.
const NAMES: [&[u8]; 4] = [b".db", b".db3", b".sqlite", b".sqlite3"];
/// The suffixes of a database's companion files.
const COMPANIONS: [&[u8]; 3] = [WAL, SHM, JOURNAL];
pub(super) const WAL: &[u8] = b"-wal";
pub(super) const JOURNAL: &[u8] = b"-journal";
pub(super) const SHM: &[u8] = b"-shm";

/// How SQLite makes the transactions of a database atomic.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum JournalMode {
    Wal,
    Rollback,
}

/// Whether the file is worth opening to see if it is a database: it consists of whole pages (512 bytes or a multiple),
/// or has a database's name, since a damaged one can have any size. Avoids opening most files twice.
pub(super) fn may_be_database(name: &[u8], size: u64) -> bool {
    size >= SMALLEST_PAGE
        && (size.is_multiple_of(SMALLEST_PAGE) || NAMES.into_iter().any(|ending| name.ends_with(ending)))
}

/// Whether the file can be the companion file of that suffix: it is empty, begins with zeros or with the magic number
/// of its kind, or, for an index, has the right size.
pub(super) fn is_companion(directory: &OwnedFd, name: &[u8], suffix: &[u8]) -> bool {
    let facts = match facts_at(directory, name) {
        Ok(facts) => facts,
        Err(error) => return error.kind() == ErrorKind::NotFound,
    };
    if facts.file_type != FileType::RegularFile {
        return false;
    }
    if suffix == SHM {
        return facts.size < 4 || facts.size.is_multiple_of(INDEX_REGION);
    }
    // SQLite could not read it either: treat it as SQLite's.
    let Ok(file) = file_at(directory, name, OFlags::RDONLY) else { return true };
    let is_finished = file.read(0, 4).is_ok_and(|start| start.iter().all(|byte| *byte == 0));
    is_finished || if suffix == WAL { is_log(&file) } else { may_be_hot(&file) }
}

/// The journal mode by the header of `file`; `None` when it is not a SQLite database.
pub(super) fn journal_mode(file: &Descriptor) -> Option<JournalMode> {
    let header = if file.facts.size >= SMALLEST_PAGE { file.read(0, 20).ok()? } else { return None };
    let version = header.strip_prefix(MAGIC)?.get(3)?;
    Some(if *version == 2 { JournalMode::Wal } else { JournalMode::Rollback })
}

/// The database whose companion file `path` would be, by name, and the suffix.
pub(super) fn database_of(path: &[u8]) -> Option<(&[u8], &'static [u8])> {
    let strip = |suffix: &'static [u8]| Some((path.strip_suffix(suffix)?, suffix));
    COMPANIONS.into_iter().find_map(strip).filter(|(base, _)| !base.is_empty() && !base.ends_with(b"/"))
}
