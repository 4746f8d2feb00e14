//! A private copy of a database and its companion files. This is the only part of a home that SQLite opens.
//!
//! Owns the directory of the copy and removes it on drop. SQLite recovers and checks the copy, to which it may write.
//! Database, journal and log are untrusted input, so SQLite gets little memory and trusts no schema. It does not know
//! where the files come from.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::Builder;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, InterruptHandle, OpenFlags};
use tempfile::TempDir;

use super::descriptor::{COPY_STEP, Descriptor};
use crate::disk::directory::Directory;
use crate::error::reason;

/// The heap limit of SQLite, in bytes.
const MEMORY: u64 = 64 << 20;
/// A fixed file name: the original one may be longer than SQLite accepts.
const NAME: &str = "copy";

pub(super) struct DatabaseCopy {
    directory: TempDir,
}

/// Called with the number of copied bytes of a file and its size.
pub type CopyProgress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// Where private copies are made, and the receiver of the progress of large ones.
#[derive(Clone)]
pub struct Scratch {
    /// Created with the first copy. Leftovers of a killed process in it may be deleted.
    pub directory: PathBuf,
    pub progress: Option<CopyProgress>,
}

impl Scratch {
    fn report(&self, copied: u64, size: u64) {
        if size > COPY_STEP
            && let Some(progress) = &self.progress
        {
            progress(copied, size);
        }
    }
}

/// SQLite's result of a check.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Sound,
    /// The damage, in SQLite's words.
    Damaged(String),
    /// Why the check failed.
    Unknown(String),
}

impl DatabaseCopy {
    /// Copies up to `size` bytes of each file, by suffix.
    pub(super) fn new(scratch: &Scratch, files: &[(&str, &Descriptor, u64)]) -> io::Result<Self> {
        Directory::make(&scratch.directory, 0o700)?;
        let copy = Self { directory: TempDir::new_in(&scratch.directory)? };
        for (suffix, from, size) in files {
            let mut to = File::create_new(copy.path(suffix))?;
            from.copy_to(&mut to, &mut |copied| scratch.report(copied, from.facts.size))?;
            if to.metadata()?.len() > *size {
                to.set_len(*size)?;
            }
        }
        Ok(copy)
    }

    fn path(&self, suffix: &str) -> PathBuf {
        self.directory.path().join([NAME, suffix].concat())
    }

    /// The copied file of that suffix, `""` for the main file. Stays readable after the copy has been dropped.
    pub(super) fn open(&self, suffix: &str) -> io::Result<Arc<Descriptor>> {
        Ok(Arc::new(Descriptor::new(File::open(self.path(suffix))?.into())?))
    }

    /// Rolls back or checkpoints what is unfinished, so that the main file alone is the committed state.
    pub(super) fn recover(&self) -> rusqlite::Result<()> {
        let connection = open(&self.path(""), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // The copy is not needed after a crash, and no other process opens it.
        connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE")?;
        // Reads only the header, so that no schema can interfere.
        connection.pragma_query_value(None, "schema_version", |_| Ok(()))?;
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        if mode == "wal" {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        connection.close().map_err(|(_, error)| error)
    }

    /// Checks the copy, for no longer than `wait`.
    pub(super) fn check_within(&self, wait: Duration) -> Verdict {
        let check = match self.check() {
            Ok(check) => check,
            Err(error) => return verdict(&error),
        };
        let (handle, (found, verdict)) = (check.handle(), channel());
        let work = move || found.send(check.run());
        if let Err(error) = Builder::new().name("database check".into()).spawn(work) {
            return Verdict::Unknown(reason(&error));
        }
        verdict.recv_timeout(wait).unwrap_or_else(|_| {
            handle.interrupt();
            Verdict::Unknown(format!("its check took longer than {} s", wait.as_secs_f64()))
        })
    }

    /// A check that another thread can interrupt. The copy must be recovered, or never have needed it.
    pub(super) fn check(&self) -> rusqlite::Result<Check> {
        let uri = format!("file:{}?immutable=1", encoded(&self.path("")));
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        Ok(Check(open(Path::new(&uri), flags)?))
    }
}

pub(super) struct Check(Connection);

/// Results of `quick_check` about tables that only their own program can interpret. They do not mean that a page is
/// damaged.
const NOT_DAMAGE: [&str; 2] = ["inverted index", " value in "];

impl Check {
    pub(super) fn handle(&self) -> InterruptHandle {
        self.0.get_interrupt_handle()
    }

    /// SQLite's `quick_check`: every page is where it belongs and can be read.
    pub(super) fn run(self) -> Verdict {
        match self.lines("PRAGMA quick_check") {
            Ok(lines) => verdict_of(lines),
            // The schema uses something that only the database's own program knows: check the tables that do not depend
            // on it.
            Err(error) if is_unknown_schema(&error) => self.table_by_table(),
            Err(error) => verdict(&error),
        }
    }

    fn table_by_table(&self) -> Verdict {
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'";
        let tables = match self.lines(tables) {
            Ok(tables) => tables,
            Err(error) => return verdict(&error),
        };
        for table in tables {
            let found = self.lines(&format!("PRAGMA quick_check('{}')", table.replace('\'', "''")));
            match found.map_or_else(|error| verdict(&error), verdict_of) {
                Verdict::Sound => {}
                other => return other,
            }
        }
        Verdict::Sound
    }

    fn lines(&self, sql: &str) -> rusqlite::Result<Vec<String>> {
        self.0.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
    }
}

fn verdict_of(lines: Vec<String>) -> Verdict {
    let is_damage = |line: &&String| *line != "ok" && !NOT_DAMAGE.iter().any(|words| line.contains(words));
    // A line may contain several lines, the first of which only names the database.
    let sqlite_message =
        |line: &String| line.trim_start_matches("*** in database main ***").trim().to_owned();
    lines.iter().find(is_damage).map_or(Verdict::Sound, |line| Verdict::Damaged(sqlite_message(line)))
}

fn is_unknown_schema(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::Unknown)
}

fn verdict(error: &rusqlite::Error) -> Verdict {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            Verdict::Damaged(format!("{} (or it is encrypted)", sqlite_message(error)))
        }
        Some(ErrorCode::DatabaseCorrupt) => Verdict::Damaged(sqlite_message(error)),
        _ if is_unknown_schema(error) => Verdict::Sound,
        _ => Verdict::Unknown(sqlite_message(error)),
    }
}

fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // Only the database's own program knows the order of such an index, but a check of pages does not depend on it.
    connection.collation_needed(|connection, name| connection.create_collation(name, str::cmp))?;
    connection.execute_batch(&format!(
        "PRAGMA hard_heap_limit = {MEMORY}; PRAGMA trusted_schema = OFF; PRAGMA ignore_check_constraints = ON;
         PRAGMA cell_size_check = ON"
    ))?;
    Ok(connection)
}

/// A path, encoded for a URI.
fn encoded(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte);
    let part =
        |byte: &u8| if is_plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    bytes.iter().map(part).collect()
}

/// SQLite's message, without file names of this machine.
pub(super) fn sqlite_message(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(error, _) => {
            rusqlite::ffi::code_to_str(error.extended_code).to_owned()
        }
        other => other.to_string(),
    }
}
