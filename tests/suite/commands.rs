//! The commands as a user runs them, from the first backup to the last.

use std::fs;

use larder_tests::{TestHome, describe, names_in, tests_directory};

#[test]
fn a_backup_is_created_listed_shown_verified_restored_and_deleted() {
    let home = TestHome::example();
    let before = describe(&home.config(), &["backups"]);

    let created = home.larder(&["--json", "create", "--name", "First one"]).exits(0).json();
    let id = created["backup_id"].as_str().unwrap();
    assert_eq!(created["verified"], true);
    assert_eq!(home.archives().len(), 1);

    let listed = home.larder(&["--json", "list"]).exits(0).json();
    assert_eq!(listed["backups"][0]["backup_id"], id);
    let shown = home.larder(&["--json", "show", id]).exits(0).json();
    assert_eq!(shown["backup"]["name"], "First one");
    let verified = home.larder(&["--json", "verify", id]).exits(0).json();
    assert_eq!(verified["restorable"], true);

    fs::remove_dir_all(home.path("www")).unwrap();
    home.write("automations.yaml", "[]");
    home.write("added.yaml", "later");
    home.larder(&["restore", id, "--yes"]).exits(0);
    assert_eq!(describe(&home.config(), &["backups"]), before);

    home.larder(&["delete", id]).exits(0);
    assert_eq!(home.archives().len(), 0);
    home.larder(&["show", id]).exits(1).says("there is no backup");
}

#[test]
fn backups_that_are_kept_elsewhere_in_the_home_are_not_backed_up_themselves() {
    let home = TestHome::new();
    home.write("kept/note.txt", "");
    let kept = home.path("kept/here");
    let backups = ["--backups", kept.to_str().unwrap()];
    let create = || home.larder(&[&backups[..], &["--json", "create"]].concat()).exits(0).json();
    let first = create();
    let second = create();
    assert_eq!(first["files"], 3);
    assert_eq!(second["files"], first["files"]);
    assert_eq!(names_in(&kept).len(), 2);
}

#[test]
fn every_action_is_compared_with_home_assistants() {
    let plugin = TestHome::new().larder(&["--json", "plugin"]).exits(0).json();
    let text = fs::read_to_string(tests_directory().parent().unwrap().join("docs/compatibility.md")).unwrap();
    let names = plugin["actions"].as_array().unwrap().iter().map(|action| action["name"].as_str().unwrap());
    let missing: Vec<_> = names.filter(|name| !text.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "not in docs/compatibility.md: {missing:?}");
}
