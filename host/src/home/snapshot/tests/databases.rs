//! Live databases: what is read while others write is one committed state, and nobody notices.
//!
//! Writers at full speed are other processes (this test program again), because locks inside one process are another thing.

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

use super::super::{Content, Options, Snapshot};
use super::{TestHome, all, find, listed};
use crate::error::Error;
use crate::model::Kind;

const TASK: &str = "LARDER_TEST_WRITER";

/// Another process that commits without a pause until it is stopped.
struct Writer(Child);

impl Writer {
    fn start(database: &Path, mode: &str) -> Self {
        let test = concat!(module_path!(), "::the_writing_process_does_its_task");
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", test.split_once("::").unwrap().1, "--nocapture"])
            .env(TASK, format!("{mode}:{}", database.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        assert!(said.map_while(Result::ok).any(|line| line.contains("writing")));
        Self(child)
    }

    /// Ends it; its exit tells whether any of its commits was refused.
    fn stop(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success(), "the writer was disturbed");
    }
}

#[test]
fn the_writing_process_does_its_task() {
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
    // A write-ahead log never refuses a writer, so none of its patience is needed there.
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

/// One transaction: new rows, some old ones gone, the running total right again.
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

/// Reads both contents in turns, slowly enough for writers to come between.
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

/// Checks a saved database against the writer's invariant. Returns how many commits it holds.
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

/// Opens `name` and its log, if one is listed, the log first if asked to.
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

#[test]
fn every_copy_of_busy_databases_is_whole_and_no_writer_is_refused() {
    let home = TestHome::new();
    let writers = [("one.db", "wal"), ("two.db", "delete"), ("three.db", "wal")];
    let writers = writers.map(|(name, mode)| (name, Writer::start(&home.path(name), mode)));
    let mut last = [0; 3];
    for round in 0..25 {
        let mut snapshot = home.snapshot();
        let entries = listed(&mut snapshot);
        assert_eq!(entries, ["", "one.db", "one.db-wal", "three.db", "three.db-wal", "two.db"]);
        for ((name, _), last) in writers.iter().zip(&mut last) {
            let now = saved_commits(&mut snapshot, name, round % 2 == 0);
            assert!(now > *last, "{name} stands still at {now}");
            *last = now;
        }
    }
    writers.into_iter().for_each(|(_, writer)| writer.stop());
}

#[test]
fn a_log_that_is_started_anew_after_opening_does_not_tear_the_copy() {
    let home = TestHome::new();
    let database = create(&home.path("a.db"), "wal");
    for log_first in [false, true] {
        database.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
        let mut snapshot = home.snapshot();
        all(&mut snapshot);
        let (main, log) = open(&mut snapshot, "a.db", log_first);
        let before = commits(&home.path("a.db"));
        (0..10).for_each(|round| commit(&database, round));
        let place = TempDir::new().unwrap();
        save(&place.path().join("copy.db"), main, log);
        assert_eq!(commits(&place.path().join("copy.db")), before);
    }
}

#[test]
fn an_idle_database_and_its_neighbours_stay_as_they_are() {
    let home = TestHome::new();
    drop(create(&home.path("closed.db"), "wal"));
    let live = create(&home.path("crashed.db"), "wal");
    let crashed =
        ["crashed.db", "crashed.db-wal", "crashed.db-shm"].map(|name| fs::read(home.path(name)).unwrap());
    drop(live);
    for (name, bytes) in ["crashed.db", "crashed.db-wal", "crashed.db-shm"].into_iter().zip(&crashed) {
        home.write(name, bytes);
    }
    let (names, closed) = (home.names(), fs::read(home.path("closed.db")).unwrap());

    let mut snapshot = home.snapshot();
    let entries = all(&mut snapshot);
    assert_eq!(find(&entries, b"closed.db-wal").kind, Kind::File(0));
    assert_eq!(find(&entries, b"closed.db-wal").mode, find(&entries, b"closed.db").mode);
    assert_eq!(find(&entries, b"crashed.db-wal").kind, Kind::File(crashed[1].len() as u64));
    assert_eq!(saved_commits(&mut snapshot, "closed.db", false), 100);
    assert_eq!(saved_commits(&mut snapshot, "crashed.db", false), 100);
    drop(snapshot);

    assert_eq!(home.names(), names);
    assert_eq!(fs::read(home.path("closed.db")).unwrap(), closed);
    assert_eq!(fs::read(home.path("crashed.db")).unwrap(), crashed[0]);
    assert_eq!(fs::read(home.path("crashed.db-wal")).unwrap(), crashed[1]);
}

#[test]
fn neighbours_are_listed_only_where_they_mean_something() {
    let home = TestHome::new();
    drop(create(&home.path("a.db"), "delete"));
    for name in ["a.db-wal", "a.db-shm", "a.db-journal", "a.db-x", "plain", "plain-wal", "plain-shm"] {
        home.write(name, "");
    }
    let mut snapshot = home.snapshot();
    assert_eq!(listed(&mut snapshot), ["", "a.db", "a.db-x", "plain", "plain-shm", "plain-wal"]);
    assert!(matches!(snapshot.open(b"a.db-shm"), Err(Error::NotFound(_))));
    assert!(matches!(snapshot.open(b"a.db-wal"), Err(Error::NotFound(_))));
    assert!(snapshot.open(b"plain-wal").is_ok());
}

#[test]
fn other_open_files_of_the_process_do_not_drop_the_lock() {
    let home = TestHome::new();
    let writer = Writer::start(&home.path("a.db"), "wal");
    let mut first = home.snapshot();
    all(&mut first);
    let (main, log) = open(&mut first, "a.db", false);
    let mut second = home.snapshot();
    all(&mut second);
    drop(open(&mut second, "a.db", false));
    drop(second);
    // The last to close a database moves its log into it and deletes the log, unless somebody holds a lock.
    writer.stop();
    assert!(home.path("a.db-wal").exists());
    let place = TempDir::new().unwrap();
    drop(first);
    save(&place.path().join("copy.db"), main, log);
    commits(&place.path().join("copy.db"));
}

#[test]
fn a_database_under_a_second_name_is_read_with_the_log_of_the_first() {
    let home = TestHome::new();
    let database = create(&home.path("main.db"), "wal");
    fs::hard_link(home.path("main.db"), home.path("alias.db")).unwrap();
    (0..5).for_each(|round| commit(&database, round));
    let mut snapshot = home.snapshot();
    assert_eq!(listed(&mut snapshot), ["", "alias.db", "alias.db-wal", "main.db", "main.db-wal"]);
    assert_eq!(saved_commits(&mut snapshot, "alias.db", false), 105);
    assert_eq!(saved_commits(&mut snapshot, "main.db", true), 105);
    assert_eq!(snapshot.open(b"main.db-wal").unwrap().size(), 0);
}

#[test]
fn a_database_that_came_to_use_a_log_after_the_listing_is_read_whole_without_it() {
    let home = TestHome::new();
    let database = create(&home.path("a.db"), "delete");
    let mut snapshot = home.snapshot();
    all(&mut snapshot);
    database.pragma_update(None, "journal_mode", "wal").unwrap();
    (0..5).for_each(|round| commit(&database, round));
    assert_eq!(saved_commits(&mut snapshot, "a.db", false), 105);
}

#[test]
fn without_room_for_a_copy_the_lock_is_kept_until_the_content_is_dropped() {
    let home = TestHome::new();
    let database = create(&home.path("a.db"), "delete");
    database.busy_timeout(Duration::ZERO).unwrap();
    home.write("no-directory", "");
    let mut snapshot = home.snapshot_with(&home.path("no-directory"));
    let main = snapshot.open(b"a.db").unwrap();
    assert!(database.execute_batch("DELETE FROM total").is_err());
    assert_eq!(main.note(), None);
    drop(main);
    database.execute_batch("DELETE FROM total").unwrap();
}

#[test]
fn what_cannot_be_locked_is_read_with_a_note() {
    let home = TestHome::new();
    let database = create(&home.path("busy.db"), "delete");
    let mut snapshot = Snapshot::new(Options {
        root: home.root.path().to_owned(),
        scratch: crate::home::snapshot::Scratch { directory: home.scratch.path().to_owned(), copying: None },
        hidden: vec![],
        lock_wait: Duration::from_millis(50),
        check_wait: Duration::from_secs(60),
    })
    .unwrap();
    all(&mut snapshot);
    // Last: this process's own locks go when any descriptor of the file is closed.
    database.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let busy = snapshot.open(b"busy.db").unwrap();
    let note = busy.note().unwrap();
    assert!(note.starts_with("read without a lock on the database: database is locked;"), "{note}");
    assert_eq!(busy.size(), fs::metadata(home.path("busy.db")).unwrap().len());
}

#[test]
fn a_damaged_database_is_stored_as_it_is_and_found_by_the_check() {
    let home = TestHome::new();
    let mut garbage = b"SQLite format 3\0".to_vec();
    garbage.resize(5120, 2);
    home.write("garbage.db", &garbage);
    for name in ["closed.db", "open.db", "rollback.db"] {
        let database = create(&home.path(name), if name == "rollback.db" { "delete" } else { "wal" });
        database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(database);
        let mut bytes = fs::read(home.path(name)).unwrap();
        // The first page of a table, whose header says what kind of page it is.
        bytes[4096..4196].fill(7);
        home.write(name, &bytes);
    }
    let open = Connection::open(home.path("open.db")).unwrap();
    open.execute_batch("CREATE TABLE late (x); INSERT INTO late VALUES (1)").unwrap();
    drop(create(&home.path("sound.db"), "wal"));
    let sound = create(&home.path("sound and open.db"), "wal");
    let mut snapshot = home.snapshot();
    let entries = all(&mut snapshot);
    snapshot.check_databases();
    for entry in entries.iter().filter(|entry| matches!(entry.kind, Kind::File(_))) {
        let content = snapshot.open(&entry.path).unwrap();
        assert_eq!(content.note(), None);
        assert!(entry.path != b"garbage.db" || bytes(&content) == garbage);
    }
    let mut findings = snapshot.findings(Duration::from_secs(60));
    findings.sort_by(|a, b| a.path.cmp(&b.path));
    let paths: Vec<_> = findings.iter().map(|finding| String::from_utf8_lossy(&finding.path)).collect();
    assert_eq!(paths, ["closed.db", "garbage.db", "open.db", "rollback.db"]);
    let said =
        "stored as it is, but SQLite finds it damaged: file is not a database, unless it is encrypted;";
    assert!(findings[1].reason.starts_with(said), "{}", findings[1].reason);
    assert!(findings.iter().all(|finding| finding.reason.contains("damaged")));
    assert_eq!(fs::read_dir(home.scratch.path().join("made/on/demand")).unwrap().count(), 0);
    drop((open, sound));
}

/// A database and its journal as a killed program leaves them, in the middle of a transaction that has reached the main file.
fn torn(home: &TestHome, name: &str) -> Vec<u8> {
    let place = TempDir::new().unwrap();
    let database = Connection::open(place.path().join("a")).unwrap();
    database
        .execute_batch("PRAGMA journal_mode = DELETE; PRAGMA cache_size = 4; CREATE TABLE t (x)")
        .unwrap();
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT";
    database.execute_batch(&format!("INSERT INTO t {rows} 'kept' FROM n; VACUUM; BEGIN IMMEDIATE")).unwrap();
    database.execute_batch("UPDATE t SET x = 'torn'; CREATE TABLE filler (x)").unwrap();
    database.execute_batch(&format!("INSERT INTO filler {rows} randomblob(500) FROM n")).unwrap();
    for (from, to) in [("a", name.to_owned()), ("a-journal", format!("{name}-journal"))] {
        home.write(&to, fs::read(place.path().join(from)).unwrap());
    }
    fs::read(home.path(name)).unwrap()
}

fn rows(path: &Path) -> Vec<String> {
    let database = Connection::open(path).unwrap();
    let mut statement = database.prepare("SELECT DISTINCT x FROM t").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// All files of the home with their bytes.
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

#[test]
fn a_transaction_that_was_cut_off_is_rolled_back_in_the_copy_and_the_home_stays_as_it_is() {
    let home = TestHome::new();
    torn(&home, "a.db");
    let before = state(&home);
    let mut snapshot = home.snapshot();
    assert_eq!(listed(&mut snapshot), ["", "a.db"]);
    let content = snapshot.open(b"a.db").unwrap();
    assert_eq!(content.note(), None);
    assert!(snapshot.companions(b"a.db").is_empty());
    assert!(matches!(snapshot.open(b"a.db-journal"), Err(Error::NotFound(_))));
    let place = TempDir::new().unwrap();
    save(&place.path().join("copy.db"), content, None);
    assert_eq!(rows(&place.path().join("copy.db")), ["kept"]);
    drop(snapshot);
    assert!(state(&home) == before);
    // What SQLite makes of it in the home.
    assert_eq!(rows(&home.path("a.db")), ["kept"]);
}

#[test]
fn what_a_journal_would_empty_is_stored_with_the_journal() {
    let home = TestHome::new();
    // The journal of an import that began on an empty file, beside a database that somebody put in its place.
    let place = TempDir::new().unwrap();
    let import = Connection::open(place.path().join("a")).unwrap();
    import.execute_batch("PRAGMA cache_size = 4; BEGIN IMMEDIATE; CREATE TABLE i (x)").unwrap();
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT";
    import.execute_batch(&format!("INSERT INTO i {rows} randomblob(500) FROM n")).unwrap();
    drop(create(&home.path("a.db"), "delete"));
    home.write("a.db-journal", fs::read(place.path().join("a-journal")).unwrap());
    let before = state(&home);
    let mut snapshot = home.snapshot();
    all(&mut snapshot);
    let main = snapshot.open(b"a.db").unwrap();
    let note = main.note().unwrap();
    assert!(note.contains("by its journal it was empty before"), "{note}");
    assert_eq!(snapshot.companions(b"a.db"), [b"a.db-journal"]);
    let journal = snapshot.open(b"a.db-journal").unwrap();
    assert!(journal.note().unwrap().starts_with("part of the database a.db"));
    assert!(bytes(&main) == before[0].1 && bytes(&journal) == before[1].1);
    drop((main, journal, snapshot));
    assert!(state(&home) == before);
}

#[test]
fn a_journal_that_names_another_file_is_not_followed() {
    let home = TestHome::new();
    torn(&home, "a.db");
    home.write("named", "not SQLite's to remove");
    let name = home.path("named").into_os_string().into_encoded_bytes();
    let mut journal = fs::read(home.path("a.db-journal")).unwrap();
    // Its name, its length, the sum of its bytes, and the mark of a journal.
    let sum = name.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    let page = (0x4000_0000_u32 / 4096) + 1;
    journal.extend(page.to_be_bytes());
    journal.extend(&name);
    journal.extend(u32::try_from(name.len()).unwrap().to_be_bytes());
    journal.extend(sum.to_be_bytes());
    journal.extend([0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]);
    home.write("a.db-journal", &journal);
    let before = state(&home);
    let mut snapshot = home.snapshot();
    all(&mut snapshot);
    let note = snapshot.open(b"a.db").unwrap().note().unwrap();
    assert!(note.contains("a transaction over several databases"), "{note}");
    assert_eq!(bytes(&snapshot.open(b"a.db-journal").unwrap()), journal);
    drop(snapshot);
    assert!(state(&home) == before);
}

#[test]
fn a_log_that_nobody_uses_is_taken_over_in_the_copy() {
    let home = TestHome::new();
    let database = create(&home.path("live.db"), "wal");
    for ending in ["", "-wal", "-shm"] {
        home.write(&format!("killed.db{ending}"), fs::read(home.path(&format!("live.db{ending}"))).unwrap());
        home.write(&format!("copied.db{ending}"), fs::read(home.path(&format!("live.db{ending}"))).unwrap());
    }
    fs::remove_file(home.path("copied.db-shm")).unwrap();
    drop(database);
    let before = state(&home);
    let mut snapshot = home.snapshot();
    all(&mut snapshot);
    for name in ["killed.db", "copied.db"] {
        assert_eq!(saved_commits(&mut snapshot, name, false), 100);
        assert_eq!(snapshot.open(format!("{name}-wal").as_bytes()).unwrap().size(), 0);
    }
    drop(snapshot);
    assert!(state(&home) == before);
}

#[test]
fn a_log_that_belongs_to_another_database_does_not_spoil_what_is_stored() {
    let home = TestHome::new();
    let other = create(&home.path("other.db"), "wal");
    let log = fs::read(home.path("other.db-wal")).unwrap();
    drop(other);
    let database = create(&home.path("a.db"), "wal");
    (0..500).for_each(|round| commit(&database, round));
    drop(database);
    home.write("a.db-wal", &log);
    let before = state(&home);
    let mut snapshot = home.snapshot();
    all(&mut snapshot);
    let main = snapshot.open(b"a.db").unwrap();
    let note = main.note().unwrap();
    assert!(
        note.starts_with("stored as it is, with what lies beside it: it could not be recovered"),
        "{note}"
    );
    let stored = snapshot.open(b"a.db-wal").unwrap();
    assert!(bytes(&main) == before[0].1 && bytes(&stored) == log);
    drop((main, stored, snapshot));
    assert!(state(&home) == before);
}

#[test]
fn what_only_has_the_name_of_a_part_of_a_database_is_listed_and_opened_like_any_other() {
    let home = TestHome::new();
    for (name, mode) in [("travel", "delete"), ("energy", "wal")] {
        drop(create(&home.path(name), mode));
    }
    drop(create(&home.path("energy-journal"), "delete"));
    home.write("travel-journal/2026.md", "precious");
    home.write("travel-wal", "no log");
    home.write("energy-shm", "no index");
    std::os::unix::fs::symlink("travel", home.path("energy-wal")).unwrap();
    let before = home.names();
    let mut snapshot = home.snapshot();
    let listed = listed(&mut snapshot);
    let expected = [
        "",
        "energy",
        "energy-wal",
        "energy-journal",
        "energy-shm",
        "travel",
        "travel-journal",
        "travel-journal/2026.md",
        "travel-wal",
    ];
    assert_eq!(listed, expected);
    for (name, content) in
        [("travel-journal/2026.md", "precious"), ("travel-wal", "no log"), ("energy-shm", "no index")]
    {
        assert_eq!(bytes(&snapshot.open(name.as_bytes()).unwrap()), content.as_bytes(), "{name}");
    }
    for name in ["travel", "energy", "energy-journal"] {
        assert_eq!(snapshot.open(name.as_bytes()).unwrap().note(), None, "{name}");
    }
    drop(snapshot);
    assert_eq!(home.names(), before);
}

/// A snapshot that has opened and checked all its files; what is found.
fn found(home: &TestHome) -> Vec<(String, String)> {
    let mut snapshot = home.snapshot();
    let entries = all(&mut snapshot);
    snapshot.check_databases();
    for entry in entries.iter().filter(|entry| matches!(entry.kind, Kind::File(_))) {
        snapshot.open(&entry.path).unwrap();
    }
    let found = snapshot.findings(Duration::from_secs(60)).into_iter();
    found.map(|finding| (String::from_utf8(finding.path).unwrap(), finding.reason)).collect()
}

#[test]
fn damage_is_found_beside_a_schema_that_only_its_program_understands_and_at_any_length() {
    let home = TestHome::new();
    drop(create(&home.path("cut.db"), "delete"));
    let cut = fs::read(home.path("cut.db")).unwrap();
    home.write("cut.db", &cut[..cut.len() / 2 + 100]);
    for name in ["odd.db", "odd and damaged.db"] {
        let database = create(&home.path(name), "delete");
        database.create_collation("theirs", |a: &str, b: &str| b.cmp(a)).unwrap();
        database
            .execute_batch(
                "CREATE TABLE odd (x TEXT COLLATE theirs PRIMARY KEY); INSERT INTO odd VALUES ('a'), ('b')",
            )
            .unwrap();
    }
    let mut damaged = fs::read(home.path("odd and damaged.db")).unwrap();
    damaged[4096..4196].fill(7);
    home.write("odd and damaged.db", damaged);
    let paths: Vec<_> = found(&home).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["cut.db", "odd and damaged.db"]);
}

#[test]
fn a_healthy_search_table_that_sqlite_cannot_judge_is_no_damage() {
    let home = TestHome::new();
    let database = create(&home.path("a.db"), "delete");
    let table =
        "CREATE VIRTUAL TABLE t USING fts4(content='', a); INSERT INTO t (docid, a) VALUES (1, 'hello')";
    database.execute_batch(table).unwrap();
    drop(database);
    assert_eq!(found(&home), []);
}

#[test]
fn more_databases_than_wait_to_be_checked_are_named_and_nobody_waits() {
    let home = TestHome::new();
    drop(create(&home.path("a.db"), "delete"));
    let bytes = fs::read(home.path("a.db")).unwrap();
    (0..3).for_each(|number| home.write(&format!("b{number}.db"), &bytes));
    let found = found(&home);
    assert!(found.iter().all(|(_, reason)| reason.contains("too many other databases")), "{found:?}");
}

#[test]
fn a_log_beside_a_database_that_uses_none_is_stored_with_it() {
    let home = TestHome::new();
    let other = create(&home.path("other.db"), "wal");
    let log = fs::read(home.path("other.db-wal")).unwrap();
    drop(other);
    drop(create(&home.path("a.db"), "delete"));
    home.write("a.db-wal", &log);
    let before = fs::read(home.path("a.db")).unwrap();
    let mut snapshot = home.snapshot();
    all(&mut snapshot);
    let main = snapshot.open(b"a.db").unwrap();
    assert!(main.note().unwrap().contains("a log lies beside it"), "{:?}", main.note());
    assert_eq!(snapshot.companions(b"a.db"), [b"a.db-wal"]);
    assert!(bytes(&main) == before && bytes(&snapshot.open(b"a.db-wal").unwrap()) == log);
}

#[test]
fn an_idle_database_that_is_written_to_while_it_is_read_says_so() {
    let home = TestHome::new();
    drop(create(&home.path("a.db"), "wal"));
    let mut snapshot = home.snapshot();
    all(&mut snapshot);
    let main = snapshot.open(b"a.db").unwrap();
    assert_eq!(main.note(), None);
    let newcomer = Connection::open(home.path("a.db")).unwrap();
    commit(&newcomer, 1);
    assert_eq!(main.note(), None, "so far only the log was written");
    newcomer.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
    let note = main.note().unwrap();
    assert!(note.contains("while it was read"), "{note}");
}
