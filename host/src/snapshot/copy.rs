//! A private copy of a database and what belongs to it, and all that SQLite ever opens of a home.
//!
//! Owns the copy's directory, which goes with it. SQLite recovers and checks here, where it may write: a database, its journal and its
//! log are hostile input, so it gets little memory and believes no schema. Refuses to know where the files come from.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, InterruptHandle, OpenFlags};
use tempfile::TempDir;

use super::descriptor::Descriptor;

/// Bytes that SQLite may have at once.
const MEMORY: u64 = 64 << 20;
/// A name of ours: theirs may be longer than SQLite takes.
const NAME: &str = "copy";

pub(super) struct Copy {
    directory: TempDir,
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

impl Copy {
    /// Copies the first `size` bytes of `main` and the whole of its neighbours, by suffix.
    pub(super) fn new(scratch: &Path, files: &[(&str, &Descriptor, u64)]) -> io::Result<Self> {
        fs::create_dir_all(scratch)?;
        let copy = Self { directory: TempDir::new_in(scratch)? };
        for (suffix, from, size) in files {
            let mut to = File::create_new(copy.path(suffix))?;
            from.copy_to(&mut to)?;
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

    /// A check that can be stopped from elsewhere. The copy must be recovered, or never have needed it.
    pub(super) fn check(&self) -> rusqlite::Result<Check> {
        let uri = format!("file:{}?immutable=1", encoded(&self.path("")));
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        Ok(Check(open(Path::new(&uri), flags)?))
    }
}

pub(super) struct Check(Connection);

impl Check {
    pub(super) fn handle(&self) -> InterruptHandle {
        self.0.get_interrupt_handle()
    }

    /// SQLite's `quick_check`: every page is where it belongs and can be read.
    pub(super) fn run(self) -> Verdict {
        let first = self.0.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
        match first {
            Ok(first) if first == "ok" => Verdict::Sound,
            // One line of several, the first of which only names the database.
            Ok(first) => {
                Verdict::Damaged(first.trim_start_matches("*** in database main ***").trim().to_owned())
            }
            Err(error) => verdict(&error),
        }
    }
}

fn verdict(error: &rusqlite::Error) -> Verdict {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Verdict::Damaged(said(error)),
        // Something in the schema that only the program knows which it belongs to: no damage.
        Some(ErrorCode::Unknown) => Verdict::Sound,
        _ => Verdict::Unknown(said(error)),
    }
}

fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
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
pub(super) fn said(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(error, _) => {
            rusqlite::ffi::code_to_str(error.extended_code).to_owned()
        }
        other => other.to_string(),
    }
}
