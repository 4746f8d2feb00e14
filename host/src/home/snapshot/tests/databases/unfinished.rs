//! Databases that a program left unfinished: a hot journal, or a log that was not checkpointed.

use super::*;

/// A database and its journal as a killed program leaves them, in a transaction that has already changed the main file.
fn leave_unfinished(home: &TestHome, name: &str) -> Vec<u8> {
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

#[test]
fn a_transaction_that_was_cut_off_is_rolled_back_in_the_copy_and_the_home_stays_as_it_is() {
    let home = TestHome::new();
    leave_unfinished(&home, "a.db");
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
    // The same result when SQLite opens it in the home.
    assert_eq!(rows(&home.path("a.db")), ["kept"]);
}

#[test]
fn a_database_that_its_journal_would_empty_is_stored_with_the_journal() {
    let home = TestHome::new();
    // The journal of an import that began with an empty file, next to a database that replaced it.
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
    assert!(note.contains("its journal says that it was empty before"), "{note}");
    assert_eq!(snapshot.companions(b"a.db"), [b"a.db-journal"]);
    let journal = snapshot.open(b"a.db-journal").unwrap();
    assert!(journal.note().unwrap().starts_with("belongs to the database a.db"));
    assert!(bytes(&main) == before[0].1 && bytes(&journal) == before[1].1);
    drop((main, journal, snapshot));
    assert!(state(&home) == before);
}

#[test]
fn a_journal_that_names_another_file_is_not_followed() {
    let home = TestHome::new();
    leave_unfinished(&home, "a.db");
    home.write("named", "not SQLite's to remove");
    let name = home.path("named").into_os_string().into_encoded_bytes();
    let mut journal = fs::read(home.path("a.db-journal")).unwrap();
    // The super-journal record: its name, the name's length, the sum of its bytes, and the magic number.
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
fn a_log_that_no_program_uses_is_checkpointed_in_the_copy() {
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
    assert!(note.starts_with("stored as is, with its log and journal: it could not be recovered"), "{note}");
    let stored = snapshot.open(b"a.db-wal").unwrap();
    assert!(bytes(&main) == before[0].1 && bytes(&stored) == log);
    drop((main, stored, snapshot));
    assert!(state(&home) == before);
}
