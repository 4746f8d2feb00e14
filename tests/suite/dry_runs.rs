//! Dry runs: the real run does what the dry run reports, with the same status.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use larder_tests::{Journal, Mount, Run, TestHome, Writer, describe, noise};
use rusqlite::Connection;
use serde_json::Value;

const MIB: u64 = 1 << 20;

/// A table of more than one page.
const FILLED: &str = "CREATE TABLE facts (a); WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 200) \
                      INSERT INTO facts SELECT hex(randomblob(100)) FROM n";

/// The entries that a run reported as left out, stored differently or damaged.
fn skipped(run: &Run) -> Vec<Value> {
    run.json()["skipped"].as_array().unwrap().clone()
}

/// The sentence of a failure.
fn error(run: &Run) -> String {
    let line = run.stderr.lines().find(|line| line.starts_with("error: "));
    line.unwrap_or_else(|| panic!("{run:?}")).to_owned()
}

#[test]
fn a_damaged_database_is_named_before_a_backup_is_made() {
    let home = TestHome::in_memory();
    let path = home.path("zigbee.db");
    let database = Connection::open(&path).unwrap();
    database.execute_batch(FILLED).unwrap();
    drop(database);
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..4196].fill(7);
    fs::write(&path, bytes).unwrap();
    let before = describe(&home.config(), &["backups"]);
    let previewed = home.larder(&["--json", "create", "--dry-run"]).exits(3);
    assert_eq!(describe(&home.config(), &["backups"]), before);
    let created = home.larder(&["--json", "create"]).exits(3);
    assert!(skipped(&previewed)[0]["reason"].as_str().unwrap().contains("SQLite reports damage"));
    assert_eq!(skipped(&previewed), skipped(&created));
    // A sample, taken where space is short, has already opened it.
    let kept = home.root().join("kept");
    let Some(_mount) = Mount::tmpfs(&kept, 100 << 10) else { return };
    let created = home.larder(&["--json", "--backups", kept.to_str().unwrap(), "create"]).exits(3);
    assert_eq!(skipped(&previewed), skipped(&created));
}

#[test]
fn a_backup_that_will_not_fit_is_refused_by_the_dry_run_in_the_same_words() {
    let home = TestHome::in_memory();
    let kept = home.root().join("kept");
    let Some(_mount) = Mount::tmpfs(&kept, 4 * MIB) else { return };
    home.write("www/large.bin", noise(16 << 20));
    let words = ["--backups", kept.to_str().unwrap(), "create"];
    let created = home.larder(&words).exits(1);
    let previewed = home.larder(&[&words[..], &["--dry-run"]].concat()).exits(1);
    let said = error(&created);
    assert!(said.contains("not enough space for a backup: it needs about 16.0"), "{said}");
    assert!(said.contains(" MiB, but only 4.00 MiB is available; free some, leave something out"), "{said}");
    assert!(previewed.stdout.contains(&said), "{said}: {}", previewed.stdout);
    assert!(previewed.stdout.contains("www/large.bin"), "what could be left out: {}", previewed.stdout);
    let json = home.larder(&[&words[..], &["--dry-run", "--json"]].concat()).exits(1).json();
    assert_eq!(json["error"]["code"], "no_space");
}

#[test]
fn what_keeps_a_backup_from_being_stored_keeps_the_dry_run_from_succeeding() {
    let home = TestHome::in_memory();
    home.create();
    fs::remove_file(home.backups().join(".larder-location")).unwrap();
    let lost = error(&home.larder(&["create"]).exits(1));
    assert_eq!(error(&home.larder(&["create", "--dry-run"]).exits(1)), lost, "a disk that is not mounted");
    fs::remove_dir_all(home.backups()).unwrap();
    let theirs = home.root().join("theirs");
    for closed in [theirs.join("backups"), theirs.clone()] {
        fs::create_dir_all(&closed).unwrap();
        fs::set_permissions(&closed, Permissions::from_mode(0o755)).unwrap();
        let dry = home.unprivileged(&["create", "--dry-run"]);
        let real = home.unprivileged(&["create"]);
        std::os::unix::fs::chown(&closed, Some(0), Some(0)).unwrap();
        fs::set_permissions(&closed, Permissions::from_mode(0o555)).unwrap();
        let (dry, real) = (Run::of(dry), Run::of(real));
        fs::set_permissions(&closed, Permissions::from_mode(0o755)).unwrap();
        if closed.ends_with("backups") {
            assert_eq!(error(&dry.exits(1)), error(&real.exits(1)));
        } else {
            // Its state cannot be kept there either.
            assert_eq!((dry.status, real.status), (Some(1), Some(1)));
        }
        fs::remove_dir_all(&closed).unwrap();
    }
    let key = ["create", "--key", "none"];
    let said = error(&home.larder(&[&key[..], &["--key-ring", "/nonexistent/ring"]].concat()).exits(1));
    let dry = [&key[..], &["--key-ring", "/nonexistent/ring", "--dry-run"]].concat();
    assert_eq!(error(&home.larder(&dry).exits(1)), said);
}

/// Runs a restore twice, dry and not, and expects the same refusal; nothing may change.
#[track_caller]
fn both_refuse(home: &TestHome, words: &[&str], says: &str) {
    // What is mounted, or somebody writes to.
    let others = [
        "secrets.yaml",
        "media",
        "home-assistant_v2.db",
        "home-assistant_v2.db-wal",
        "home-assistant_v2.db-shm",
    ];
    let before = describe(&home.config(), &others);
    let dry = home.larder(&[words, &["--dry-run"]].concat()).exits(1);
    let after = describe(&home.config(), &others);
    assert_eq!(after, before, "a dry run changed something");
    let real = home.larder(&[words, &["--yes"]].concat()).exits(1);
    assert!(error(&dry).contains(says), "{}", dry.stderr);
    assert_eq!(error(&dry), error(&real));
}

#[test]
fn mounts_in_the_home_are_found_by_the_dry_run_of_a_restore() {
    let home = TestHome::in_memory();
    home.write("secrets.yaml", "a: b\n");
    home.write("media/film", "x");
    let id = home.create();
    home.write("secrets.yaml", "a: c\n");
    let Some(_mount) = Mount::tmpfs(&home.path("media"), MIB) else { return };
    let says = "cannot replace media, because something is mounted there";
    both_refuse(&home, &["restore", &id], says);
    both_refuse(&home, &["restore", &id, "--only", "homeassistant"], says);
    let Some(_file) = Mount::bind_file(&home.path("secrets.yaml")) else { return };
    both_refuse(
        &home,
        &["restore", &id],
        "cannot replace media, secrets.yaml, because something is mounted there",
    );
    let to = home.root().join("new");
    home.larder(&["restore", &id, "--to", to.to_str().unwrap(), "--dry-run"]).exits(0);
    assert!(!to.exists());
}

#[test]
fn a_database_in_use_is_found_by_the_dry_run_of_a_restore() {
    let home = TestHome::in_memory();
    let writer = Writer::start(&home.path("home-assistant_v2.db"), Journal::Wal);
    let id = home.create();
    both_refuse(&home, &["restore", &id], "home-assistant_v2.db");
    home.larder(&["restore", &id, "--dry-run", "--force"]).exits(0);
    writer.stop();
    home.larder(&["restore", &id, "--dry-run"]).exits(0);
}

#[test]
fn a_home_that_may_not_be_changed_is_found_by_the_dry_run_of_a_restore() {
    let home = TestHome::in_memory();
    home.write("www/picture.svg", "<svg/>");
    home.create();
    let archive = home.root().join("backup.tar");
    fs::rename(home.archives().remove(0), &archive).unwrap();
    fs::set_permissions(&archive, Permissions::from_mode(0o644)).unwrap();
    let archive = archive.to_str().unwrap();
    let dry = Run::of(home.unprivileged(&["restore", archive, "--dry-run"])).exits(1);
    let real = Run::of(home.unprivileged(&["restore", archive, "--yes"])).exits(1);
    assert!(error(&dry).contains("cannot stage a restore in"), "{}", dry.stderr);
    assert_eq!(error(&dry), error(&real));
    let to = home.root().join("closed/new");
    let dry =
        Run::of(home.unprivileged(&["restore", archive, "--dry-run", "--to", to.to_str().unwrap()])).exits(1);
    let real = Run::of(home.unprivileged(&["restore", archive, "--to", to.to_str().unwrap()])).exits(1);
    assert_eq!(error(&dry), error(&real));
}

#[test]
fn a_restore_that_will_not_fit_is_refused_by_the_dry_run_with_the_whole_need() {
    let home = TestHome::in_memory();
    home.write("www/large.bin", noise(24 << 20));
    let id = home.create();
    let small = home.root().join("small");
    let Some(_mount) = Mount::tmpfs(&small, 20 * MIB) else { return };
    let to = small.join("new");
    let words = ["restore", &id, "--to", to.to_str().unwrap()];
    let dry = home.larder(&[&words[..], &["--dry-run"]].concat()).exits(1);
    let real = home.larder(&words).exits(1);
    let said = error(&real);
    assert!(said.contains("not enough space for the restore: it needs about 24.0"), "{said}");
    assert!(
        said.contains(" MiB, but only 3.9") || said.contains(" MiB, but only 4.00 MiB"),
        "16 MiB stay free: {said}"
    );
    assert_eq!(error(&dry), said);
    assert_eq!(fs::read_dir(Path::new(&small)).unwrap().count(), 0);
}
