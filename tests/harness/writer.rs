//! Programs that write to a home's databases during a test, and the check of a restored database.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use rusqlite::Connection;
use serde_json::Value;

use crate::binary;

/// SQLite's journal mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journal {
    /// A write-ahead log.
    Wal,
    /// A rollback journal.
    Rollback,
}

/// The program `ledger`, writing to one database. Dropping it kills it.
pub struct Writer {
    child: Child,
    output: BufReader<ChildStdout>,
}

/// The final report of a writer.
#[derive(Debug)]
pub struct Report {
    /// The number of commits.
    pub commits: u64,
    /// The errors of SQLite, and how often each occurred.
    pub errors: Vec<String>,
}

impl Writer {
    /// Starts a writer and waits until it has written something. With a write-ahead log it reports every "busy" error; with a rollback
    /// journal it waits for readers, as any program does.
    pub fn start(database: &Path, journal: Journal) -> Self {
        let (journal, busy_timeout) = match journal {
            Journal::Wal => ("wal", "0"),
            Journal::Rollback => ("delete", "30000"),
        };
        let mut child = Command::new(binary().with_file_name("ledger"))
            .arg(database)
            .args([journal, busy_timeout])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self { child, output }
    }

    /// Stops the writer after its current transaction.
    pub fn stop(mut self) -> Report {
        drop(self.child.stdin.take());
        let report: Value = serde_json::from_reader(&mut self.output).unwrap();
        assert!(self.child.wait().unwrap().success());
        let errors = report["errors"].as_object().unwrap().iter();
        Report {
            commits: report["commits"].as_u64().unwrap(),
            errors: errors.map(|(text, count)| format!("{text}, {count} times")).collect(),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The contents of a consistent ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ledger {
    /// The number of transactions.
    pub commits: u64,
    /// The number of rows.
    pub rows: u64,
}

/// Opens a database like any other program. It must be intact, and contain exactly one committed state of its writer.
#[track_caller]
pub fn check_ledger(database: &Path) -> Ledger {
    assert!(database.is_file(), "{} does not exist", database.display());
    let path = database.display();
    let database = Connection::open(database).unwrap();
    let number = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0));
    let integrity: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(integrity, "ok", "{path}");
    let (sum, total) = (number("SELECT sum(amount) FROM ledger"), number("SELECT amount FROM total"));
    assert_eq!(sum.unwrap(), total.unwrap(), "the rows of {path} do not add up to its total");
    Ledger {
        commits: number("SELECT commits FROM total").unwrap().unsigned_abs(),
        rows: number("SELECT count(*) FROM ledger").unwrap().unsigned_abs(),
    }
}
