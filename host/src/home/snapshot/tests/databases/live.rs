//! Reading while other programs have the database open: locks, checkpoints and databases that change.

use super::*;

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
            assert!(now > *last, "{name} still has {now} commits");
            *last = now;
        }
    }
    writers.into_iter().for_each(|(_, writer)| writer.stop());
}

#[test]
fn a_log_that_is_restarted_after_opening_leaves_the_copy_consistent() {
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
    // The last program that closes a database checkpoints and deletes the log, unless another holds a lock.
    writer.stop();
    assert!(home.path("a.db-wal").exists());
    let place = TempDir::new().unwrap();
    drop(first);
    save(&place.path().join("copy.db"), main, log);
    commits(&place.path().join("copy.db"));
}

#[test]
fn a_database_that_switches_to_a_log_after_the_listing_is_read_whole_without_it() {
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
        scratch: Scratch { directory: home.scratch.path().to_owned(), progress: None },
        hidden: vec![],
        lock_wait: Duration::from_millis(50),
        check_wait: Duration::from_secs(60),
    })
    .unwrap();
    all(&mut snapshot);
    // Last, because closing any descriptor of the file releases this process's own locks.
    database.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let busy = snapshot.open(b"busy.db").unwrap();
    let note = busy.note().unwrap();
    assert!(note.starts_with("read without a lock on the database: database is locked;"), "{note}");
    assert_eq!(busy.size(), fs::metadata(home.path("busy.db")).unwrap().len());
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
