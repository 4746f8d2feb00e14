//! The snapshot: a frozen view of the home's directory, as `wit/files.wit` promises it. Never writes to the home.
//!
//! Owns what is listed, what may be opened, and which database is pinned in one committed state at the moment. Its
//! files:
//!
//! * `home`: the only way to files; `descriptor`: open files; `links`: destinations of symbolic links; `owner_names`
//! * `walk`: the list; `classify`: which files are databases
//! * `database`, `pinned`, `recovery`, `locks`, `journal`, `wal_index`, `copy`: consistent reading of SQLite; `check`:
//!   damage checks
//! * `content`: bytes of an opened file; `open_ahead` for small files, `read_ahead` for large ones

mod check;
mod classify;
mod content;
mod copy;
mod database;
mod descriptor;
mod home;
mod journal;
mod links;
mod locks;
mod open_ahead;
mod owner_names;
mod pinned;
mod read_ahead;
mod recovery;
#[cfg(test)]
mod tests;
mod wal_index;
mod walk;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use check::Finding;
pub use content::Content;
pub use copy::{CopyProgress, Scratch};
pub use links::{Destination, is_dangling};

use crate::error::{Error, Result};
use crate::model::{Entry, HomePath, shown};
use crate::tunables::MAX_FOLLOWED;
use check::{DatabaseChecker, Source};
use classify::{JOURNAL, WAL, database_of, journal_mode};
use database::DatabaseReader;
use home::Home;
use open_ahead::OpenAhead;
use pinned::PinnedDatabase;
use walk::{ListedDatabase, Walk};

/// The directory and the settings of a snapshot.
pub struct Options {
    /// The home's directory, or a symbolic link to it.
    pub root: PathBuf,
    /// For temporary copies of databases.
    pub scratch: Scratch,
    /// Absolute paths that are hidden. Those outside `root` are ignored.
    pub hidden: Vec<PathBuf>,
    /// How long to try to lock a database before it is read without a lock.
    pub lock_wait: Duration,
    /// How long the check of a recovered database may take while its reader waits.
    pub check_wait: Duration,
}

/// A view of the home. Pins at most one database at a time.
pub struct Snapshot {
    options: Options,
    home: Arc<Home>,
    /// The listing and what it found so far; `None` before the first entry is asked for.
    walk: Option<Walk>,
    pinned: Option<(HomePath, PinnedDatabase)>,
    open_ahead: Option<OpenAhead>,
    /// Present once database checks were requested.
    checker: Option<DatabaseChecker>,
}

impl Snapshot {
    /// Opens the home's directory. Reads nothing yet.
    pub fn new(options: Options) -> Result<Self> {
        let home = Arc::new(Home::open(&options.root, &options.hidden)?);
        Ok(Self { options, home, walk: None, pinned: None, open_ahead: None, checker: None })
    }

    /// The next entries, at most `max`; empty at the end.
    pub fn entries(&mut self, max: usize) -> Result<Vec<Entry>> {
        let walk = match &mut self.walk {
            Some(walk) => walk,
            none => none.insert(Walk::new(&self.home)?),
        };
        let next = || walk.next(&self.home).transpose();
        std::iter::from_fn(next).take(max).collect()
    }

    /// A hint that these files are opened next, in this order.
    pub fn open_ahead(&mut self, paths: Vec<HomePath>) {
        if self.open_ahead.is_none() {
            self.open_ahead = OpenAhead::start(self.home.clone());
        }
        if let Some(ahead) = &mut self.open_ahead {
            ahead.enqueue(paths);
        }
    }

    /// Checks every database that is opened from now on, on another thread.
    pub fn check_databases(&mut self) {
        self.checker = DatabaseChecker::start(Scratch { progress: None, ..self.options.scratch.clone() });
    }

    /// Databases that are damaged or could not be checked. Waits up to `wait` for the check of each.
    pub fn findings(&mut self, wait: Duration) -> Vec<Finding> {
        self.checker.take().map(|checker| checker.finish(wait)).unwrap_or_default()
    }

    /// Companion files that must be stored with the database at `path` although they are not listed, because SQLite
    /// could not make one state of its files. Only for the database that was opened last.
    pub fn companions(&self, path: &[u8]) -> Vec<HomePath> {
        let Some((_, database)) = self.pinned.as_ref().filter(|(pinned, _)| pinned == path) else {
            return Vec::new();
        };
        let is_listed = self.listed(path).is_some_and(|known| known.with_log);
        let log = (database.log.size() > 0 && !is_listed).then_some(WAL);
        let journal = database.journal.as_ref().map(|_| JOURNAL);
        [journal, log].into_iter().flatten().map(|suffix| [path, suffix].concat()).collect()
    }

    /// The database at `path`, if it was listed as one.
    fn listed(&self, path: &[u8]) -> Option<&ListedDatabase> {
        self.walk.as_ref()?.databases.get(path)
    }

    /// Opens a regular file. A database stays pinned until another one is opened or the snapshot is dropped, and as
    /// long as one of its contents lives.
    pub fn open(&mut self, path: &[u8]) -> Result<Content> {
        self.home.admit(path)?;
        let owner = database_of(path).filter(|_| !self.is_ordinary_file(path));
        if let Some((pinned, database)) = &mut self.pinned {
            match owner {
                Some((base, WAL)) if base == pinned => {
                    return database.log_error.clone().map_or_else(|| Ok(database.log.clone()), Err);
                }
                Some((base, JOURNAL)) if base == pinned => {
                    if let Some(journal) = &database.journal {
                        return Ok(journal.clone());
                    }
                }
                None if path == pinned => {
                    // The database may have been opened before checks were requested.
                    check_once(&mut self.checker, path, &mut database.unchecked);
                    return Ok(database.main.clone());
                }
                _ => {}
            }
        }
        if let Some((base, suffix)) = owner
            && self.is_database(base)
        {
            return self.open_companion(path, base, suffix);
        }
        let (id, content) = match self.open_ahead.as_mut().and_then(|ahead| ahead.take(path)) {
            Some(found) => found,
            None => {
                let file = self.home.file(path)?;
                let id = file.facts.id;
                let content = match journal_mode(&file) {
                    Some(_) => self.pin(path)?.main,
                    None => Content::whole(file.into()),
                };
                (id, content)
            }
        };
        let identities = self.walk.as_ref().map(|walk| &walk.identities);
        let identity = identities.and_then(|known| known.get(&id).copied());
        Ok(Content { identity, ..content })
    }

    /// Opens one of the files that describe the home itself, through symbolic links.
    pub fn open_following_links(&self, path: &[u8]) -> Result<Content> {
        let content = Content::whole(self.home.open_following_links(path)?.into());
        Ok(Content { size: content.size.min(MAX_FOLLOWED), ..content })
    }

    /// Where the symbolic link at `path` leads.
    pub fn link_destination(&self, path: &[u8]) -> Result<Destination> {
        self.home.admit(path)?;
        self.home.link_destination(path)
    }

    fn open_companion(&mut self, path: &[u8], base: &[u8], suffix: &[u8]) -> Result<Content> {
        match self.listed(base).filter(|known| known.with_log && suffix == WAL) {
            // A database with several names is read as a main file that holds everything.
            Some(known) if known.shared => Ok(Content::empty(self.home.file(base)?.facts.modified)),
            Some(_) => Ok(self.pin(base)?.log),
            None => Err(Error::NotFound(format!(
                "{} is not listed, because it belongs to the database {}; open the database",
                shown(path),
                shown(base)
            ))),
        }
    }

    /// Whether the file is not a companion file despite its name.
    fn is_ordinary_file(&self, path: &[u8]) -> bool {
        self.walk.as_ref().is_some_and(|walk| walk.ordinary.contains(path))
    }

    fn is_database(&self, path: &[u8]) -> bool {
        self.listed(path).is_some() || self.home.file(path).is_ok_and(|file| journal_mode(&file).is_some())
    }

    /// Pins the database at `path` and releases any other.
    fn pin(&mut self, path: &[u8]) -> Result<PinnedDatabase> {
        if let Some((pinned, database)) = &self.pinned
            && pinned == path
        {
            return Ok(database.clone());
        }
        self.pinned = None;
        let database = DatabaseReader {
            home: &self.home,
            path,
            name: &self.name_in_use(path),
            // Only listed files are read, and a log belongs to one name.
            with_log: self.listed(path).is_some_and(|known| known.with_log && !known.shared),
            scratch: &self.options.scratch,
            lock_wait: self.options.lock_wait,
            check_wait: self.options.check_wait,
        };
        let mut database = database.pin()?;
        check_once(&mut self.checker, path, &mut database.unchecked);
        if !database.blocks_writers {
            self.pinned = Some((path.to_vec(), database.clone()));
        }
        Ok(database)
    }

    /// The name of a database under which a log or a journal exists: SQLite finds these files by name.
    fn name_in_use(&self, path: &[u8]) -> HomePath {
        let is_in_use = |name: &HomePath| {
            let filled = |suffix: &[u8]| self.home.facts(&[name, suffix].concat()).is_ok_and(|f| f.size > 0);
            [WAL, JOURNAL].into_iter().any(filled)
        };
        let id = self.listed(path).filter(|known| known.shared).map(|known| known.id);
        let all = self.walk.iter().flat_map(|walk| &walk.databases);
        let names = all.filter(|(_, known)| Some(known.id) == id).map(|(name, _)| name);
        names.filter(|name| is_in_use(name)).min().cloned().unwrap_or_else(|| path.to_vec())
    }
}

/// Queues the check of a database once, if checks were requested.
fn check_once(checker: &mut Option<DatabaseChecker>, path: &[u8], unchecked: &mut Option<Source>) {
    if let Some(checker) = checker
        && let Some(source) = unchecked.take()
    {
        checker.add(path, source);
    }
}
