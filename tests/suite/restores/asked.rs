//! The confirmation before a home is replaced, and restores that are refused without `--force`.

use std::fs;
use std::path::PathBuf;

use larder_tests::tar::{Tar, gzip, manifest};
use larder_tests::{TestHome, describe_inside, on_terminal};

/// A home that was changed after its backup.
fn changed() -> (TestHome, String) {
    let home = TestHome::in_memory();
    let id = home.create();
    home.write("configuration.yaml", "changed:\n");
    (home, id)
}

fn configuration(home: &TestHome) -> String {
    fs::read_to_string(home.path("configuration.yaml")).unwrap()
}

#[test]
fn without_a_terminal_and_without_yes_it_is_wrong_use() {
    let (home, id) = changed();
    let before = describe_inside(&home.config(), &[]);
    home.larder(&["restore", &id]).exits(2).says("--yes");
    assert_eq!(describe_inside(&home.config(), &[]), before);
}

#[test]
fn on_a_terminal_it_asks_and_only_yes_restores() {
    for (typed, restores) in
        [("n\n", false), ("\n", false), ("no\n", false), ("yep\n", false), ("y\n", true), ("YES\n", true)]
    {
        let (home, id) = changed();
        let Some(run) = on_terminal(&home.command(&["restore", &id]), typed) else { return };
        assert!(run.stdout.contains("Replace the home in"), "{run:?}");
        assert!(run.stdout.contains(&id), "it shows which backup: {run:?}");
        assert_eq!(run.status, Some(i32::from(!restores)), "{typed:?}: {run:?}");
        let expected = if restores { "default_config:\n" } else { "changed:\n" };
        assert_eq!(configuration(&home), expected, "{typed:?}");
    }
}

#[test]
fn a_dry_run_changes_nothing_and_still_checks_everything() {
    let (home, id) = changed();
    let before = describe_inside(&home.config(), &[]);
    let run = home.larder(&["restore", &id, "--dry-run"]).exits(0);
    assert!(run.stdout.contains("could be restored"), "{}", run.stdout);
    let to = home.root().join("new");
    home.larder(&["restore", &id, "--dry-run", "--to", to.to_str().unwrap()]).exits(0);
    assert!(!to.exists());
    let archive = home.archives().remove(0);
    let mut bytes = fs::read(&archive).unwrap();
    let at = bytes.windows(2).rposition(|pair| pair == [0x1f, 0x8b]).unwrap() + 200;
    bytes[at] ^= 1;
    let bad = home.root().join("bad.tar");
    fs::write(&bad, bytes).unwrap();
    home.larder(&["restore", bad.to_str().unwrap(), "--dry-run"]).exits(1).says("damaged");
    assert_eq!(describe_inside(&home.config(), &[]), before);
}

/// A backup of a home of that version.
fn of_version(home: &TestHome, version: &str) -> PathBuf {
    let mut manifest = manifest();
    manifest["homeassistant"]["version"] = version.into();
    let outer = Tar::default().file("./backup.json", manifest.to_string());
    let path = home.root().join("other.tar");
    fs::write(&path, outer.file("homeassistant.tar.gz", gzip(&Tar::home().end())).end()).unwrap();
    path
}

#[test]
fn a_backup_of_a_newer_home_assistant_is_refused_unless_forced() {
    for version in ["2026.11.1", "2026.12.0b1", "2027.1.0", "2026.11.10"] {
        let home = TestHome::in_memory();
        let before = describe_inside(&home.config(), &[]);
        let archive = of_version(&home, version);
        let archive = archive.to_str().unwrap();
        for only in [&["--yes"] as &[&str], &["--yes", "--only", "homeassistant"], &["--dry-run"]] {
            let run = home.larder(&[&["restore", archive], only].concat()).exits(1);
            run.says(version).says("2026.11.0").says("--force");
            assert_eq!(describe_inside(&home.config(), &[]), before);
        }
        let to = home.root().join("new");
        home.larder(&["restore", archive, "--to", to.to_str().unwrap()]).exits(0);
        home.larder(&["restore", archive, "--yes", "--force"]).exits(0);
        assert_eq!(configuration(&home), "restored:\n");
    }
}

#[test]
fn a_backup_that_is_not_newer_is_not_refused() {
    for version in ["2026.11.0", "2026.11.0b3", "2026.11.0.dev20261101", "2025.12.4", "0.117.0", "0.0.0"] {
        let home = TestHome::in_memory();
        let archive = of_version(&home, version);
        home.larder(&["restore", archive.to_str().unwrap(), "--yes"]).exits(0);
        assert_eq!(configuration(&home), "restored:\n", "{version}");
    }
    let home = TestHome::in_memory();
    fs::remove_file(home.path(".HA_VERSION")).unwrap();
    let archive = of_version(&home, "2099.1.0");
    home.larder(&["restore", archive.to_str().unwrap(), "--yes"]).exits(0);
}
