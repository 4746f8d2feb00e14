//! An upgrade, a downgrade and a lost state directory: what is kept, recreated and reported. Files of an earlier version are
//! tested in `suite/previous.rs`.

use std::fs;

use larder_tests::{TestHome, describe_inside};
use serde_json::{Value, json};

use super::{START, daily, document, home, notices, store};

/// Fields that a later version with the same format adds to a document.
const LATER: [(&str, &str); 5] = [
    ("/data", "in data"),
    ("/data/config", "of the settings"),
    ("/data/config/create_backup", "of a backup"),
    ("/data/config/retention", "of retention"),
    ("/data/larder", "of Larder"),
];

#[test]
fn a_document_of_a_later_version_with_the_same_form_is_used_and_loses_nothing() {
    let home = home();
    home.serve(START).set(daily());
    let mut stored: Value = serde_json::from_slice(&fs::read(document(&home)).unwrap()).unwrap();
    stored["minor_version"] = json!(99);
    for (at, what) in LATER {
        stored.pointer_mut(at).unwrap()["later"] = json!({"is": what});
    }
    store(&home, stored.to_string());
    let mut service = home.serve(START);
    assert_eq!(notices(&mut service), "");
    service.set(json!({"retention": {"copies": 5, "days": null}}));
    service.call("backup.create_automatic", json!({})).unwrap();
    drop(service);
    let stored: Value = serde_json::from_slice(&fs::read(document(&home)).unwrap()).unwrap();
    assert_eq!(stored["minor_version"], 99);
    for (at, what) in LATER {
        let kept = stored.pointer(&format!("{at}/later/is"));
        assert_eq!(kept, Some(&json!(what)), "{at}: {stored:#}");
    }
    assert_eq!(stored.pointer("/data/config/retention/copies"), Some(&json!(5)));
    assert_eq!(stored.pointer("/data/config/schedule/recurrence"), Some(&json!("daily")));
}

#[test]
fn what_the_host_remembers_of_a_later_version_is_kept_where_it_is_known_and_is_no_obstacle() {
    let home = home();
    home.create();
    let locations = home.state().join("host/locations.json");
    let mut stored: Value = serde_json::from_slice(&fs::read(&locations).unwrap()).unwrap();
    stored["/somewhere/else"] = json!({"later": true});
    fs::write(&locations, stored.to_string()).unwrap();
    fs::write(home.state().join("host/automations.json"), r#"{"version": 9, "later": [{}]}"#).unwrap();
    fs::remove_dir_all(home.backups()).unwrap();
    home.larder(&["create"]).exits(1).says("is not the directory that backups were stored in");
    fs::create_dir(home.backups()).unwrap();
    fs::write(home.backups().join(".larder-location"), "").unwrap();
    home.create();
    home.larder(&["states"]).exits(0);
    let after: Value = serde_json::from_slice(&fs::read(&locations).unwrap()).unwrap();
    assert_eq!(after["/somewhere/else"], json!({"later": true}));
}

/// A home with settings and three automatic backups, whose state directory is gone.
fn lost() -> TestHome {
    let home = home();
    home.write(".storage/core.uuid", r#"{"data": {"uuid": "0123456789abcdef0123456789abcdef"}}"#);
    let mut service = home.serve(START);
    service.set(daily());
    service.set(json!({"retention": {"copies": 9, "days": null}}));
    for day in 5..=7 {
        service.advance(&format!("2026-05-0{day}T03:10:00+00:00"));
    }
    drop(service);
    assert_eq!(home.archives().len(), 3);
    fs::remove_dir_all(home.state()).unwrap();
    home
}

#[test]
fn without_its_state_directory_the_backups_are_there_and_what_is_gone_is_said() {
    let home = lost();
    let before = describe_inside(&home.backups(), &[".larder-lock"]);
    let listed = home.larder(&["--json", "list"]).exits(0).json();
    let all = listed["backups"].as_array().unwrap();
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|it| it["with_automatic_settings"] == true), "{all:?}");
    assert_eq!(describe_inside(&home.backups(), &[".larder-lock"]), before, "the marker, too");

    let mut service = home.serve("2026-05-08T01:00:00+00:00");
    let said = notices(&mut service);
    assert!(said.contains("is new, but"), "{said}");
    assert!(said.contains("larder adopt") && said.contains("larder settings set"), "{said}");
    service.advance("2026-05-09T04:00:00+00:00");
    assert_eq!(home.archives().len(), 3, "nothing is made or deleted that nobody asked for");
    let mut service = service.restart();
    assert_eq!(notices(&mut service), "", "it is said once");
}

/// The dates of all backups, newest first.
fn dates(home: &TestHome) -> Vec<String> {
    let listed = home.larder(&["--json", "list"]).exits(0).json();
    let all = listed["backups"].as_array().unwrap();
    all.iter().map(|it| it["date"].as_str().unwrap()[..10].to_owned()).collect()
}

#[test]
fn with_new_settings_the_backups_from_before_count_for_retention_again() {
    let home = lost();
    let mut service = home.serve("2026-05-08T01:00:00+00:00");
    service.set(daily());
    service.set(json!({"retention": {"copies": 2, "days": null}}));
    service.advance("2026-05-08T03:10:00+00:00");
    drop(service);
    assert_eq!(dates(&home), ["2026-05-08", "2026-05-07"]);
    assert!(home.backups().join(".larder-location").exists());
}

/// Home Assistant's id was stored only in the state directory if the home does not contain it.
#[test]
fn of_a_home_without_an_id_the_backups_from_before_stay() {
    let home = lost();
    fs::remove_file(home.path(".storage/core.uuid")).unwrap();
    let mut service = home.serve("2026-05-08T01:00:00+00:00");
    service.set(daily());
    service.set(json!({"retention": {"copies": 1, "days": null}}));
    service.advance("2026-05-08T03:10:00+00:00");
    drop(service);
    assert_eq!(dates(&home), ["2026-05-08", "2026-05-07", "2026-05-06", "2026-05-05"]);
}
