//! Live databases: a backup holds one committed state of each, whatever other programs do at the same time, and disturbs none
//! of them.

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

/// Makes backups while programs commit to these databases at full speed, and restores each backup.
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
            assert_eq!(companions(&restored.join(name)), expected_companions(name, *journal));
            let now = check_ledger(&restored.join(name)).commits;
            assert!(now > *last, "{name} still has {now} commits: nothing was written meanwhile");
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

/// The suffixes of a database's files, including the empty one of the main file.
fn companions(database: &Path) -> Vec<String> {
    let name = database.file_name().unwrap().to_str().unwrap();
    let names = fs::read_dir(database.parent().unwrap()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut endings: Vec<_> = names.filter_map(|n| Some(n.strip_prefix(name)?.to_owned())).collect();
    endings.sort();
    endings
}

/// Never a `-shm` or a `-journal`. A `-wal` for a database in write-ahead mode, and always for the recorder's.
fn expected_companions(name: &str, journal: Journal) -> Vec<String> {
    let with_log = journal == Wal || name == RECORDER;
    ["", "-wal"].into_iter().take(if with_log { 2 } else { 1 }).map(str::to_owned).collect()
}

#[test]
fn a_database_has_a_log_in_the_backup_where_home_assistant_needs_one_and_no_other_companion() {
    let home = TestHome::new();
    for (directory, journal) in [("wal", Wal), ("rollback", Rollback)] {
        for name in [RECORDER, "other.db"] {
            let database = make(&home, &format!("{directory}/{name}"), journal);
            // An index that a killed program left and that SQLite would trust.
            drop(database);
            home.write(format!("{directory}/{name}-shm"), [7; 32_768]);
        }
    }
    for (journal, is_open) in [(Wal, true), (Wal, false), (Rollback, true), (Rollback, false)] {
        let database = make(&home, RECORDER, journal);
        let _open = is_open.then_some(database);
        let id = home.create();
        let restored = home.restore_latest();
        assert_eq!(companions(&restored.join(RECORDER)), ["", "-wal"], "{journal:?}, open: {is_open}");
        for name in [RECORDER, "other.db"] {
            assert_eq!(companions(&restored.join("wal").join(name)), ["", "-wal"]);
            assert_eq!(companions(&restored.join("rollback").join(name)), [""]);
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
            assert_eq!(companions(&restored.join(RECORDER)), [""; 0], "{journal:?} {without:?}");
            assert!(restored.join("configuration.yaml").is_file());
        }
    }
}

#[test]
fn a_database_that_another_process_keeps_locked_is_stored_as_it_is_and_named_with_the_reason() {
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
        let named: Vec<_> = skipped.as_array().unwrap().iter().map(|skipped| &skipped["path"]).collect();
        let expected = ["locked.db", "locked.db-wal"];
        assert_eq!(named, expected[..if journal == Wal { 2 } else { 1 }]);
        let reason = skipped[0]["reason"].as_str().unwrap();
        assert!(reason.starts_with("read without a lock on the database: database is locked;"), "{reason}");
        let said = home.larder(&create).exits(3).stdout;
        assert!(said.contains(&format!("Skipped or incomplete:\n  locked.db: {reason}\n")), "{said}");

        // No program wrote to it in the meantime, so the copy is consistent.
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
fn a_database_only_restore_takes_the_old_databases_journal_away() {
    let home = TestHome::new();
    drop(make(&home, RECORDER, Rollback));
    let id = home.create();
    leave_unfinished(&home, RECORDER);
    assert_eq!(companions(&home.path(RECORDER)), ["", "-journal"]);
    home.larder(&["restore", &id, "--only", "database", "--yes"]).exits(0);
    assert_eq!(companions(&home.path(RECORDER)), ["", "-wal"]);
    assert_eq!(sum(&home.path(RECORDER)), 40);
}

#[test]
fn a_restore_without_the_database_leaves_it_and_its_journal_as_they_are() {
    let home = TestHome::new();
    drop(make(&home, RECORDER, Rollback));
    let id = home.create();
    leave_unfinished(&home, RECORDER);
    let before = ["", "-journal"].map(|ending| fs::read(home.path(format!("{RECORDER}{ending}"))).unwrap());
    home.larder(&["restore", &id, "--only", "homeassistant", "--yes"]).exits(0);
    assert_eq!(companions(&home.path(RECORDER)), ["", "-journal"]);
    let after = ["", "-journal"].map(|ending| fs::read(home.path(format!("{RECORDER}{ending}"))).unwrap());
    assert!(before == after);
}

#[test]
fn a_transaction_that_was_cut_off_is_not_in_the_backup_and_stays_in_the_home() {
    let home = TestHome::new();
    leave_unfinished(&home, "zigbee.db");
    let before = bytes(&home.config());
    home.larder(&["create", "--dry-run"]).exits(0);
    assert!(bytes(&home.config()) == before, "the dry run changed the home");
    home.larder(&["create"]).exits(0);
    let restored = home.restore_latest();
    assert_eq!(companions(&restored.join("zigbee.db")), [""]);
    assert_eq!(sum(&restored.join("zigbee.db")), 40);
    fs::remove_dir_all(home.backups()).unwrap();
    assert!(bytes(&home.config()) == before, "the backup changed the home");
}

#[test]
fn a_database_that_its_journal_would_empty_is_stored_with_the_journal_and_both_are_named() {
    let home = TestHome::new();
    drop(make(&home, "precious.db", Rollback));
    let elsewhere = home.root().join("import");
    let import = Connection::open(&elsewhere).unwrap();
    import.execute_batch("PRAGMA cache_size = 4; BEGIN; CREATE TABLE i (x)").unwrap();
    import.execute_batch(FILLER.replace("filler", "i").as_str()).unwrap();
    fs::copy(home.root().join("import-journal"), home.path("precious.db-journal")).unwrap();
    let before = bytes(&home.config());
    let run = home.larder(&["create", "--json"]).exits(3);
    let named = run.json()["skipped"].as_array().unwrap().clone();
    assert_eq!(
        named.iter().map(|it| &it["path"]).collect::<Vec<_>>(),
        ["precious.db", "precious.db-journal"]
    );
    let restored = home.restore_latest();
    for ending in ["", "-journal"] {
        let name = format!("precious.db{ending}");
        assert_eq!(fs::read(restored.join(&name)).unwrap(), fs::read(home.path(&name)).unwrap());
    }
    fs::remove_dir_all(home.backups()).unwrap();
    assert!(bytes(&home.config()) == before);
}

#[test]
fn a_damaged_database_is_stored_and_named() {
    let home = TestHome::new();
    let database = make(&home, RECORDER, Wal);
    database.execute_batch(FILLER).unwrap();
    drop(database);
    let mut content = fs::read(home.path(RECORDER)).unwrap();
    content[4096..4196].fill(7);
    home.write(RECORDER, &content);
    let run = home.larder(&["create"]).exits(3);
    let expected = format!("  {RECORDER}: stored as is, but SQLite reports damage: ");
    assert!(run.stdout.contains(&expected), "{}", run.stdout);
    assert!(fs::read(home.restore_latest().join(RECORDER)).unwrap() == content);
}

#[test]
fn an_extracted_database_comes_with_its_log_and_is_refused_beside_companions_of_another_one() {
    let home = TestHome::new();
    let open = make(&home, "a.db", Wal);
    open.execute_batch("INSERT INTO facts VALUES (2)").unwrap();
    let id = home.create();
    let to = home.root().join("extracted");
    let extract = ["extract", &id, "a.db", "--to", to.to_str().unwrap()];
    home.larder(&extract).exits(0);
    assert_eq!(sum(&to.join("a.db")), 42);
    for ending in ["-journal", "-wal", "-shm"] {
        fs::remove_dir_all(&to).unwrap();
        fs::create_dir(&to).unwrap();
        fs::write(to.join(format!("a.db{ending}")), "another's").unwrap();
        home.larder(&extract).exits(1);
        assert_eq!(companions(&to.join("a.db")), [ending]);
    }
    fs::remove_file(to.join("a.db-shm")).unwrap();
    fs::write(to.join("a.db"), "another's").unwrap();
    let log = ["extract", &id, "a.db-wal", "--to", to.to_str().unwrap()];
    home.larder(&log).exits(1).says("SQLite would treat it and a.db-wal as one database");
}

#[test]
fn a_database_and_its_log_are_left_out_together_or_not_at_all() {
    let home = TestHome::new();
    let open = make(&home, "a.db", Wal);
    open.execute_batch("INSERT INTO facts VALUES (2)").unwrap();
    home.larder(&["create", "--exclude", "**/*-wal"]).exits(0);
    let restored = home.restore_latest();
    assert_eq!(sum(&restored.join("a.db")), 42);
    fs::remove_dir_all(restored).unwrap();
    home.larder(&["create", "--exclude", "*.db"]).exits(0);
    assert_eq!(companions(&home.restore_latest().join("a.db")), [""; 0]);
}

const FILLER: &str = "CREATE TABLE IF NOT EXISTS filler (x);
    INSERT INTO filler WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) SELECT randomblob(500) FROM n";

/// A database whose writer was killed in the middle of a transaction: its rows add up to 40, but not without the journal.
fn leave_unfinished(home: &TestHome, name: &str) {
    for ending in ["-wal", "-journal"] {
        let _ = fs::remove_file(home.path(format!("{name}{ending}")));
    }
    let (copy, origin) = (home.path(name), home.root().join("torn"));
    let database = Connection::open(&origin).unwrap();
    database
        .execute_batch(
            "PRAGMA cache_size = 4; CREATE TABLE facts (value INTEGER); INSERT INTO facts VALUES (40)",
        )
        .unwrap();
    database.execute_batch("BEGIN; UPDATE facts SET value = 1").unwrap();
    database.execute_batch(FILLER).unwrap();
    fs::copy(&origin, copy).unwrap();
    fs::copy(home.root().join("torn-journal"), home.path(format!("{name}-journal"))).unwrap();
    drop(database);
    fs::remove_file(origin).unwrap();
}

fn sum(path: &Path) -> i64 {
    Connection::open(path).unwrap().query_row("SELECT sum(value) FROM facts", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_backup_leaves_the_databases_of_the_home_and_what_is_beside_them_as_they_were() {
    let home = TestHome::new();
    drop(make(&home, "closed/wal.db", Wal));
    drop(make(&home, "closed/rollback.db", Rollback));
    let open = ["open/wal.db", "open/rollback.db"]
        .map(|name| make(&home, name, if name.contains("wal") { Wal } else { Rollback }));
    // The leftovers of a killed program: a log that was not checkpointed, and its index.
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

/// Every path of a tree, with the content of files. The content of a `-shm`, which is shared memory, is left out.
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

/// Creates a small database.
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
