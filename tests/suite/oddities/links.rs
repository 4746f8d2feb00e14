//! Symbolic links of a home: a link is not its destination, and no output may suggest that it is.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use larder_tests::tar::Tar;
use larder_tests::{Run, TestHome};
use rusqlite::Connection;
use rustix::fs::{CWD, Mode};
use serde_json::Value;

use super::skipped;

const DATABASE: &str = "home-assistant_v2.db";

/// Moves `name` to a directory next to the home and replaces it with a link.
fn move_out(home: &TestHome, name: &str) -> PathBuf {
    let store = home.root().join("store");
    fs::create_dir_all(&store).unwrap();
    let real = store.join(name);
    fs::rename(home.path(name), &real).unwrap();
    symlink(&real, home.path(name)).unwrap();
    real
}

fn make_database(path: &Path) {
    Connection::open(path).unwrap().execute_batch("CREATE TABLE states (state)").unwrap();
}

/// A home whose configuration, database, version and storage are links to another disk.
fn spread() -> TestHome {
    let home = TestHome::new();
    home.write(".storage/core.config", r#"{"data": {"time_zone": "Asia/Tokyo"}}"#);
    home.write("www/picture.svg", "<svg/>");
    make_database(&home.path(DATABASE));
    for name in [".HA_VERSION", ".storage", "configuration.yaml", DATABASE, "www"] {
        move_out(&home, name);
    }
    symlink("configuration.yaml", home.path("inside.yaml")).unwrap();
    symlink("nothing", home.path("dangling")).unwrap();
    home
}

fn names(home: &TestHome, run: &Run) -> Vec<String> {
    let store = home.root().join("store").display().to_string();
    let named = |(path, reason): (String, String)| {
        assert!(reason.contains(&store) && reason.contains("outside the home"), "{path}: {reason}");
        path
    };
    skipped(run).into_iter().map(named).collect()
}

#[test]
fn links_that_lead_out_are_counted_and_those_that_a_home_needs_are_named() {
    let home = spread();
    let important = [".HA_VERSION", ".storage", "configuration.yaml", DATABASE];
    let preview = home.larder(&["--json", "create", "--dry-run"]).exits(3);
    assert_eq!(names(&home, &preview), important);
    let created = home.larder(&["--json", "create"]).exits(3);
    assert_eq!(names(&home, &created), important);
    for answer in [preview.json(), created.json()] {
        // The link inside leads out through the link that it points to.
        assert_eq!((&answer["links_out"], &answer["links"]), (&6.into(), &7.into()));
        assert_eq!(answer["database_included"], false);
        assert_eq!(answer["homeassistant_version"], "2026.11.0");
        assert_eq!(answer["warnings"], Value::Array(Vec::new()));
    }
    assert!(
        created.json()["date"].as_str().unwrap().ends_with("+09:00"),
        "the zone is read through the link"
    );
    let words = home.larder(&["create"]).exits(3).stdout;
    assert!(words.contains("6 point outside the home"), "{words}");
}

#[test]
fn no_log_is_added_beside_a_link() {
    let home = spread();
    home.larder(&["create"]).exits(3);
    let to = home.root().join("to");
    let archive = home.archives().remove(0);
    home.larder(&["restore", archive.to_str().unwrap(), "--to", to.to_str().unwrap()]).exits(0);
    assert!(fs::symlink_metadata(to.join(DATABASE)).unwrap().is_symlink());
    assert!(fs::symlink_metadata(to.join("home-assistant_v2.db-wal")).is_err());
}

#[test]
fn a_database_behind_a_link_within_the_home_is_in_the_backup() {
    let home = TestHome::new();
    home.write("db/empty", "");
    make_database(&home.path("db/states.db"));
    symlink("db/states.db", home.path(DATABASE)).unwrap();
    let created = home.larder(&["--json", "create"]).exits(0).json();
    assert_eq!((&created["database_included"], &created["links_out"]), (&true.into(), &0.into()));
    let id = created["backup_id"].as_str().unwrap();
    home.larder(&["restore", id, "--yes"]).exits(0);
    assert!(Connection::open(home.path(DATABASE)).unwrap().table_exists(None, "states").unwrap());
    home.larder(&["restore", id, "--only", "database", "--yes"])
        .exits(1)
        .says("only a symbolic link to db/states.db");
}

#[test]
fn a_home_whose_version_and_configuration_are_links_is_backed_up_wherever_they_lead() {
    let home = TestHome::new();
    let version = move_out(&home, ".HA_VERSION");
    let configuration = move_out(&home, "configuration.yaml");
    let created = home.larder(&["--json", "create"]).exits(3).json();
    assert_eq!(created["homeassistant_version"], "2026.11.0");
    fs::remove_file(version).unwrap();
    fs::remove_file(configuration).unwrap();
    let run = home.larder(&["--json", "create"]).exits(3);
    let reasons = skipped(&run);
    assert_eq!(reasons.len(), 2);
    assert!(reasons.iter().all(|(_, reason)| reason.contains("which does not exist")), "{reasons:?}");
    let created = run.json();
    assert_eq!(created["homeassistant_version"], "0.0.0");
    assert_eq!(
        created["warnings"][0],
        ".HA_VERSION is missing: the backup records version 0.0.0, which every Home Assistant restores"
    );
}

#[test]
fn a_restore_names_the_links_that_lead_nowhere() {
    let home = spread();
    let id = home.larder(&["--json", "create"]).exits(3).json()["backup_id"].as_str().unwrap().to_owned();
    let store = home.root().join("store");
    let (before, after) = (home.root().join("before"), home.root().join("after"));
    let dangling = |to: &Path, status: i32| {
        let run = home.larder(&["--json", "restore", &id, "--to", to.to_str().unwrap()]).exits(status).json();
        ["skipped", "dangling"].map(|key| {
            let paths =
                run[key].as_array().unwrap().iter().map(|link| link["path"].as_str().unwrap().to_owned());
            BTreeSet::from_iter(paths)
        })
    };
    let set = |paths: &[&str]| BTreeSet::from_iter(paths.iter().map(|path| (*path).to_owned()));
    assert_eq!(dangling(&before, 0), [set(&[]), set(&["dangling"])]);
    fs::remove_dir_all(&store).unwrap();
    let important = [".HA_VERSION", ".storage", "configuration.yaml", DATABASE];
    assert_eq!(dangling(&after, 3), [set(&important), set(&["dangling", "inside.yaml", "www"])]);
    let to = home.root().join("words");
    let words = home.larder(&["restore", &id, "--to", to.to_str().unwrap()]).exits(3).stdout;
    let real = store.join(DATABASE);
    let line = format!(
        "{DATABASE}: only the symbolic link was restored; its destination {} does not exist",
        real.display()
    );
    assert!(words.contains(&line), "{words}");
}

#[test]
fn the_database_alone_is_not_restored_from_a_backup_that_has_only_a_link() {
    let home = spread();
    let id = home.larder(&["--json", "create"]).exits(3).json()["backup_id"].as_str().unwrap().to_owned();
    let only = ["restore", &id, "--only", "database", "--yes"];
    home.larder(&only).exits(1).says("or with nothing but a symbolic link to it");
    let restored = home.larder(&["--json", "restore", &id, "--yes"]).exits(3);
    assert_eq!(restored.json()["restored_database"], false);
    assert!(skipped(&restored)[0].1.contains("the home keeps what it has"));
    // As Home Assistant and earlier versions of Larder made them: they claim to have a database.
    let claims = Tar::home().symlink("data/home-assistant_v2.db", "/ssd/states.db");
    let claims = claims.file("data/home-assistant_v2.db-wal", "").backup();
    let file = home.root().join("claims.tar");
    fs::write(&file, claims).unwrap();
    let only = ["restore", file.to_str().unwrap(), "--only", "database", "--yes"];
    home.larder(&only).exits(1).says("only a symbolic link to /ssd/states.db");
    assert!(fs::symlink_metadata(home.path(DATABASE)).unwrap().is_symlink(), "nothing was replaced");
}

#[test]
fn the_destination_of_a_link_is_never_waited_for_and_never_read_as_a_version() {
    let fifo = |home: &TestHome| {
        let path = home.root().join("fifo");
        rustix::fs::mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).unwrap();
        path
    };
    let secret = |home: &TestHome| {
        let path = home.root().join("secret");
        fs::write(&path, "root:x:0:0:root").unwrap();
        path
    };
    let leads: [fn(&TestHome) -> PathBuf; 4] =
        [|_| "/dev/zero".into(), |home| home.root().to_owned(), fifo, secret];
    for lead in leads {
        let home = TestHome::new();
        fs::remove_file(home.path(".HA_VERSION")).unwrap();
        symlink(lead(&home), home.path(".HA_VERSION")).unwrap();
        let run = Run::within(Duration::from_secs(60), home.command(&["--json", "create"])).exits(3);
        assert_eq!(run.json()["homeassistant_version"], "0.0.0");
        assert_eq!(run.json()["warnings"].as_array().unwrap().len(), 1);
    }
}
