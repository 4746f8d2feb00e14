//! The stored document: old ones are migrated, newer ones left alone, damaged ones set aside, and an interruption loses none.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use larder_tests::{Run, TestHome, TestService, describe, tests_directory};
use serde_json::{Value, json};

use super::{NEXT, START, document, home, notices, store, told};

const PASSWORD: &str = "Pa55-w0rd-rig";

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn previous(home: &TestHome) -> std::path::PathBuf {
    document(home).with_file_name("backup.previous.json")
}

fn damaged(home: &TestHome, number: u32) -> std::path::PathBuf {
    document(home).with_file_name(format!("backup.damaged-{number}.json"))
}

#[test]
fn a_document_of_every_older_version_is_migrated_and_its_backups_go_on() {
    for minor in 1..=8 {
        let path =
            tests_directory().join(format!("../guest/src/manager/document/fixtures/minor-{minor}.json"));
        let case = json_of(&path);
        let home = home();
        let stored = case["stored"].to_string();
        store(&home, &stored);
        let mut service = home.serve(START);
        assert_eq!(notices(&mut service), "", "minor {minor}");
        service.set(json!({"retention": case["migrated"]["config"]["retention"]}));
        let mut written = json_of(&document(&home));
        assert_eq!((&written["version"], &written["minor_version"]), (&json!(1), &json!(9)));
        written["data"].as_object_mut().unwrap().remove("larder");
        assert_eq!(written["data"], case["migrated"], "minor {minor}");
        assert_eq!(fs::read_to_string(previous(&home)).unwrap(), stored, "minor {minor}");

        // Home Assistant's Core has neither add-ons nor folders.
        let none = json!({"include_addons": null, "include_all_addons": false, "include_folders": null});
        service.set(json!({"create_backup": none}));
        service.call("backup.create_automatic", json!({})).unwrap();
        assert_eq!(home.archives().len(), 1, "minor {minor}");
    }
}

/// A document that a newer program wrote.
fn newer() -> String {
    let config = json!({"schedule": {"later": PASSWORD}});
    json!({"version": 3, "minor_version": 1, "key": "backup", "data": {"config": config}}).to_string()
}

#[test]
fn a_document_of_a_newer_program_stops_what_needs_it_and_is_left_as_it_is() {
    let home = home();
    store(&home, newer());
    let before = describe(&home.state().join("documents"), &[]);
    for arguments in [
        &["settings"][..],
        &["settings", "set", "retention.copies=3"],
        &["schedule"],
        &["retention"],
        &["retention", "--dry-run"],
        &["adopt"],
        &["call", "backup.create_automatic"],
        &["serve"],
    ] {
        let run = home.larder(arguments).exits(1).says("version 3, written by a newer program");
        assert!(!(run.stderr + &run.stdout).contains(PASSWORD), "{arguments:?}");
        assert_eq!(describe(&home.state().join("documents"), &[]), before, "{arguments:?}");
    }
    assert!(home.archives().is_empty());
}

#[test]
fn backups_by_hand_and_restores_work_beside_a_document_of_a_newer_program() {
    let home = home();
    store(&home, newer());
    let before = describe(&home.state().join("documents"), &[]);
    let works = |arguments: &[&str]| -> Run {
        let run = home.larder(arguments).exits(0).says("written by a newer program");
        assert_eq!(describe(&home.state().join("documents"), &[]), before, "{arguments:?}");
        run
    };
    let id = works(&["--json", "create"]).json()["backup_id"].as_str().unwrap().to_owned();
    let to = home.root().join("restored");
    works(&["list"]);
    works(&["states"]);
    works(&["verify", &id]);
    works(&["restore", &id, "--to", to.to_str().unwrap()]);
    works(&["call", "backup.create"]);
    works(&["delete", &id]);
    assert!(to.join("configuration.yaml").exists());
}

/// A home whose settings were stored twice: with a retention of 3 copies, then of 4.
fn twice() -> TestHome {
    let home = home();
    let mut service = home.serve(START);
    for copies in [3, 4] {
        service.set(json!({
            "create_backup": {"agent_ids": ["backup.local"], "password": PASSWORD},
            "retention": {"copies": copies, "days": null},
            "schedule": {"recurrence": "daily", "time": "03:00"},
        }));
    }
    drop(service);
    home
}

fn copies(service: &mut TestService) -> Value {
    service.call("backup.config.info", json!({})).unwrap()["config"]["retention"]["copies"].take()
}

/// Documents that cannot be used.
fn damages(good: &[u8]) -> Vec<(String, Vec<u8>)> {
    let cut = |length: usize| (format!("cut to {length}"), good[..length].to_vec());
    let mut all: Vec<_> = (0..good.len()).step_by(97).chain([1, good.len() - 1]).map(cut).collect();
    let text = std::str::from_utf8(good).unwrap();
    let mut add = |name: &str, bytes: Vec<u8>| all.push((name.to_owned(), bytes));
    add("blank", b"\n".to_vec());
    add("zeros", vec![0; good.len()]);
    add("binary", (0..=255).collect());
    add("a byte that is no text", {
        let mut bytes = good.to_vec();
        let at = text.find(PASSWORD).unwrap();
        bytes[at] |= 0x80;
        bytes
    });
    add("null", b"null".to_vec());
    add("a list", b"[]".to_vec());
    add("another document", br#"{"version": 1, "minor_version": 1, "key": "other", "data": {}}"#.to_vec());
    add("a wrong type", text.replace("\"daily\"", "7").into_bytes());
    add("a comma too many", text.replacen('{', "{,", 1).into_bytes());
    add("twice", [good, good].concat());
    all
}

#[test]
fn a_damaged_document_is_set_aside_and_the_one_before_it_is_used() {
    let template = twice();
    let good = fs::read(document(&template)).unwrap();
    for (name, bytes) in damages(&good) {
        let home = template.copy();
        store(&home, &bytes);
        let mut service = home.serve(START);
        let said = notices(&mut service);
        assert!(said.contains("backup.json cannot be used: "), "{name}: {said}");
        assert!(said.contains("backup.damaged-1.json; its previous version is used"), "{name}: {said}");
        assert!(!said.contains("Pa55"), "{name}: {said}");
        assert_eq!(fs::read(damaged(&home, 1)).unwrap(), bytes, "{name}");
        assert_eq!(copies(&mut service), 3, "{name}");
        assert_eq!(service.state(NEXT).state, "2026-05-05T03:00:00+00:00", "{name}");

        // Nothing was stored since: the next start finds the same.
        let mut service = service.restart();
        assert_eq!(copies(&mut service), 3, "{name}");
        service.set(json!({"retention": {"copies": 5, "days": null}}));
        let mut service = service.restart();
        assert_eq!(notices(&mut service), "", "{name}");
        assert_eq!(copies(&mut service), 5, "{name}");
    }
}

#[test]
fn two_damaged_documents_are_set_aside_and_everything_starts_anew() {
    for (first, second) in [("torn {", "torn ["), ("the same", "the same"), ("", "")] {
        let home = twice();
        store(&home, first);
        fs::write(previous(&home), second).unwrap();
        let mut service = home.serve(START);
        let said = notices(&mut service);
        assert!(said.contains("so Larder starts without it"), "{said}");
        assert_eq!(copies(&mut service), Value::Null);
        assert_eq!(fs::read_to_string(damaged(&home, 1)).unwrap(), first);
        assert_eq!(fs::read_to_string(damaged(&home, 2)).unwrap(), second);
        service.set(json!({"retention": {"copies": 6, "days": null}}));
        let mut service = service.restart();
        assert_eq!((copies(&mut service), notices(&mut service)), (json!(6), String::new()));
    }
}

#[test]
fn commands_that_read_say_what_is_damaged_and_leave_it() {
    for (first, second, copies) in [(Some("{"), None, json!(3)), (Some("{"), Some("["), Value::Null)] {
        let home = twice();
        store(&home, first.unwrap());
        second.into_iter().for_each(|text| fs::write(previous(&home), text).unwrap());
        let before = describe(&home.state().join("documents"), &[]);
        let run = home.larder(&["--json", "settings"]).exits(0).says("backup.json cannot be used");
        assert_eq!(run.json()["config"]["retention"]["copies"], copies, "{}", run.stderr);
        assert!(!(run.stderr + &run.stdout).contains("Pa55"));
        assert_eq!(describe(&home.state().join("documents"), &[]), before);
    }
}

#[test]
fn a_document_that_was_removed_is_replaced_by_the_one_before_it_with_a_word() {
    let home = twice();
    fs::remove_file(document(&home)).unwrap();
    let mut service = home.serve(START);
    assert!(
        notices(&mut service).contains("backup.json is missing, so its previous version"),
        "{}",
        notices(&mut service)
    );
    assert_eq!(copies(&mut service), 3);
}

#[test]
fn a_document_that_cannot_be_read_keeps_nobody_from_a_backup() {
    let home = home();
    fs::create_dir_all(document(&home)).unwrap();
    home.larder(&["create"]).exits(0).says("backup.json: Is a directory");
    home.larder(&["settings"]).exits(1).says("backup.json: Is a directory");
    assert!(document(&home).is_dir());
}

/// The steps of another change of the settings.
fn steps_of_saving(home: &TestHome) -> Vec<String> {
    let (home, trace) = (home.copy(), home.root().join("steps"));
    let mut command = home.command(&["settings", "set", "retention.copies=5"]);
    command.env("LARDER_TRACE_STEPS", &trace);
    Run::of(command).exits(0);
    let text = fs::read_to_string(trace).unwrap();
    let mut seen = std::collections::HashMap::new();
    let count = |step: &str| {
        let number = seen.entry(step.to_owned()).and_modify(|number| *number += 1).or_insert(1);
        format!("{step}#{number}")
    };
    text.lines().filter(|step| step.starts_with("document: ")).map(count).collect()
}

#[test]
fn settings_cut_at_each_step_of_saving_are_the_old_or_the_new_ones() {
    let template = twice();
    let steps = steps_of_saving(&template);
    assert_eq!(steps.len(), 6, "the one before, then the new one: {steps:?}");
    for step in &steps {
        let home = template.copy();
        let mut command = home.command(&["settings", "set", "retention.copies=5"]);
        command.env("LARDER_CUT_AT", step);
        assert_eq!(Run::of(command).status, None, "{step}");
        let expected = if step == steps.last().unwrap() { 5 } else { 4 };
        let run = home.larder(&["--json", "settings"]).exits(0);
        assert_eq!(run.json()["config"]["retention"]["copies"], expected, "{step}");
        assert!(!run.stderr.contains("cannot be used"), "{step}: {}", run.stderr);
        let names = describe(&home.state().join("documents"), &[]).into_keys();
        let names: Vec<_> = names.map(|path| path.display().to_string()).collect();
        assert_eq!(names, ["", "backup.json", "backup.previous.json"], "{step}");
    }
}

#[test]
fn what_is_stored_is_for_the_owner_alone() {
    let home = twice();
    let readable = fs::Permissions::from_mode(0o644);
    fs::write(document(&home), format!("{{ {PASSWORD}")).unwrap();
    fs::set_permissions(document(&home), readable).unwrap();
    let mut service = home.serve(START);
    service.set(json!({"retention": {"copies": 9, "days": null}}));
    assert!(!told(&mut service).join("\n").contains(PASSWORD));
    drop(service);
    for (path, line) in describe(&home.state().join("documents"), &[]) {
        let mode = line.split(' ').rev().nth(2).unwrap();
        assert_eq!(mode, if line.starts_with("directory") { "700" } else { "600" }, "{}", path.display());
    }
    assert!(damaged(&home, 1).exists());
}
