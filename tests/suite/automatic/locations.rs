//! Missing locations, unprotected copies, a read-only disk; and the format of the stored document.

use std::fs;

use larder_tests::{Mount, TestHome, TestService, tests_directory};
use serde_json::{Value, json};

fn serve(home: &TestHome, create: &Value) -> TestService {
    home.write(".storage/core.config", r#"{"data": {"time_zone": "Europe/Berlin"}}"#);
    let mut service = home.serve("2026-11-23T15:42:44+01:00");
    service.set(json!({"create_backup": create, "schedule": {"recurrence": "daily", "time": "03:30"}}));
    service
}

fn last_completed(service: &mut TestService) -> Value {
    service.call("backup.config.info", json!({})).unwrap()["config"]["last_completed_automatic_backup"]
        .clone()
}

#[test]
fn a_backup_goes_to_the_locations_that_are_there_and_names_the_others() {
    let home = TestHome::in_memory();
    let mut service = serve(&home, &json!({"agent_ids": ["webdav.gone", "backup.local"]}));
    service.events();
    let created = service.call("backup.create_automatic", json!({})).unwrap();
    assert_eq!(created["failed_agent_ids"], json!(["webdav.gone"]));
    let heard = service.events();
    assert!(heard.iter().any(|heard| heard.data["state"] == "completed"));
    assert!(heard.iter().any(|heard| {
        heard.topic == "larder/log" && heard.data["message"].as_str().unwrap().contains("webdav.gone")
    }));
    let info = service.call("backup.info", json!({})).unwrap();
    assert_eq!(info["backups"][0]["failed_agent_ids"], json!(["webdav.gone"]));
    assert_ne!(last_completed(&mut service), Value::Null, "it counts as completed");
    // It is still known after a restart.
    service = service.restart();
    let details = service.call("backup.details", json!({"backup_id": created["backup_id"]})).unwrap();
    assert_eq!(details["backup"]["failed_agent_ids"], json!(["webdav.gone"]));
}

#[test]
fn a_location_may_keep_its_copy_readable_in_spite_of_the_password() {
    let home = TestHome::in_memory();
    let mut service = serve(&home, &json!({"agent_ids": ["backup.local"], "password": "a password"}));
    let protected = service.call("backup.create_automatic", json!({})).unwrap();
    service.set(json!({"agents": {"backup.local": {"protected": false}}}));
    service.pass(1);
    let readable = service.call("backup.create_automatic", json!({})).unwrap();
    assert_eq!([&protected["securetar"], &readable["securetar"]], [&json!(3), &Value::Null]);
    let info = service.call("backup.info", json!({})).unwrap();
    let is_protected = |at: usize| info["backups"][at]["agents"]["backup.local"]["protected"].clone();
    assert_eq!([is_protected(0), is_protected(1)], [json!(false), json!(true)], "newest first");
}

#[test]
fn a_read_only_disk_fails_the_backup_and_the_last_success_stays() {
    let home = TestHome::in_memory();
    let Some(mount) = Mount::tmpfs(&home.backups(), 16 << 20) else { return };
    let mut service = serve(&home, &json!({"agent_ids": ["backup.local"]}));
    service.call("backup.create_automatic", json!({})).unwrap();
    let before = (last_completed(&mut service), home.archives());
    mount.make_read_only();
    for action in ["backup.create_automatic", "backup.create"] {
        service.pass(1);
        service.events();
        let failure = service.call(action, json!({})).unwrap_err();
        assert!(failure.message.contains("Read-only file system"), "{failure}");
        let heard = service.events();
        let failed = heard.iter().find(|heard| heard.data["state"] == "failed").unwrap();
        assert_eq!(failed.data["reason"], "upload_failed");
        let event = service.state("event.backup_automatic_backup");
        assert_eq!(event.attributes["failed_reason"], "upload_failed");
    }
    assert_eq!((last_completed(&mut service), home.archives()), before);
}

#[test]
fn what_is_stored_has_the_form_of_home_assistants_document() {
    let home = TestHome::in_memory();
    let mut service = serve(&home, &json!({"agent_ids": ["backup.local"], "password": "a password"}));
    service.set(json!({"automatic_backups_configured": true, "retention": {"copies": 3, "days": null}}));
    for _ in 0..3 {
        service.pass(1);
        service.call("backup.create_automatic", json!({})).unwrap();
    }
    let stored = fs::read_to_string(home.state().join("documents/backup.json")).unwrap();
    let recorded =
        fs::read_to_string(tests_directory().join("fixtures/recordings/storage-backup.json")).unwrap();
    assert_eq!(form(&stored), form(&recorded));
}

/// The contents of a document, one line for each value: its place and its type. Larder's own state is left out.
fn form(text: &str) -> Vec<String> {
    let places =
        ["version", "minor_version", "key", "data"].map(|key| text.find(&format!("{key:?}")).unwrap());
    assert!(places.is_sorted(), "Home Assistant's order: {places:?}");
    let mut lines = Vec::new();
    describe("", &serde_json::from_str(text).unwrap(), &mut lines);
    lines.retain(|line| !line.starts_with("/data/larder"));
    lines
}

fn describe(place: &str, value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| describe(&format!("{place}/{key}"), value, lines))
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(at, item)| describe(&format!("{place}/{at}"), item, lines));
        }
        Value::Array(_) => lines.push(format!("{place} []")),
        Value::String(_) => lines.push(format!("{place} text")),
        Value::Number(_) => lines.push(format!("{place} number")),
        other => lines.push(format!("{place} {other}")),
    }
}
