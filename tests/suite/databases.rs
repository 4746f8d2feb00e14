//! Live databases: whatever other programs do meanwhile, a backup holds one committed state of each, and nobody is disturbed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use larder_tests::Journal::{Rollback, Wal};
use larder_tests::{Journal, TestHome, Writer, check_ledger};
use rusqlite::Connection;

const BACKUPS: usize = 30;
const RECORDER: &str = "home-assistant_v2.db";

#[test]
fn every_backup_of_a_busy_database_with_a_write_ahead_log_restores_whole() {
    every_backup_restores_whole(&[(RECORDER, Wal)]);
}

#[test]
fn every_backup_of_a_busy_database_with_a_rollback_journal_restores_whole() {
    every_backup_restores_whole(&[(RECORDER, Rollback)]);
}

#[test]
fn every_backup_of_two_busy_databases_of_any_name_restores_whole() {
    every_backup_restores_whole(&[("zigbee.data", Wal), ("custom files/100% übrig?.sqlite", Rollback)]);
}

/// Makes backups while programs commit to these databases at full speed, and restores each.
fn every_backup_restores_whole(databases: &[(&str, Journal)]) {
    let home = TestHome::new();
    home.write("custom files/plain.txt", "beside a database");
    let start = |(name, journal): &(&str, Journal)| Writer::start(&home.path(name), *journal);
    let writers: Vec<Writer> = databases.iter().map(start).collect();
    let mut commits = vec![0; databases.len()];
    for _ in 0..BACKUPS {
        home.create();
        let restored = home.restore_latest();
        for ((name, journal), last) in databases.iter().zip(&mut commits) {
            assert_eq!(neighbours(&restored.join(name)), expected_neighbours(name, *journal));
            let now = check_ledger(&restored.join(name)).commits;
            assert!(now > *last, "{name} stands still at {now} commits: nothing was written meanwhile");
            *last = now;
        }
        fs::remove_dir_all(restored).unwrap();
        home.archives().iter().for_each(|archive| fs::remove_file(archive).unwrap());
    }
    for (writer, (name, _)) in writers.into_iter().zip(databases) {
        let report = writer.stop();
        assert_eq!(report.errors, [""; 0], "{name} after {} commits", report.commits);
    }
}

/// What follows the name of a database on the names beside it.
fn neighbours(database: &Path) -> Vec<String> {
    let name = database.file_name().unwrap().to_str().unwrap();
    let names = fs::read_dir(database.parent().unwrap()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut endings: Vec<_> = names.filter_map(|n| Some(n.strip_prefix(name)?.to_owned())).collect();
    endings.sort();
    endings
}

/// Never a `-shm` nor a `-journal`; a `-wal` where the database goes by one, and always beside the recorder's.
fn expected_neighbours(name: &str, journal: Journal) -> Vec<String> {
    let with_log = journal == Wal || name == RECORDER;
    ["", "-wal"].into_iter().take(if with_log { 2 } else { 1 }).map(str::to_owned).collect()
}

#[test]
fn a_database_has_a_log_in_the_backup_where_home_assistant_needs_one_and_no_other_neighbour() {
    let home = TestHome::new();
    for (directory, journal) in [("wal", Wal), ("rollback", Rollback)] {
        for name in [RECORDER, "other.db"] {
            let database = make(&home, &format!("{directory}/{name}"), journal);
            // What a killed program leaves, and what SQLite would take for its own.
            drop(database);
            home.write(format!("{directory}/{name}-shm"), "stale");
        }
    }
    for (journal, is_open) in [(Wal, true), (Wal, false), (Rollback, true), (Rollback, false)] {
        let database = make(&home, RECORDER, journal);
        let _open = is_open.then_some(database);
        let id = home.create();
        let restored = home.restore_latest();
        assert_eq!(neighbours(&restored.join(RECORDER)), ["", "-wal"], "{journal:?}, open: {is_open}");
        for name in [RECORDER, "other.db"] {
            assert_eq!(neighbours(&restored.join("wal").join(name)), ["", "-wal"]);
            assert_eq!(neighbours(&restored.join("rollback").join(name)), [""]);
        }
        let to = home.root().join("extracted");
        let memory = format!("{RECORDER}-shm");
        let extract = ["extract", &id, &memory, "--to", to.to_str().unwrap()];
        home.larder(&extract).exits(1).says(&format!("there is no {memory} in this backup"));
        home.larder(&["delete", &id]).exits(0);
    }
}

#[test]
fn a_database_that_is_left_out_takes_its_log_with_it() {
    for journal in [Wal, Rollback] {
        let home = TestHome::new();
        let _open = make(&home, RECORDER, journal);
        for without in [&["--no-database"][..], &["--exclude", RECORDER], &["--exclude", "*.db*"]] {
            home.larder(&[&["create"], without].concat()).exits(0);
            let restored = home.restore_latest();
            assert_eq!(neighbours(&restored.join(RECORDER)), [""; 0], "{journal:?} {without:?}");
            assert!(restored.join("configuration.yaml").is_file());
        }
    }
}

#[test]
fn a_database_that_somebody_keeps_locked_is_stored_as_it_is_and_named_with_the_reason() {
    let cases = [
        (Rollback, "BEGIN EXCLUSIVE"),
        (Wal, "PRAGMA locking_mode = EXCLUSIVE; INSERT INTO facts VALUES (2)"),
    ];
    for (journal, lock) in cases {
        let home = TestHome::new();
        let database = make(&home, "locked.db", journal);
        database.execute_batch(lock).unwrap();
        let create = ["create", "--limit", "database-wait=1"];
        let run = home.larder(&[&["--json"], &create[..]].concat()).exits(3);
        let skipped = run.json()["skipped"].clone();
        assert_eq!(skipped.as_array().unwrap().len(), 1, "{skipped}");
        assert_eq!(skipped[0]["path"], "locked.db");
        let reason = skipped[0]["reason"].as_str().unwrap();
        assert!(reason.starts_with("read without a lock on the database: database is locked;"), "{reason}");
        let said = home.larder(&create).exits(3).stdout;
        assert!(said.contains(&format!("Skipped or incomplete:\n  locked.db: {reason}\n")), "{said}");

        // Nobody wrote to it meanwhile, so it is whole all the same.
        let restored = Connection::open(home.restore_latest().join("locked.db")).unwrap();
        let integrity: String = restored.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(integrity, "ok");
        let facts = |database: &Connection| {
            database.query_row("SELECT sum(value) FROM facts", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!(facts(&restored), facts(&database));
    }
}

#[test]
fn a_backup_leaves_the_databases_of_the_home_and_what_is_beside_them_as_they_were() {
    let home = TestHome::new();
    drop(make(&home, "closed/wal.db", Wal));
    drop(make(&home, "closed/rollback.db", Rollback));
    let open = ["open/wal.db", "open/rollback.db"]
        .map(|name| make(&home, name, if name.contains("wal") { Wal } else { Rollback }));
    // What a killed program leaves: a log that was not moved into its database, and the memory it shared.
    for ending in ["", "-wal", "-shm"] {
        fs::create_dir_all(home.path("killed")).unwrap();
        let (from, to) = (format!("open/wal.db{ending}"), format!("killed/wal.db{ending}"));
        fs::copy(home.path(from), home.path(to)).unwrap();
    }
    let before = bytes(&home.config());
    home.create();
    fs::remove_dir_all(home.backups()).unwrap();
    assert!(bytes(&home.config()) == before, "{:?}\n{:?}", before.keys(), bytes(&home.config()).keys());
    drop(open);
}

/// Every path of a tree with its bytes, if it is a file. What programs share in memory, a `-shm`, is no content.
fn bytes(root: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let (mut found, mut pending) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(path) = pending.pop() {
        let is_memory = path.extension() == Some(&OsString::from("db-shm"));
        let content = if path.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            None
        } else {
            Some(fs::read(&path).unwrap()).filter(|_| !is_memory)
        };
        found.insert(path, content);
    }
    found
}

/// A small database, made anew.
fn make(home: &TestHome, name: &str, journal: Journal) -> Connection {
    let path = home.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(home.path(format!("{name}{ending}")));
    }
    let database = Connection::open(path).unwrap();
    let mode = if journal == Wal { "wal" } else { "delete" };
    database.pragma_update(None, "journal_mode", mode).unwrap();
    database.execute_batch("CREATE TABLE facts (value INTEGER); INSERT INTO facts VALUES (40)").unwrap();
    database
}
