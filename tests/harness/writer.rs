//! Other programs that write to a home's databases meanwhile, and the check that a restored one is whole.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use rusqlite::Connection;
use serde_json::Value;

use crate::binary;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Journal {
    Wal,
    Rollback,
}

/// The program `ledger` at work on one database. Dropping it kills it.
pub struct Writer {
    child: Child,
    said: BufReader<ChildStdout>,
}

/// What a writer has to say in the end.
#[derive(Debug)]
pub struct Report {
    pub commits: u64,
    /// What SQLite refused, and how often.
    pub errors: Vec<String>,
}

impl Writer {
    /// Starts one and waits until it has written something. In write-ahead mode it takes no refusal at all, with a rollback
    /// journal it waits for readers as any program does.
    pub fn start(database: &Path, journal: Journal) -> Self {
        let (journal, patience) = match journal {
            Journal::Wal => ("wal", "0"),
            Journal::Rollback => ("delete", "30000"),
        };
        let mut child = Command::new(binary().with_file_name("ledger"))
            .arg(database)
            .args([journal, patience])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Self { child, said }
    }

    /// Ends it after its current transaction.
    pub fn stop(mut self) -> Report {
        drop(self.child.stdin.take());
        let report: Value = serde_json::from_reader(&mut self.said).unwrap();
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

/// What a whole ledger holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ledger {
    pub commits: u64,
    pub rows: u64,
}

/// Opens a database as any program would. It must be whole, and one committed state of its writer.
#[track_caller]
pub fn check_ledger(database: &Path) -> Ledger {
    assert!(database.is_file(), "{} is not there", database.display());
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
