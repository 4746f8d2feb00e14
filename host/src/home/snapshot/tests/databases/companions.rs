//! `-wal`, `-shm` and `-journal` files: which are listed, which are read with their database, which are ordinary files.

use super::*;

#[test]
fn an_idle_database_and_its_companions_stay_as_they_are() {
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
fn companion_files_are_listed_only_if_they_belong_to_no_database_or_are_its_log() {
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
fn a_file_that_only_has_the_name_of_a_companion_is_listed_and_opened_like_any_other() {
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
    assert!(main.note().unwrap().contains("there is a log next to it"), "{:?}", main.note());
    assert_eq!(snapshot.companions(b"a.db"), [b"a.db-wal"]);
    assert!(bytes(&main) == before && bytes(&snapshot.open(b"a.db-wal").unwrap()) == log);
}
