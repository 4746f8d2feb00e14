//! Checks for damage: what is found, what is not damage, and what was not checked.

use super::*;

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
        // The first page of a table. Its header says what kind of page it is.
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
    let expected = "stored as is, but SQLite reports damage: file is not a database (or it is encrypted);";
    assert!(findings[1].reason.starts_with(expected), "{}", findings[1].reason);
    assert!(findings.iter().all(|finding| finding.reason.contains("reports damage")));
    assert_eq!(fs::read_dir(home.scratch.path().join("made/on/demand")).unwrap().count(), 0);
    drop((open, sound));
}

/// Opens and checks all files of a home, and returns the findings.
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
fn a_healthy_search_table_that_sqlite_cannot_interpret_is_not_damage() {
    let home = TestHome::new();
    let database = create(&home.path("a.db"), "delete");
    let table =
        "CREATE VIRTUAL TABLE t USING fts4(content='', a); INSERT INTO t (docid, a) VALUES (1, 'hello')";
    database.execute_batch(table).unwrap();
    drop(database);
    assert_eq!(found(&home), []);
}

#[test]
fn databases_beyond_the_queue_of_checks_are_named_and_do_not_wait() {
    let home = TestHome::new();
    drop(create(&home.path("a.db"), "delete"));
    let bytes = fs::read(home.path("a.db")).unwrap();
    (0..3).for_each(|number| home.write(&format!("b{number}.db"), &bytes));
    let found = found(&home);
    assert!(found.iter().all(|(_, reason)| reason.contains("too many other databases")), "{found:?}");
}
