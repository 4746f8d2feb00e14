//! A private copy of a database and what belongs to it, and all that SQLite ever opens of a home.
//!
//! Owns the copy's directory, which goes with it. SQLite recovers and checks here, where it may write: a database, its journal and its
//! log are hostile input, so it gets little memory and believes no schema. Refuses to know where the files come from.

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

/// Bytes that SQLite may have at once.
const MEMORY: u64 = 64 << 20;
/// A name of ours: theirs may be longer than SQLite takes.
const NAME: &str = "copy";

pub(super) struct DatabaseCopy {
    directory: TempDir,
}

/// Hears how many bytes of a file are copied, and of how many.
pub type CopyProgress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// Where private copies lie, and who hears of the large ones.
#[derive(Clone)]
pub struct Scratch {
    /// Made when the first copy is. What a cut leaves there may be deleted.
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

/// What SQLite found out about a database.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Sound,
    /// In its words.
    Damaged(String),
    /// Why it could not say.
    Unknown(String),
}

impl DatabaseCopy {
    /// Copies the first `size` bytes of `main` and the whole of its neighbours, by suffix.
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

    /// The copied file of that suffix, `""` for the main file. Stays readable when the copy is gone.
    pub(super) fn open(&self, suffix: &str) -> io::Result<Arc<Descriptor>> {
        Ok(Arc::new(Descriptor::new(File::open(self.path(suffix))?.into())?))
    }

    /// Rolls back or takes over what is not finished, so that the main file alone is the committed state.
    pub(super) fn recover(&self) -> rusqlite::Result<()> {
        let connection = open(&self.path(""), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // Nobody needs the copy after a crash, and nobody else opens it.
        connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE")?;
        // Reads the header and nothing else, so that no schema can disturb.
        connection.pragma_query_value(None, "schema_version", |_| Ok(()))?;
        let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        if mode == "wal" {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        connection.close().map_err(|(_, error)| error)
    }

    /// Checks it; whoever asks waits no longer than that.
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

    /// A check that can be stopped from elsewhere. The copy must be recovered, or never have needed it.
    pub(super) fn check(&self) -> rusqlite::Result<Check> {
        let uri = format!("file:{}?immutable=1", encoded(&self.path("")));
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        Ok(Check(open(Path::new(&uri), flags)?))
    }
}

pub(super) struct Check(Connection);

/// What `quick_check` says of tables that only their own program can judge: no page is damaged.
const NOT_DAMAGE: [&str; 2] = ["inverted index", " value in "];

impl Check {
    pub(super) fn handle(&self) -> InterruptHandle {
        self.0.get_interrupt_handle()
    }

    /// SQLite's `quick_check`: every page is where it belongs and can be read.
    pub(super) fn run(self) -> Verdict {
        match self.lines("PRAGMA quick_check") {
            Ok(lines) => verdict_of(lines),
            // Something in a schema that only the program knows which it belongs to: what it does not concern is checked.
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
    // One line may be several, the first of which only names the database.
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
            Verdict::Damaged(format!("{}, unless it is encrypted", sqlite_message(error)))
        }
        Some(ErrorCode::DatabaseCorrupt) => Verdict::Damaged(sqlite_message(error)),
        _ if is_unknown_schema(error) => Verdict::Sound,
        _ => Verdict::Unknown(sqlite_message(error)),
    }
}

fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // The order of an index is its program's business; a check of pages does not depend on it.
    connection.collation_needed(|connection, name| connection.create_collation(name, str::cmp))?;
    connection.execute_batch(&format!(
        "PRAGMA hard_heap_limit = {MEMORY}; PRAGMA trusted_schema = OFF; PRAGMA ignore_check_constraints = ON;
         PRAGMA cell_size_check = ON"
    ))?;
    Ok(connection)
}

/// A path as a part of a URI.
fn encoded(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_.~".contains(byte);
    let part =
        |byte: &u8| if is_plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    bytes.iter().map(part).collect()
}

/// What SQLite said, without the names of files on this machine.
pub(super) fn sqlite_message(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(error, _) => {
            rusqlite::ffi::code_to_str(error.extended_code).to_owned()
        }
        other => other.to_string(),
    }
}
