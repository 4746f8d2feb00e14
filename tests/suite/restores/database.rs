//! The recorder's database in a restore: restored alone, left alone, or open in another process.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use larder_tests::{TestHome, describe_inside};
use rusqlite::Connection;

const DATABASE: &str = "home-assistant_v2.db";
const FAMILY: [&str; 3] = [DATABASE, "home-assistant_v2.db-wal", "home-assistant_v2.db-shm"];

fn open(home: &TestHome, name: &str, journal: &str) -> Connection {
    let connection = Connection::open(home.path(name)).unwrap();
    connection.pragma_update(None, "journal_mode", journal).unwrap();
    connection.execute_batch("CREATE TABLE IF NOT EXISTS states (state)").unwrap();
    connection
}

fn add(connection: &Connection, state: &str) {
    connection.execute("INSERT INTO states VALUES (?1)", [state]).unwrap();
}

/// A home whose database contains "saved", its backup, and then changes to everything.
fn changed() -> (TestHome, String) {
    let home = TestHome::in_memory();
    home.write("www/picture.svg", "<svg/>");
    add(&open(&home, DATABASE, "wal"), "saved");
    let id = home.create();
    home.write("configuration.yaml", "changed:\n");
    home.write("added.yaml", "later");
    add(&open(&home, DATABASE, "wal"), "later");
    home.write(FAMILY[2], "stale memory");
    (home, id)
}

fn states(home: &TestHome) -> Vec<String> {
    let connection = Connection::open(home.path(DATABASE)).unwrap();
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    let mut query = connection.prepare("SELECT state FROM states").unwrap();
    query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn configuration(home: &TestHome) -> String {
    fs::read_to_string(home.path("configuration.yaml")).unwrap()
}

/// The home without its database, and the database alone.
fn parts(home: &TestHome) -> (BTreeMap<PathBuf, String>, BTreeMap<PathBuf, String>) {
    let all = describe_inside(&home.config(), &[]);
    all.into_iter().partition(|(path, _)| !FAMILY.iter().any(|name| path == Path::new(name)))
}

#[test]
fn the_database_alone_replaces_only_the_database_and_its_log() {
    let (home, id) = changed();
    let (others, _) = parts(&home);
    home.larder(&["restore", &id, "--only", "database", "--yes"]).exits(0);
    let (others_now, database) = parts(&home);
    assert_eq!(others_now, others);
    assert!(!database.contains_key(Path::new(FAMILY[2])), "memory of the old database must not outlive it");
    assert_eq!(states(&home), ["saved"]);
    assert_eq!(configuration(&home), "changed:\n");
}

#[test]
fn the_configuration_alone_keeps_the_database_as_it_is() {
    let (home, id) = changed();
    let (_, database) = parts(&home);
    assert!(!database.is_empty());
    home.larder(&["restore", &id, "--only", "homeassistant", "--yes"]).exits(0);
    assert_eq!(parts(&home).1, database);
    assert_eq!(configuration(&home), "default_config:\n");
    assert!(!home.path("added.yaml").exists());
    fs::remove_file(home.path(FAMILY[2])).unwrap();
    assert_eq!(states(&home), ["saved", "later"]);
}

#[test]
fn both_together_replace_both() {
    let (home, id) = changed();
    home.larder(&["restore", &id, "--yes"]).exits(0);
    assert!(!home.path(FAMILY[2]).exists());
    assert_eq!(
        (states(&home), configuration(&home)),
        (vec!["saved".to_owned()], "default_config:\n".to_owned())
    );
}

#[test]
fn a_backup_without_the_database_leaves_the_homes_own() {
    let home = TestHome::in_memory();
    add(&open(&home, DATABASE, "wal"), "mine");
    let created = home.larder(&["--json", "create", "--no-database"]).exits(0).json();
    let id = created["backup_id"].as_str().unwrap();
    home.write("configuration.yaml", "changed:\n");
    let (_, database) = parts(&home);
    let restored = home.larder(&["--json", "restore", id, "--yes"]).exits(0).json();
    assert_eq!(restored["restored_database"], false);
    assert_eq!(parts(&home).1, database);
    assert_eq!(
        (states(&home), configuration(&home)),
        (vec!["mine".to_owned()], "default_config:\n".to_owned())
    );
    home.larder(&["restore", id, "--only", "database", "--yes"]).exits(1).says("without the database");
    assert_eq!(states(&home), ["mine"]);
}

/// Ways in which another process (to Larder, this one) has a database open.
type Hold = fn(&Connection);
const HOLDS: [(&str, &str, Hold); 4] = [
    ("WAL, idle", "wal", |_| ()),
    ("rollback journal, idle", "delete", |_| ()),
    ("rollback journal, reading", "delete", |c| c.execute_batch("BEGIN; SELECT * FROM states").unwrap()),
    ("WAL, writing", "wal", |c| c.execute_batch("BEGIN IMMEDIATE; DELETE FROM states").unwrap()),
];

#[test]
fn a_home_whose_database_another_process_has_open_is_refused_unless_forced() {
    for (what, journal, hold) in HOLDS {
        for name in [DATABASE, "zigbee.db", ".storage/deep.sqlite"] {
            let home = TestHome::in_memory();
            fs::create_dir(home.path(".storage")).unwrap();
            // Without a database in the home there is none to restore.
            drop(open(&home, DATABASE, "delete"));
            let connection = open(&home, name, journal);
            add(&connection, "saved");
            let id = home.create();
            home.write("configuration.yaml", "changed:\n");
            hold(&connection);
            let before = describe_inside(&home.config(), &[]);
            let what = format!("{what}, {name}");
            for only in [&[] as &[&str], &["--only", "homeassistant"], &["--only", "database"]] {
                let run = home.larder(&[&["restore", &id, "--yes"], only].concat()).exits(1);
                let run = run.says(name).says(&format!("process {}", std::process::id())).says("--force");
                assert_eq!(describe_inside(&home.config(), &[]), before, "{what}: {}", run.stderr);
            }
            let to = home.root().join("new");
            home.larder(&["restore", &id, "--to", to.to_str().unwrap()]).exits(0);
            home.larder(&["restore", &id, "--yes", "--force"]).exits(0);
            assert_eq!(configuration(&home), "default_config:\n", "{what}");
        }
    }
}

#[test]
fn a_database_that_was_closed_again_is_no_obstacle() {
    for (_, journal, hold) in HOLDS {
        let home = TestHome::in_memory();
        let connection = open(&home, DATABASE, journal);
        add(&connection, "saved");
        let id = home.create();
        hold(&connection);
        drop(connection);
        home.larder(&["restore", &id, "--yes"]).exits(0);
        assert_eq!(states(&home), ["saved"]);
    }
}
