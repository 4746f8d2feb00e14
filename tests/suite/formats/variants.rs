//! The same backup in other layouts, and a Supervisor's: read, shown and restored. What cannot be restored is reported.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use larder_tests::{TestHome, counterpart, describe};
use serde_json::{Value, json};

/// Layouts on top of each other, and how a restore of the result ends.
const LAYOUTS: &[(&[&str], i32)] = &[
    (&["plain-inner"], 0),
    (&["dot-prefix"], 0),
    (&["no-dot"], 0),
    (&["reordered"], 0),
    (&["unknown-members"], 3),
    (&["plain-inner", "dot-prefix"], 0),
    (&["plain-inner", "no-dot", "reordered", "unknown-members"], 3),
];

const UNKNOWN: [&str; 2] = ["a file from the future.bin", "later/notes.txt"];

/// An archive of the home that Larder made, and one that Home Assistant's library made.
fn archives(home: &TestHome) -> Option<[PathBuf; 2]> {
    let (backups, theirs) = (home.root().join("backups"), home.root().join("theirs.tar"));
    let created = home.larder(&["--json", "create", "--backups", backups.to_str().unwrap()]).exits(0).json();
    counterpart(&[Path::new("create"), &home.config(), &theirs])?;
    Some([backups.join(created["file"].as_str().unwrap()), theirs])
}

/// The archive in another layout, as a new file.
fn variant(home: &TestHome, archive: &Path, kinds: &[&str]) -> PathBuf {
    kinds.iter().fold(archive.to_owned(), |archive, kind| {
        let name = format!("{kind} of {}", archive.file_name().unwrap().to_str().unwrap());
        let out = home.root().join(name);
        counterpart(&[Path::new("variant"), &archive, &out, Path::new(kind)]).unwrap();
        out
    })
}

fn json_of(home: &TestHome, word: &str, archive: &Path, status: i32) -> Value {
    home.larder(&["--json", word, archive.to_str().unwrap()]).exits(status).json()
}

type Tree = BTreeMap<PathBuf, String>;

/// Restores to a new directory. Returns the output and the restored files.
#[track_caller]
fn restore(home: &TestHome, archive: &Path, arguments: &[&str], status: i32) -> (Value, Tree) {
    let target = home.root().join("restored");
    let _ = std::fs::remove_dir_all(&target);
    let words = ["--json", "restore", archive.to_str().unwrap(), "--to", target.to_str().unwrap()];
    let said = home.larder(&[&words[..], arguments].concat()).exits(status).json();
    (said, if target.exists() { describe(&target, &[]) } else { Tree::new() })
}

/// The entries of a list of things with reasons.
fn paths(list: &Value) -> Vec<&str> {
    let items = list.as_array().unwrap().iter();
    items.map(|item| item["path"].as_str().filter(|_| item["reason"].is_string()).unwrap()).collect()
}

#[test]
fn every_layout_of_a_backup_is_shown_verified_and_restored_alike() {
    let home = TestHome::example();
    let Some(archives) = archives(&home) else { return };
    for original in archives {
        let shown = json_of(&home, "show", &original, 0);
        let (_, wanted) = restore(&home, &original, &[], 0);
        assert!(wanted.contains_key(Path::new("configuration.yaml")));
        for (kinds, status) in LAYOUTS {
            let archive = variant(&home, &original, kinds);
            let unknown: &[&str] = if *status == 0 { &[] } else { &UNKNOWN };
            let details = json_of(&home, "show", &archive, 0);
            for same in ["backup_id", "name", "date", "homeassistant_version", "database_included"] {
                assert_eq!(details["backup"][same], shown["backup"][same], "{kinds:?}: {same}");
            }
            assert_eq!(paths(&details["backup"]["not_restorable"]), unknown, "{kinds:?}");
            let verified = json_of(&home, "verify", &archive, 0);
            assert_eq!(verified["restorable"], true, "{kinds:?}");
            assert_eq!(paths(&verified["not_restorable"]), unknown, "{kinds:?}");
            let (said, is) = restore(&home, &archive, &[], *status);
            assert_eq!(is, wanted, "{kinds:?}");
            assert_eq!(paths(&said["skipped"]), unknown, "{kinds:?}");
        }
    }
}

/// A backup of the Supervisor, with an add-on and two folders.
fn supervisor(home: &TestHome) -> Option<PathBuf> {
    let archive = home.root().join("supervisor.tar");
    counterpart(&[Path::new("create-supervisor"), &archive, &home.config()])?;
    Some(archive)
}

/// By the manifest, in its order.
const SUPERVISORS: [&str; 3] = ["add-on Mosquitto broker 6.5.2", "folder ssl", "folder media"];
/// Settings of the Supervisor, in the inner archive next to the home.
const SETTINGS: &str = "homeassistant.json";

#[test]
fn a_supervisors_backup_is_shown_with_its_add_ons_and_folders() {
    let home = TestHome::example();
    let Some(archive) = supervisor(&home) else { return };
    let backup = json_of(&home, "show", &archive, 0)["backup"].clone();
    assert_eq!(
        backup["addons"],
        json!([{"name": "Mosquitto broker", "slug": "core_mosquitto", "version": "6.5.2"}])
    );
    assert_eq!(backup["folders"], json!(["ssl", "media"]));
    assert_eq!(
        (&backup["homeassistant_included"], &backup["database_included"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(backup["homeassistant_version"], "2026.11.0");
    assert_eq!(paths(&backup["not_restorable"]), SUPERVISORS);
    let members = backup["members"].as_array().unwrap().iter().map(|member| member["name"].as_str().unwrap());
    let wanted = ["core_mosquitto.tar.gz", "homeassistant.tar.gz", "ssl.tar.gz", "media.tar.gz"];
    assert_eq!(members.collect::<Vec<_>>(), wanted);
}

#[test]
fn a_supervisors_backup_restores_its_home_and_says_what_it_leaves() {
    let home = TestHome::example();
    let Some(archive) = supervisor(&home) else { return };
    let wanted = describe(&home.config(), &["backups"]);
    let left: Vec<_> = SUPERVISORS.into_iter().chain([SETTINGS]).collect();
    let old_layout = variant(&home, &archive, &["dot-prefix"]);
    for archive in [&archive, &old_layout] {
        assert_eq!(paths(&json_of(&home, "verify", archive, 0)["not_restorable"]), left);
        let (said, is) = restore(&home, archive, &[], 3);
        assert_eq!(paths(&said["skipped"]), left);
        assert!(is.keys().eq(wanted.keys()), "the home's own tree and nothing of the Supervisor's");
    }
}

#[test]
fn restoring_a_supervisors_backup_in_place_says_the_same() {
    let home = TestHome::example();
    let Some(archive) = supervisor(&home) else { return };
    home.write("automations.yaml", "[]");
    let run = home.larder(&["restore", archive.to_str().unwrap(), "--yes"]).exits(3);
    for left in SUPERVISORS.into_iter().chain([SETTINGS]) {
        assert!(run.stdout.contains(left), "{left} in:\n{}", run.stdout);
    }
    assert_ne!(std::fs::read(home.path("automations.yaml")).unwrap(), b"[]");
}

#[test]
fn who_asks_for_a_part_is_not_told_of_the_supervisors_parts() {
    let home = TestHome::example();
    home.write("home-assistant_v2.db", "no database, but named like one");
    home.write("home-assistant_v2.db-wal", "");
    let Some(archive) = supervisor(&home) else { return };
    let (said, is) = restore(&home, &archive, &["--only", "database"], 0);
    assert_eq!(paths(&said["skipped"]), [""; 0]);
    assert_eq!(is.len(), 3, "the directory and the pair: {is:?}");
    let (said, is) = restore(&home, &archive, &["--only", "homeassistant"], 3);
    assert_eq!(paths(&said["skipped"]), [SETTINGS]);
    assert!(!is.contains_key(Path::new("home-assistant_v2.db")));
    let target = home.root().join("one file");
    let words = ["extract", archive.to_str().unwrap(), "scenes.yaml", "--to", target.to_str().unwrap()];
    home.larder(&words).exits(0);
    assert_eq!(describe(&target, &[]).len(), 2);
}

#[test]
fn a_backup_without_a_home_is_listed_and_shown_and_its_restore_refused_with_the_reason() {
    let home = TestHome::example();
    let Some([ours, _]) = archives(&home) else { return };
    let archive = home.root().join("null.tar");
    counterpart(&[Path::new("variant"), &ours, &archive, Path::new("homeassistant-null")]).unwrap();
    let backup = json_of(&home, "show", &archive, 0)["backup"].clone();
    assert_eq!(backup["homeassistant_included"], false);
    assert_eq!(
        (&backup["homeassistant_version"], &backup["database_included"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!(paths(&backup["not_restorable"]), ["homeassistant", "folder ssl"]);
    let verified = json_of(&home, "verify", &archive, 3);
    assert_eq!((&verified["restorable"], &verified["parts"]), (&json!(false), &json!(["ssl.tar.gz"])));
    assert!(verified["reason"].as_str().unwrap().contains("contains no Home Assistant configuration"));
    for extra in [&["--yes"][..], &["--to", "/nowhere/new"], &["--dry-run"]] {
        let words = [&["--json", "restore", archive.to_str().unwrap()], extra].concat();
        let before = describe(&home.config(), &[]);
        let run = home.larder(&words).exits(1).says("contains no Home Assistant configuration");
        assert_eq!(run.json()["error"]["code"], "backup_unsupported");
        assert_eq!(describe(&home.config(), &[]), before, "restore touched nothing");
    }
    std::fs::create_dir_all(home.backups()).unwrap();
    std::fs::copy(&archive, home.backups().join("null.tar")).unwrap();
    let listed = home.larder(&["--json", "list"]).exits(0).json();
    assert_eq!(listed["backups"][0]["backup_id"], backup["backup_id"]);
    assert_eq!(listed["backups"][0]["folders"], json!(["ssl"]));
}
