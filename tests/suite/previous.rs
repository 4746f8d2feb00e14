//! The previous version: this one reads what it left on a disk, and continues from there.
//!
//! `fixtures/previous/archive.tar.gz` is a home with its backups and its state directory as commit 00c7bf6 wrote them on
//! 2026-11-30; `make.sh` next to it creates it. It must not change when the code does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use larder_tests::{TestHome, describe_inside, tests_directory};
use serde_json::{Value, json};

const PASSWORD: &str = "Pa55-w0rd-of-then";
/// When the test continues: the evening of the day on which the fixture was made.
const EVENING: &str = "2026-11-30T20:00:00+00:00";
/// The directory of `make.sh`, which the state directory remembers.
const MADE_IN: &str = "/tmp/larder-previous/home";

/// The home, its backups and its state directory as they were left.
fn left() -> TestHome {
    let home = TestHome::in_memory();
    fs::remove_dir_all(home.config()).unwrap();
    let archive = tests_directory().join("fixtures/previous/archive.tar.gz");
    let status = Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(home.root()).status();
    assert!(status.unwrap().success());
    fs::rename(home.root().join("home"), home.config()).unwrap();
    let locations = home.state().join("host/locations.json");
    let text = fs::read_to_string(&locations).unwrap();
    assert!(text.contains(MADE_IN));
    fs::write(locations, text.replace(MADE_IN, home.config().to_str().unwrap())).unwrap();
    home
}

/// The entry of each backup in `list`, newest first.
fn listed(home: &TestHome) -> Vec<Value> {
    let run = home.larder(&["--json", "list"]).exits(0);
    run.json()["backups"].as_array().unwrap().clone()
}

fn id(backup: &Value) -> &str {
    backup["backup_id"].as_str().unwrap()
}

/// The contents of the home without its backups. The fixture keeps whole seconds.
fn content(directory: &Path) -> BTreeMap<PathBuf, String> {
    let mut lines = describe_inside(directory, &["backups", "home-assistant_v2.db-wal"]);
    for line in lines.values_mut() {
        line.truncate(line.rfind('.').unwrap_or(line.len()));
    }
    lines
}

#[test]
fn its_backups_are_listed_with_all_that_they_say_of_themselves() {
    let home = left();
    let all = listed(&home);
    let seen: Vec<_> = all
        .iter()
        .map(|it| {
            json!([it["name"], it["with_automatic_settings"], it["agents"]["backup.local"]["protected"]])
        })
        .collect();
    let automatic = json!(["Automatic backup 2026.11.0", true, true]);
    assert_eq!(seen, [automatic.clone(), automatic, json!(["By hand", false, false])]);
    assert!(
        all.iter().all(|it| it["homeassistant_version"] == "2026.11.0" && it["database_included"] == true)
    );
}

#[test]
fn each_of_its_backups_is_verified_and_restored_to_what_was_in_the_home() {
    let home = left();
    let key = home.password_file("key.txt", PASSWORD);
    for backup in listed(&home) {
        let id = id(&backup);
        home.larder(&["verify", id, "--password-file", &key]).exits(0);
        let to: PathBuf = home.root().join(id);
        home.larder(&["restore", id, "--to", to.to_str().unwrap(), "--password-file", &key]).exits(0);
        assert_eq!(content(&to), content(&home.config()), "{backup}");
        let file = home.root().join(format!("{id}-file"));
        let extract =
            ["extract", id, "www/states.txt", "--to", file.to_str().unwrap(), "--password-file", &key];
        home.larder(&extract).exits(0);
        assert_eq!(
            fs::read(file.join("www/states.txt")).unwrap(),
            fs::read(home.path("www/states.txt")).unwrap()
        );
    }
}

#[test]
fn a_backup_is_restored_in_place() {
    let home = left();
    let before = content(&home.config());
    home.write("configuration.yaml", "broken:\n");
    fs::remove_file(home.path("www/states.txt")).unwrap();
    let by_hand = listed(&home).pop().unwrap();
    home.larder(&["restore", id(&by_hand), "--yes"]).exits(0);
    assert_eq!(content(&home.config()), before);
    assert_eq!(listed(&home).len(), 3, "backups stay");
}

#[test]
fn its_schedule_settings_and_retention_go_on() {
    let home = left();
    let mut service = home.serve(EVENING);
    assert_eq!(service.service().host().notices, [""; 0]);
    let next = "sensor.backup_next_scheduled_automatic_backup";
    assert_eq!(service.state(next).state, "2026-12-01T03:00:00+00:00");
    let event = service.state("event.backup_automatic_backup");
    assert_eq!(event.attributes["event_type"], "completed");
    assert!(event.state.starts_with("2026-11-30T13:31:27."), "{}", event.state);
    let config = service.call("backup.config.info", json!({})).unwrap()["config"].take();
    assert_eq!(config["create_backup"]["password"], PASSWORD);
    assert_eq!(config["retention"]["copies"], 2);
    let old = listed(&home);

    service.advance("2026-12-01T04:00:00+00:00");
    assert_eq!(service.state(next).state, "2026-12-02T03:00:00+00:00");
    let new = listed(&home);
    assert_eq!(new.len(), 3);
    assert_eq!(new[0]["date"].as_str().unwrap()[..16], *"2026-12-01T03:00");
    assert_eq!(new[0]["agents"]["backup.local"]["protected"], true);
    // The older of the two automatic ones is deleted, and those made by hand stay.
    assert_eq!([id(&new[1]), id(&new[2])], [id(&old[0]), id(&old[2])]);
}

#[test]
fn a_new_backup_takes_what_has_not_changed_from_its_last_one() {
    let home = left();
    home.write("www/new.txt", "new\n");
    let made = home.larder(&["--json", "call", "backup.create_automatic"]).exits(0).json();
    assert!(made["unchanged"].as_u64().unwrap() > 400_000, "{made}");
    let key = home.password_file("key.txt", PASSWORD);
    home.larder(&["verify", id(&made), "--password-file", &key]).exits(0);
}

#[test]
fn what_its_automations_did_is_remembered() {
    let home = left();
    let shown = home.larder(&["states"]).exits(0).stdout;
    assert!(shown.contains("It has started") && shown.contains("Good night"), "{shown}");
    let mut service = home.serve(EVENING);
    let ran = |at: &str| json!(format!("2026-{at}"));
    let nightly = |state: larder::home::states::State| state.attributes["last_triggered"].clone();
    assert_eq!(nightly(service.state("automation.nightly")), ran("11-30T13:31:33.025337+00:00"));
    service.advance("2026-12-01T06:00:00+00:00");
    assert_eq!(nightly(service.state("automation.nightly")), ran("12-01T05:00:00.000000+00:00"));
}

#[test]
fn where_it_stored_backups_an_unmounted_disk_is_noticed() {
    let home = left();
    fs::remove_file(home.backups().join(".larder-location")).unwrap();
    home.larder(&["create"]).exits(1).says("is not the directory that backups were stored in");
}
