//! The listing: every entry of the home, and which of its files are databases.
//!
//! Owns the order and the choice of what is listed. An entry that cannot be read is listed with the reason; only a home
//! that cannot be opened fails the listing. Follows no symbolic link.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Dir, FileType, OFlags, readlinkat};

use super::classify;
use super::classify::{JournalMode, WAL};
use super::descriptor::{Facts, FileId};
use super::home::{Home, description, facts_at, file_at};
use super::owner_names::OwnerNames;
use crate::error::{Doing, Error, Result, reason};
use crate::model::{Entry, HomePath, Kind, MAX_DEPTH, MAX_PATH, Owner, Timestamp};

/// A database that was listed.
pub(super) struct ListedDatabase {
    pub id: FileId,
    /// Whether its log is listed right after it.
    pub with_log: bool,
    /// Whether the file has several names.
    pub shared: bool,
}

pub(super) type Databases = BTreeMap<HomePath, ListedDatabase>;

/// Files with several names, numbered in the order in which they are found.
pub(super) type Identities = BTreeMap<FileId, u64>;

/// The state of a listing: parents before their children, siblings in byte order, a log right after its database. Keeps
/// the databases it found, and only those entries that were not returned yet.
pub(super) struct Walk {
    owner_names: OwnerNames,
    pub identities: Identities,
    pub databases: Databases,
    /// Files that are not companion files despite their names.
    pub ordinary: BTreeSet<HomePath>,
    /// Entries to return, the next one last. A directory represents everything below it.
    pending: Vec<Entry>,
}

impl Walk {
    pub(super) fn new(home: &Home) -> Result<Self> {
        let (identities, databases) = (Identities::new(), Databases::new());
        let (ordinary, pending) = (BTreeSet::new(), Vec::new());
        let mut walk = Self { owner_names: OwnerNames::load(), identities, databases, ordinary, pending };
        let root = home.directory(b"", OFlags::PATH).and_then(|directory| facts_at(directory, b"."));
        let root = root.doing(|| "cannot access the home's directory")?;
        let root = walk.entry(Vec::new(), &root, Kind::Directory);
        walk.pending.push(root);
        Ok(walk)
    }

    /// The next entry; `None` at the end.
    pub(super) fn next(&mut self, home: &Home) -> Result<Option<Entry>> {
        let Some(mut entry) = self.pending.pop() else { return Ok(None) };
        if entry.kind == Kind::Directory {
            match self.list(home, &entry.path) {
                Ok(children) => self.pending.extend(children.into_iter().rev()),
                // If nothing can be read, it is an error and not a home with an unreadable part.
                Err(error) if entry.path.is_empty() => {
                    self.pending.push(entry);
                    return Err(Error::from_io("cannot list the home's directory", &error));
                }
                Err(error) => entry.kind = Kind::Unusable(format!("cannot be listed: {}", reason(&error))),
            }
        }
        Ok(Some(entry))
    }

    /// The entries directly in the directory `path`.
    fn list(&mut self, home: &Home, path: &[u8]) -> io::Result<Vec<Entry>> {
        let directory = home.directory(path, OFlags::RDONLY)?;
        let lookup = home.directory(path, OFlags::PATH)?;
        let mut entries = Vec::new();
        for name in names(directory)? {
            let child = if path.is_empty() { name.clone() } else { [path, b"/", &name].concat() };
            if home.is_visible(&child) && !self.is_companion_file(&lookup, &name, &child) {
                self.add(&lookup, &name, child, &mut entries);
            }
        }
        Ok(entries)
    }

    /// Whether the file is a companion file of a listed database, by name and by content. The database has the shorter
    /// name, so it was listed before.
    fn is_companion_file(&mut self, directory: &OwnedFd, name: &[u8], path: &[u8]) -> bool {
        let Some((base, suffix)) = classify::database_of(path) else { return false };
        let Some(known) = self.databases.get(base) else { return false };
        // Already listed after its database.
        if known.with_log && suffix == WAL {
            return true;
        }
        let is_companion = classify::is_companion(directory, name, suffix);
        if !is_companion {
            self.ordinary.insert(path.to_vec());
        }
        is_companion
    }

    /// Adds the entry of `name` in `directory`, and that of its log.
    fn add(&mut self, directory: &OwnedFd, name: &[u8], path: HomePath, entries: &mut Vec<Entry>) {
        let facts = match facts_at(directory, name) {
            Ok(facts) => facts,
            Err(error) => return entries.push(unreadable(path, &error)),
        };
        let kind = kind(directory, name, &path, &facts);
        let journal = match kind {
            Kind::File(size) if classify::may_be_database(name, size) => {
                file_at(directory, name, OFlags::RDONLY).ok().and_then(|f| classify::journal_mode(&f))
            }
            _ => None,
        };
        entries.push(self.entry(path.clone(), &facts, kind));
        if let Some(journal) = journal {
            let with_log = journal == JournalMode::Wal;
            if with_log {
                entries.push(self.log(directory, &[name, WAL].concat(), [&path, WAL].concat(), &facts));
            }
            self.databases.insert(path, ListedDatabase { id: facts.id, with_log, shared: facts.links > 1 });
        }
    }

    /// The entry of a database's log. If there is none, an empty file with the database's metadata.
    fn log(&mut self, directory: &OwnedFd, name: &[u8], path: HomePath, database: &Facts) -> Entry {
        if facts_at(directory, name).is_ok() && !classify::is_companion(directory, name, WAL) {
            self.ordinary.insert(path.clone());
        }
        let (facts, kind) = match facts_at(directory, name) {
            Ok(facts) => (facts, kind(directory, name, &path, &facts)),
            Err(_) => (*database, Kind::File(0)),
        };
        // The log belongs to this name of the database alone.
        Entry { identity: None, ..self.entry(path, &facts, kind) }
    }

    fn entry(&mut self, path: HomePath, facts: &Facts, kind: Kind) -> Entry {
        let several = matches!(kind, Kind::File(_)) && facts.links > 1;
        let next = self.identities.len() as u64;
        let identity = several.then(|| *self.identities.entry(facts.id).or_insert(next));
        let owner = self.owner_names.owner(facts.uid, facts.gid);
        Entry { path, kind, mode: facts.mode, owner, modified: facts.modified, identity }
    }
}

/// The names in a directory, in byte order.
fn names(directory: OwnedFd) -> io::Result<BTreeSet<Vec<u8>>> {
    let names = Dir::new(directory)?.map(|entry| Ok(entry?.file_name().to_bytes().to_vec()));
    names.filter(|name| !matches!(name.as_deref(), Ok(b"." | b".."))).collect()
}

fn kind(directory: impl AsFd, name: &[u8], path: &[u8], facts: &Facts) -> Kind {
    if path.len() > MAX_PATH {
        return Kind::Unusable(format!("its path is longer than {MAX_PATH} bytes"));
    }
    if path.split(|byte| *byte == b'/').count() > MAX_DEPTH {
        return Kind::Unusable(format!("it is more than {MAX_DEPTH} levels deep"));
    }
    match facts.file_type {
        FileType::Directory => Kind::Directory,
        FileType::RegularFile => Kind::File(facts.size),
        FileType::Symlink => match readlinkat(directory, name, Vec::new()) {
            Ok(target) => Kind::Symlink(target.into_bytes()),
            Err(error) => Kind::Unusable(format!("the link cannot be read: {}", reason(&error.into()))),
        },
        other => Kind::Unusable(format!("it is {}, which a backup cannot store", description(other))),
    }
}

/// An entry for a name that could not be read, usually because it vanished after its directory was read.
fn unreadable(path: HomePath, error: &io::Error) -> Entry {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "it vanished while the home was being listed".to_owned(),
        _ => format!("cannot be accessed: {}", reason(error)),
    };
    let (owner, modified) = (Owner::default(), Timestamp::default());
    Entry { path, kind: Kind::Unusable(why), mode: 0, owner, modified, identity: None }
}
