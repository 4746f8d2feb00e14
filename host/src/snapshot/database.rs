//! Consistent reading of live SQLite databases.
//!
//! Owns the lock that holds a database still, and the choice of how to read under it: in place (write-ahead log), from a
//! copy (rollback journal, or when the log cannot be judged), or, when no lock is to be had, as any file, with a note. Never
//! reads the schema or a row, and leaves the home's directory as it found it.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tempfile::NamedTempFile;

use super::content::Content;
use super::descriptor::{Claim, Descriptor, FileId};
use super::home::Home;
use super::wal_index::{self, Extent};
use crate::error::Result;

const MAGIC: &[u8] = b"SQLite format 3\0";
/// The smallest page, hence the smallest database.
const SMALLEST_PAGE: u64 = 512;
/// What SQLite puts beside a database while it is in use.
const NEIGHBOURS: [&[u8]; 3] = [WAL, SHM, JOURNAL];
pub(super) const WAL: &[u8] = b"-wal";
pub(super) const JOURNAL: &[u8] = b"-journal";
const SHM: &[u8] = b"-shm";
/// Between two tries to get a lock: short, to hit the gaps of a writer that hardly leaves any.
const NAP: Duration = Duration::from_millis(1);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Journal {
    Wal,
    Rollback,
}

/// Whether a database may have that size: whole pages, the smallest of which have 512 bytes. Saves opening most files twice.
pub(super) fn is_like_one(size: u64) -> bool {
    size > 0 && size.is_multiple_of(SMALLEST_PAGE)
}

/// How `file` is journalled, by its header; `None` when it is no SQLite database.
pub(super) fn journal(file: &Descriptor) -> Option<Journal> {
    let header = if is_like_one(file.facts.size) { file.read(0, 20).ok()? } else { return None };
    let version = header.strip_prefix(MAGIC)?.get(3)?;
    Some(if *version == 2 { Journal::Wal } else { Journal::Rollback })
}

/// The database that `path` would be a neighbour of, and the suffix.
pub(super) fn owner_of(path: &[u8]) -> Option<(&[u8], &'static [u8])> {
    let strip = |suffix: &'static [u8]| Some((path.strip_suffix(suffix)?, suffix));
    NEIGHBOURS.into_iter().find_map(strip).filter(|(base, _)| !base.is_empty() && !base.ends_with(b"/"))
}

/// A database as it is read: the main file and its log.
#[derive(Clone)]
pub(super) struct Pair {
    pub main: Content,
    pub log: Content,
    /// Whether writers wait until the contents are dropped.
    pub blocks: bool,
}

/// One database to be read.
pub(super) struct Database<'a> {
    pub home: &'a Home,
    pub path: &'a [u8],
    /// The name under which it is in use: another one than `path` only for hard links.
    pub name: &'a [u8],
    /// Whether its log is read, too. Otherwise the main file has to hold everything.
    pub with_log: bool,
    pub scratch: &'a Path,
    pub lock_wait: Duration,
}

impl Database<'_> {
    /// Reads it as consistently as can be; an error only when it cannot be opened at all.
    pub(super) fn pin(&self) -> Result<Pair> {
        let id = self.home.file(self.path)?.facts.id;
        let lock = match Lock::take(self, id) {
            Ok(lock) => lock,
            Err(error) => match self.undisturbed(&error) {
                Some(pair) => return Ok(pair),
                None => return self.as_it_is(None, &said(&error)),
            },
        };
        let main = Arc::new(self.home.file(self.path)?);
        if main.facts.id != id {
            return self.as_it_is(None, "it was replaced while it was being opened");
        }
        if lock.journal == Journal::Rollback {
            return Ok(self.copied(lock, main));
        }
        let lock = Arc::new(lock);
        if self.with_log
            && let Some(pair) = self.in_place(&lock, &main)
        {
            return Ok(pair);
        }
        match lock.back_up(self.scratch) {
            Ok(copy) => Ok(standalone(copy, &main, false)),
            Err(reason) => self.as_it_is(Some(lock), &reason),
        }
    }

    /// Write-ahead log: the files themselves, while the lock keeps checkpoints behind what is read.
    fn in_place(&self, lock: &Arc<Lock>, main: &Arc<Descriptor>) -> Option<Pair> {
        let extent = lock.extent?;
        let lock = Some(Arc::clone(lock));
        let size = extent.main.unwrap_or(u64::MAX).min(main.facts.size);
        let content = Content { size, _lock: lock.clone(), ..Content::whole(Arc::clone(main)) };
        let log = if extent.log == 0 {
            Content::empty(main.facts.modified)
        } else {
            let log = self.home.file(&[self.path, WAL].concat()).ok()?;
            if log.facts.size < extent.log {
                return None;
            }
            Content { size: extent.log, _lock: lock, ..Content::whole(Arc::new(log)) }
        };
        Some(Pair { main: content, log, blocks: false })
    }

    /// Rollback journal: a copy, since writers wait as long as the lock is held; if that does not fit, the file itself.
    fn copied(&self, lock: Lock, main: Arc<Descriptor>) -> Pair {
        match self.copy(&main) {
            Ok(copy) => standalone(copy, &main, false),
            Err(_) => {
                let content = Content { _lock: Some(Arc::new(lock)), ..Content::whole(Arc::clone(&main)) };
                standalone(content, &main, true)
            }
        }
    }

    /// A copy without a lock, good because nothing happened meanwhile: what there is for a database that nobody uses, in a
    /// directory that cannot be written, where SQLite opens none that goes by a log.
    fn undisturbed(&self, error: &rusqlite::Error) -> Option<Pair> {
        let is_absent = |suffix| self.home.facts(&[self.name, suffix].concat()).map_or(true, |f| f.size == 0);
        let state = || {
            let facts = self.home.facts(self.path).ok()?;
            (is_absent(WAL) && is_absent(JOURNAL)).then_some((facts.id, facts.size, facts.modified))
        };
        let before = state().filter(|_| error.sqlite_error_code() == Some(ErrorCode::CannotOpen))?;
        let main = self.home.file(self.path).ok()?;
        let copy = self.copy(&main).ok()?;
        (state() == Some(before)).then(|| standalone(copy, &main, false))
    }

    fn copy(&self, main: &Descriptor) -> io::Result<Content> {
        fs::create_dir_all(self.scratch)?;
        let mut copy = tempfile::tempfile_in(self.scratch)?;
        main.copy_to(&mut copy)?;
        Ok(Content::whole(Arc::new(Descriptor::new(copy.into())?)))
    }

    /// Without anything that keeps writers from tearing it: said so in the note.
    fn as_it_is(&self, lock: Option<Arc<Lock>>, reason: &str) -> Result<Pair> {
        let note = format!(
            "read without a lock on the database: {reason}; if something wrote to it meanwhile the copy is not whole, \
             so back it up again when nothing does"
        );
        let main = Arc::new(self.home.file(self.path)?);
        let modified = main.facts.modified;
        let log = self.home.file(&[self.path, WAL].concat()).ok().filter(|_| self.with_log);
        let log = log.map_or_else(|| Content::empty(modified), |log| Content::whole(Arc::new(log)));
        let main = Content { note: Some(note.into()), _lock: lock, ..Content::whole(main) };
        Ok(Pair { main, log, blocks: false })
    }
}

/// A pair whose main file holds everything; to readers it is as old as the origin.
fn standalone(content: Content, origin: &Descriptor, blocks: bool) -> Pair {
    let modified = origin.facts.modified;
    Pair { main: Content { modified, ..content }, log: Content::empty(modified), blocks }
}

/// A read transaction that is kept open. While it lives the database cannot lose the state that it had.
pub(super) struct Lock {
    /// Before `_claims`: it has to be closed before anything else closes its files.
    connection: Mutex<Connection>,
    journal: Journal,
    /// Of a write-ahead log that can be read in place.
    extent: Option<Extent>,
    _claims: Vec<Claim>,
}

impl Lock {
    fn take(database: &Database<'_>, id: FileId) -> rusqlite::Result<Self> {
        let mut claims = vec![Claim::new(id)];
        let beside = |suffix| [database.name, suffix].concat();
        // For reading and writing, although nothing is written: recovery and a clean end need it.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let had_log = database.home.facts(&beside(WAL)).is_ok();
        let connection = Connection::open_with_flags(database.home.location(database.name), flags)?;
        // A log that was there stays as it is; one that SQLite makes for us goes with us.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, had_log)?;
        begin(&connection, database.lock_wait)?;
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        let journal = if mode == "wal" { Journal::Wal } else { Journal::Rollback };
        // Writable, because SQLite trusts and keeps up to date only an index that it can write.
        let index = database.home.writable(&beside(SHM)).ok().filter(|_| journal == Journal::Wal);
        claims.extend(index.as_ref().map(|index| Claim::new(index.facts.id)));
        let extent = index.as_ref().and_then(wal_index::extent);
        drop(index);
        Ok(Self { connection: Mutex::new(connection), journal, extent, _claims: claims })
    }

    /// The locked state as one file, written by SQLite itself, page by page.
    fn back_up(&self, scratch: &Path) -> std::result::Result<Content, String> {
        let file = fs::create_dir_all(scratch).and_then(|()| NamedTempFile::new_in(scratch));
        let file = file.map_err(|error| crate::error::reason(&error))?;
        let source = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        write_pages(&source, file.path()).map_err(|error| said(&error))?;
        let file: File = file.into_file();
        let copy = Descriptor::new(file.into()).map_err(|error| crate::error::reason(&error))?;
        Ok(Content::whole(Arc::new(copy)))
    }
}

/// Starts the read transaction; a database in use is tried again for `wait`.
fn begin(connection: &Connection, wait: Duration) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::ZERO)?;
    connection.execute_batch("BEGIN")?;
    let mut left = wait;
    loop {
        // Reads the header and nothing else, so that no schema can disturb.
        match connection.pragma_query_value(None, "schema_version", |_| Ok(())) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && !left.is_zero() => {
                thread::sleep(NAP);
                left = left.saturating_sub(NAP);
            }
            other => return other,
        }
    }
}

fn write_pages(source: &Connection, target: &Path) -> rusqlite::Result<()> {
    let mut target = Connection::open(target)?;
    // Nobody needs the copy after a crash.
    target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")?;
    let backup = Backup::new(source, &mut target)?;
    while backup.step(-1)? != StepResult::Done {
        thread::sleep(NAP);
    }
    Ok(())
}

/// What SQLite said, without the names of files on this machine.
fn said(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(error, _) => {
            rusqlite::ffi::code_to_str(error.extended_code).to_owned()
        }
        other => other.to_string(),
    }
}
