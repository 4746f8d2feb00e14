//! Consistent reading of live SQLite databases.
//!
//! Decides how a database is read: in place under its locks (write-ahead log), from a private copy (rollback journal,
//! or when recovery is needed first), or, when no committed state is available, file by file with a note. The home is
//! never changed: SQLite opens none of its files.

use std::sync::Arc;
use std::time::Duration;

use rustix::fs::FileType;

use super::check::Source;
use super::classify::{JOURNAL, JournalMode, SHM, WAL, journal_mode};
use super::content::Content;
use super::copy::{DatabaseCopy, Scratch};
use super::descriptor::{Descriptor, FileId};
use super::home::Home;
use super::journal::{is_log, may_be_hot};
use super::locks::{Lock, Refusal};
use super::pinned::PinnedDatabase;
use super::recovery::{Companions, recover};
use super::wal_index;
use crate::error::{Error, Result, reason};
use crate::model::{Timestamp, shown};

/// Attempts when other programs open or close the database in the meantime.
const ATTEMPTS: usize = 100;

/// A database to read.
pub(super) struct DatabaseReader<'a> {
    pub home: &'a Home,
    pub path: &'a [u8],
    /// The name under which programs use it. Differs from `path` only for hard links.
    pub name: &'a [u8],
    /// Whether its log is read as well. Otherwise the main file has to hold everything.
    pub with_log: bool,
    pub scratch: &'a Scratch,
    pub lock_wait: Duration,
    /// How long the check of a recovered copy may take before it counts as failed.
    pub check_wait: Duration,
}

impl DatabaseReader<'_> {
    /// Reads it as consistently as possible. An error only when it cannot be opened at all.
    pub(super) fn pin(&self) -> Result<PinnedDatabase> {
        for _ in 0..ATTEMPTS {
            if let Some(pinned) = self.try_pin()? {
                return Ok(pinned);
            }
        }
        self.read_as_is(None, "other programs kept opening and closing it")
    }

    /// `None` when another program opened or replaced it in the meantime, so that the bytes read cannot be used.
    fn try_pin(&self) -> Result<Option<PinnedDatabase>> {
        let locked = Arc::new(self.home.file(self.path)?);
        let mut lock = match Lock::shared(Arc::clone(&locked), self.lock_wait) {
            Ok(lock) => lock,
            Err(refusal) => return self.without_lock(&locked, &refusal).map(Some),
        };
        // Opened again for its size and time: before the lock was taken the file could still grow.
        let main = Arc::new(self.home.file(self.path)?);
        if main.facts.id != locked.facts.id {
            return Ok(None);
        }
        // Opened only under the lock: from now on no program removes an index or a journal that matters.
        let index = match self.companion(SHM) {
            Ok(index) => index,
            Err(error) => return self.read_as_is(None, &error.to_string()).map(Some),
        };
        let is_used = match index.map(|index| lock.lock_log(index)).transpose() {
            Ok(is_used) => is_used.unwrap_or(false),
            Err(refusal) => return self.without_lock(&main, &refusal).map(Some),
        };
        let lock = Arc::new(lock);
        if is_used
            && self.with_log
            && let Some(pinned) = self.in_place(&lock, &main)
        {
            return Ok(Some(pinned));
        }
        let companions = match self.companions_under_lock(&lock, is_used) {
            Ok(companions) => companions,
            Err(error) => return self.without_companions(error).map(Some),
        };
        match &companions {
            Companions { journal: None, log: None, .. } if journal_mode(&main) == Some(JournalMode::Wal) => {
                Ok(self.idle(lock, main))
            }
            Companions { journal: None, log: None, .. } => Ok(self.copied_or_blocking(lock, main)),
            _ => self.recovered(&lock, &main, &companions, is_used),
        }
    }

    /// The companion file of that suffix, if it is there and a regular file.
    fn companion(&self, suffix: &[u8]) -> Result<Option<Descriptor>> {
        match self.home.file(&[self.name, suffix].concat()) {
            Ok(file) => Ok(Some(file)),
            Err(Error::NotFound(_) | Error::Invalid(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn companions_under_lock(&self, lock: &Lock, is_used: bool) -> Result<Companions> {
        // While a program uses the database, a journal is that program's concern, or a leftover.
        let is_left = |journal: &Descriptor| may_be_hot(journal) && !is_used && !lock.has_writer();
        let journal = self.companion(JOURNAL)?.filter(is_left);
        let log = self.companion(WAL)?.filter(is_log);
        Ok(Companions { journal, log, has_index: lock.index().is_some() })
    }

    /// A write-ahead log in use: the files themselves, while the lock keeps checkpoints away.
    fn in_place(&self, lock: &Arc<Lock>, main: &Arc<Descriptor>) -> Option<PinnedDatabase> {
        let extent = wal_index::extent(lock.index()?)?;
        let size = extent.main.unwrap_or(u64::MAX).min(main.facts_now().ok()?.size);
        let content = Content { size, _lock: Some(Arc::clone(lock)), ..Content::whole(Arc::clone(main)) };
        let log = match extent.log {
            0 => None,
            size => Some((Arc::new(self.companion(WAL).ok()??), size)),
        };
        if log.as_ref().is_some_and(|(log, size)| log.facts.size < *size) {
            return None;
        }
        let stored = log.clone().map_or_else(
            || Content::empty(main.facts.modified),
            |(log, size)| Content { size, _lock: Some(Arc::clone(lock)), ..Content::whole(log) },
        );
        let source = Source::Locked { main: Arc::clone(main), size, log, lock: Arc::clone(lock) };
        Some(PinnedDatabase {
            log: stored,
            unchecked: Some(source),
            ..PinnedDatabase::main_only(content, main)
        })
    }

    /// Write-ahead mode without a log, and no program has it open: the file itself. A program that opens it later may
    /// still checkpoint into it; that is noticed after reading.
    fn idle(&self, lock: Arc<Lock>, main: Arc<Descriptor>) -> Option<PinnedDatabase> {
        if self.was_opened_meanwhile(lock.index().is_some()) {
            return None;
        }
        let size = main.facts.size;
        let source = Source::Locked { main: Arc::clone(&main), size, log: None, lock: Arc::clone(&lock) };
        let content = Content { _lock: Some(lock), may_change: true, ..Content::whole(Arc::clone(&main)) };
        Some(PinnedDatabase { unchecked: Some(source), ..PinnedDatabase::main_only(content, &main) })
    }

    /// Nothing is unfinished: a copy, because writers wait while the lock is held. Without room for a copy, the file
    /// itself.
    fn copied_or_blocking(&self, lock: Arc<Lock>, main: Arc<Descriptor>) -> Option<PinnedDatabase> {
        let copy = DatabaseCopy::new(self.scratch, &[("", &main, u64::MAX)]);
        if self.was_opened_meanwhile(lock.index().is_some()) {
            return None;
        }
        Some(match copy.and_then(|copy| Ok((copy.open("")?, copy))) {
            Ok((copied, copy)) => {
                PinnedDatabase::from_copy(copied, &main, Some(Source::Copied(Arc::new(copy))))
            }
            Err(_) => {
                let size = main.facts.size;
                let source =
                    Source::Locked { main: Arc::clone(&main), size, log: None, lock: Arc::clone(&lock) };
                let content = Content { _lock: Some(lock), ..Content::whole(Arc::clone(&main)) };
                PinnedDatabase {
                    blocks_writers: true,
                    unchecked: Some(source),
                    ..PinnedDatabase::main_only(content, &main)
                }
            }
        })
    }

    /// Something is unfinished and no program is working on it, or its log cannot be interpreted in place: SQLite
    /// recovers a copy. If that gives no sound state, the files are stored as they are, with a note.
    fn recovered(
        &self,
        lock: &Arc<Lock>,
        main: &Arc<Descriptor>,
        companions: &Companions,
        is_used: bool,
    ) -> Result<Option<PinnedDatabase>> {
        let recovered = recover(self.scratch, main, companions, is_used, self.check_wait);
        if self.was_opened_meanwhile(companions.has_index) {
            return Ok(None);
        }
        match recovered {
            Ok((copied, source)) => Ok(Some(PinnedDatabase::from_copy(copied, main, source))),
            Err(reason) => self.read_as_is(Some(Arc::clone(lock)), &reason).map(Some),
        }
    }

    /// Whether a program opened the database after it was locked. Without an index it did not see the lock on the log.
    fn was_opened_meanwhile(&self, had_index: bool) -> bool {
        let index = self.home.facts(&[self.name, SHM].concat());
        !had_index && index.is_ok_and(|index| index.file_type == FileType::RegularFile)
    }

    /// Without a lock. The result is a committed state only if nothing changed in the meantime on a file system
    /// without locks.
    fn without_lock(&self, main: &Arc<Descriptor>, refusal: &Refusal) -> Result<PinnedDatabase> {
        let why = match refusal {
            Refusal::Busy => return self.read_as_is(None, "database is locked"),
            Refusal::Unsupported(error) => reason(error),
        };
        let before = self.state();
        let (journal, log) = self.unfinished();
        let companions = Companions { journal, log, has_index: true };
        match recover(self.scratch, main, &companions, false, self.check_wait) {
            Ok((copied, source)) if self.state() == before => {
                Ok(PinnedDatabase::from_copy(copied, main, source))
            }
            _ => self.read_as_is(None, &why),
        }
    }

    /// Journal and log, if they can be read and may hold something.
    fn unfinished(&self) -> (Option<Descriptor>, Option<Descriptor>) {
        let journal = self.companion(JOURNAL).ok().flatten().filter(may_be_hot);
        (journal, self.companion(WAL).ok().flatten().filter(is_log))
    }

    /// Which files exist, their sizes and times.
    fn state(&self) -> [Option<(FileId, u64, Timestamp)>; 3] {
        [self.path.to_vec(), [self.name, WAL].concat(), [self.name, JOURNAL].concat()].map(|path| {
            let facts = self.home.facts(&path).ok()?;
            Some((facts.id, facts.size, facts.modified))
        })
    }

    /// The main file alone, because a log or a journal exists and cannot be read.
    fn without_companions(&self, error: Error) -> Result<PinnedDatabase> {
        let main = self.home.file(self.path)?;
        let note = format!(
            "stored without its log or journal: {error}; the last commits may be missing, or the copy may be inconsistent"
        );
        let content = Content { note: Some(note.into()), ..Content::whole(Arc::new(main)) };
        let modified = content.modified;
        let log_error = self.companion(WAL).err();
        Ok(PinnedDatabase {
            main: content,
            log: Content::empty(modified),
            journal: None,
            blocks_writers: false,
            unchecked: None,
            log_error,
        })
    }

    /// All files as they are. Without the lock, writers may change them while they are read.
    fn read_as_is(&self, lock: Option<Arc<Lock>>, reason: &str) -> Result<PinnedDatabase> {
        let main = self.home.file(self.path)?;
        let (journal, log) = self.unfinished();
        let note = match &lock {
            None => format!(
                "read without a lock on the database: {reason}; if a program wrote to it in the meantime, the copy is inconsistent, \
                 so back it up again when none is writing"
            ),
            Some(_) => {
                format!("stored as is, with its log and journal: {reason}; check it before you rely on it")
            }
        };
        let belongs =
            format!("belongs to the database {}, which is stored as is: {reason}", shown(self.path));
        let copy = lock.as_ref().and_then(|_| {
            let files = [("", Some(&main)), ("-journal", journal.as_ref()), ("-wal", log.as_ref())];
            let files: Vec<_> =
                files.into_iter().filter_map(|(name, file)| Some((name, file?, u64::MAX))).collect();
            DatabaseCopy::new(self.scratch, &files).ok()
        });
        // Reading from the copy blocks no writer.
        let content = |name: &str, origin: Descriptor, note: &str| {
            let modified = origin.facts.modified;
            let copied = copy.as_ref().and_then(|copy| copy.open(name).ok());
            let lock = lock.clone().filter(|_| copied.is_none());
            let file = copied.unwrap_or_else(|| Arc::new(origin));
            Content { note: Some(note.into()), _lock: lock, modified, ..Content::whole(file) }
        };
        let modified = main.facts.modified;
        Ok(PinnedDatabase {
            log: log.map_or_else(|| Content::empty(modified), |log| content("-wal", log, &belongs)),
            journal: journal.map(|journal| content("-journal", journal, &belongs)),
            main: content("", main, &note),
            blocks_writers: false,
            unchecked: None,
            log_error: None,
        })
    }
}
