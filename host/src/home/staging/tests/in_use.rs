//! Databases that another process has open. The other process is this test program, started again.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use super::*;

const HOLD: &str = "LARDER_TEST_HOLD";

/// Not a test: the process that keeps a database open until its input ends.
#[test]
fn holder() {
    let Some(path) = std::env::var_os(HOLD) else { return };
    let _connection = database(Path::new(&path), "WAL");
    println!("\nholding");
    let _ = std::io::stdin().read(&mut [0]);
}

fn database(path: &Path, journal: &str) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(path).unwrap();
    let sql =
        format!("PRAGMA journal_mode={journal}; CREATE TABLE IF NOT EXISTS t(x); INSERT INTO t VALUES (1);");
    connection.execute_batch(&sql).unwrap();
    connection
}

fn hold(path: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", &interruption::test_name("in_use::holder")])
        .env(HOLD, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.as_mut().unwrap());
    assert!(output.lines().any(|line| line.unwrap() == "holding"));
    child
}

#[test]
fn a_database_that_another_process_has_open_is_named_with_the_process() {
    let home = Home::with(&["configuration.yaml"]);
    fs::create_dir(home.path.join("deep")).unwrap();
    let path = home.path.join("deep/other.sqlite");
    drop(database(&path, "WAL"));
    assert_eq!(databases_in_use(&home.path), Vec::<String>::new());
    let mut child = hold(&path);
    let pid = child.id();
    let found = databases_in_use(&home.path);
    let by_locks = crate::home::staging::in_use::databases_of(&home.path, &Default::default());
    let error = home.open(all()).err();
    let forced = Target::open(home.options(), all(), true).map(drop);
    let added = home.open(Scope::Add).map(drop);
    drop(child.stdin.take());
    child.wait().unwrap();
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with(&format!("process {pid} ("))
            && found[0].ends_with(") has deep/other.sqlite open"),
        "{found:?}"
    );
    assert_eq!(by_locks, found, "found by its locks alone, too");
    assert!(matches!(&error, Some(Error::InUse(text)) if text.contains("--force")), "{error:?}");
    assert_eq!((forced, added), (Ok(()), Ok(())));
    assert_eq!(databases_in_use(&home.path), Vec::<String>::new());
}

#[test]
fn a_database_that_this_process_has_open_keeps_its_locks() {
    let home = Home::empty();
    let path = home.path.join("own.db");
    let connection = database(&path, "DELETE");
    connection.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (2);").unwrap();
    assert_eq!(databases_in_use(&home.path), Vec::<String>::new());
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &interruption::test_name("in_use::holder")])
        .env(HOLD, &path)
        .stdin(Stdio::null())
        .output()
        .unwrap()
        .status;
    assert!(!status.success(), "the other process must still find it locked");
    connection.execute_batch("COMMIT").unwrap();
}
