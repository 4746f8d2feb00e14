//! A create that is killed: no partial backup is listed, the next start removes leftovers, and the next create works.

use std::fs;
use std::path::Path;

use larder_tests::{TestHome, describe_inside, names_in};

use super::{cut, steps};

/// A home with files of all sizes, and one backup.
fn home() -> (TestHome, String) {
    let home = TestHome::in_memory();
    home.write("www/picture.svg", "<svg/>");
    home.write("www/large.bin", larder_tests::noise(3_000_000));
    let id = home.create();
    (home, id)
}

fn hidden(directory: &Path) -> Vec<String> {
    names_in(directory).into_iter().filter(|name| name.starts_with('.')).collect()
}

fn ids(home: &TestHome) -> Vec<String> {
    let listed = home.larder(&["--json", "list"]).exits(0).json();
    let backups = listed["backups"].as_array().unwrap().iter();
    backups.map(|backup| backup["backup_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_create_cut_at_each_step_leaves_no_partial_file_and_the_next_one_works() {
    let (template, first) = home();
    let steps = steps(&template, &["create"]);
    assert!(steps.len() >= 10, "{steps:?}");
    let (mut leftovers, mut renamed) = (0, false);
    for step in steps {
        let home = template.copy();
        let config = describe_inside(&home.config(), &["backups"]);
        cut(&home, &step, &["create"]);
        let left = hidden(&home.backups());
        leftovers += left.len();
        home.write("../state/scratch/copy of a database", "left");

        let run = home.larder(&["list"]).exits(0);
        for name in &left {
            assert!(run.stderr.contains(&format!("removed {name}")), "{step}: {}", run.stderr);
        }
        assert_eq!(hidden(&home.backups()), Vec::<String>::new(), "{step}");
        assert!(!home.state().join("scratch").exists(), "{step}");
        let listed = ids(&home);
        assert!(listed.contains(&first), "{step}");
        // Once renamed, the backup exists and is complete.
        renamed |= step == "draft: sync directory#1";
        assert_eq!(listed.len(), 1 + usize::from(renamed), "{step}");
        for id in &listed {
            home.larder(&["verify", id]).exits(0);
        }
        home.create();
        assert_eq!(ids(&home).len(), listed.len() + 1, "{step}");
        assert_eq!(describe_inside(&home.config(), &["backups"]), config, "{step}");
    }
    assert!(leftovers >= 5, "the cuts left something to remove: {leftovers}");
}

#[test]
fn the_next_create_removes_leftovers_as_well() {
    let (home, _) = home();
    cut(&home, "draft: append#2", &["create"]);
    assert_eq!(hidden(&home.backups()).len(), 1);
    home.larder(&["create"]).exits(0).says("removed .larder-");
    assert_eq!(hidden(&home.backups()), Vec::<String>::new());
    assert_eq!(ids(&home).len(), 2);
}

#[test]
fn a_draft_that_is_being_written_is_not_removed_as_a_leftover() {
    let (home, _) = home();
    let binary = larder_tests::binary();
    let list = format!(
        "'{}' --config '{}' --state '{}' --json list",
        binary.display(),
        home.config().display(),
        home.state().display()
    );
    let mut command = home.command(&["create"]);
    let listed = home.root().join("listed");
    command.env("LARDER_RUN_AT", "draft: read back");
    command.env("LARDER_RUN", format!("unset LARDER_RUN_AT; {list} > '{}'", listed.display()));
    larder_tests::Run::of(command).exits(0);
    let listed: serde_json::Value = serde_json::from_slice(&fs::read(listed).unwrap()).unwrap();
    assert_eq!(listed["backups"].as_array().unwrap().len(), 1);
    assert_eq!(listed["unreadable"].as_array().unwrap().len(), 0);
    assert_eq!(ids(&home).len(), 2);
}

#[test]
fn a_second_writer_is_refused_and_the_first_is_named() {
    let (home, id) = home();
    let said = home.root().join("said");
    for second in ["create", "restore ID --yes", "delete ID"] {
        let second = second.replace("ID", &id);
        let script = format!(
            "unset LARDER_RUN_AT; if '{}' --config '{}' --state '{}' {second} 2> '{}'; then false; fi",
            larder_tests::binary().display(),
            home.config().display(),
            home.state().display(),
            said.display()
        );
        let mut command = home.command(&["create"]);
        command.env("LARDER_RUN_AT", "draft: append").env("LARDER_RUN", script);
        larder_tests::Run::of(command).exits(0);
        let said = fs::read_to_string(&said).unwrap();
        assert!(said.contains("larder create (process ") && said.contains("is using"), "{second}: {said}");
    }
}
