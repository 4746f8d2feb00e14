//! Live databases: a copy made while other programs write is one committed state, and the writers are not disturbed.
//!
//! The writers are other processes (this test program, started again), because locks within one process work
//! differently.

mod companions;
mod damage;
mod live;
mod unfinished;

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;

use super::super::{Content, Options, Scratch, Snapshot};
use super::{TestHome, all, find, listed};
use crate::error::Error;
use crate::model::Kind;

const TASK: &str = "LARDER_TEST_WRITER";

/// Another process that commits without a pause until it is stopped.
struct Writer(Child);

impl Writer {
    fn start(database: &Path, mode: &str) -> Self {
        let test = concat!(module_path!(), "::the_writing_process");
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", test.split_once("::").unwrap().1, "--nocapture"])
            .env(TASK, format!("{mode}:{}", database.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        assert!(output.map_while(Result::ok).any(|line| line.contains("writing")));
        Self(child)
    }

    /// Stops it. Its exit status shows whether a commit was refused.
    fn stop(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success(), "the writer was disturbed");
    }
}

#[test]
fn the_writing_process() {
    let Ok(task) = env::var(TASK) else { return };
    let (mode, path) = task.split_once(':').unwrap();
    static STOP: AtomicBool = AtomicBool::new(false);
    thread::spawn(|| {
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        STOP.store(true, Ordering::Relaxed);
    });
    let database = create(Path::new(path), mode);
    println!("writing");
    for round in 0.. {
        commit(&database, round);
        if STOP.load(Ordering::Relaxed) {
            break;
        }
    }
}

fn create(path: &Path, mode: &str) -> Connection {
    let database = Connection::open(path).unwrap();
    // With a write-ahead log a writer is never refused, so it does not have to wait.
    database.busy_timeout(Duration::from_secs(if mode == "wal" { 0 } else { 30 })).unwrap();
    database.pragma_update(None, "journal_mode", mode).unwrap();
    let schema = "PRAGMA wal_autocheckpoint = 100; PRAGMA synchronous = OFF;
        CREATE TABLE entry (id INTEGER PRIMARY KEY, amount INTEGER, filler BLOB); CREATE INDEX amounts ON entry (amount);
        CREATE TABLE total (amount INTEGER, commits INTEGER); INSERT INTO total VALUES (0, 0);";
    database.execute_batch(schema).unwrap();
    for round in 0..100 {
        commit(&database, round);
    }
    database
}

/// One transaction: adds rows, deletes old ones and updates the running total.
fn commit(database: &Connection, round: i64) {
    let (new, bytes) = (round % 5 + 1, round * 37 % 6000);
    let statements = format!(
        "BEGIN IMMEDIATE;
         INSERT INTO entry (amount, filler) SELECT abs(random()) % 1000, randomblob({bytes})
             FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {new}) SELECT i FROM n);
         DELETE FROM entry WHERE id < (SELECT max(id) FROM entry) - 300;
         UPDATE total SET amount = (SELECT sum(amount) FROM entry), commits = commits + 1;
         COMMIT;"
    );
    database.execute_batch(&statements).unwrap();
}

/// Reads both contents in turn, slowly enough for commits in between.
fn save(into: &Path, mut main: Content, mut log: Option<Content>) {
    let (mut files, mut done) = ([Vec::new(), Vec::new()], false);
    while !done {
        done = true;
        for (content, bytes) in [Some(&mut main), log.as_mut()].into_iter().flatten().zip(&mut files) {
            let piece = content.read(bytes.len() as u64, 1 << 16).unwrap();
            done &= piece.is_empty();
            bytes.extend(piece);
            thread::sleep(Duration::from_micros(500));
        }
        assert!(files[0].len() as u64 <= main.size());
    }
    assert_eq!(files[0].len() as u64, main.size(), "nothing is missing");
    fs::write(into, &files[0]).unwrap();
    if let Some(log) = log {
        assert_eq!(files[1].len() as u64, log.size(), "nothing of the log is missing");
        fs::write(format!("{}-wal", into.display()), &files[1]).unwrap();
    }
}

/// Checks a saved database against the writer's invariant. Returns the number of its commits.
fn commits(path: &Path) -> i64 {
    let database = Connection::open(path).unwrap();
    let ask = |sql: &str| database.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(ask("PRAGMA integrity_check"), "ok");
    assert_eq!(
        ask("SELECT CAST(sum(amount) AS TEXT) FROM entry"),
        ask("SELECT CAST(amount AS TEXT) FROM total")
    );
    ask("SELECT CAST(commits AS TEXT) FROM total").parse().unwrap()
}

/// Opens `name` and its log, if one is listed; the log first on request.
fn open(snapshot: &mut Snapshot, name: &str, log_first: bool) -> (Content, Option<Content>) {
    let wal = format!("{name}-wal");
    let early = if log_first { snapshot.open(wal.as_bytes()).ok() } else { None };
    let main = snapshot.open(name.as_bytes()).unwrap();
    let log = early.or_else(|| snapshot.open(wal.as_bytes()).ok());
    assert_eq!(main.note(), None);
    (main, log)
}

fn saved_commits(snapshot: &mut Snapshot, name: &str, log_first: bool) -> i64 {
    let place = TempDir::new().unwrap();
    let (main, log) = open(snapshot, name, log_first);
    save(&place.path().join("copy.db"), main, log);
    commits(&place.path().join("copy.db"))
}

/// All files of the home and their content.
fn state(home: &TestHome) -> Vec<(String, Vec<u8>)> {
    home.names().into_iter().map(|name| (name.clone(), fs::read(home.path(&name)).unwrap())).collect()
}

fn bytes(content: &Content) -> Vec<u8> {
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < content.size() {
        bytes.extend(content.read(bytes.len() as u64, 1 << 20).unwrap());
    }
    bytes
}
