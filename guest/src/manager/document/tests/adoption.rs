//! Importing the settings of a real home.

use super::*;
use crate::ports::HomeZone;

const FILES: HomeFiles<'static> = HomeFiles {
    backup: Some(RECORDED),
    uuid: Some(
        r#"{"version":1,"minor_version":1,"key":"core.uuid","data":{"uuid":"a2f9705851bb430da1a8ca2301ec01ef"}}"#,
    ),
    version: Some("2026.11.0\n"),
};

/// A zone that the home sets, or else the machine.
fn zone(is_of_home: bool, problems: &[&str]) -> HomeZone {
    let (origin, problems) =
        ("configuration.yaml:2:14".into(), problems.iter().map(ToString::to_string).collect());
    HomeZone { zone: crate::testing::zone("Europe/Berlin"), origin, is_of_home, problems }
}

fn value<'a>(list: &'a [Item], what: &str) -> &'a str {
    list.iter().find(|taken| taken.what == what).map_or("(absent)", |taken| &taken.value)
}

#[test]
fn complete_home_is_taken_and_its_password_shows_as_stars() {
    let adopted = adopt(&FILES, &zone(true, &[]), &BTreeMap::new());
    let config = adopted.config.as_ref().unwrap();
    assert_eq!(config.create_backup.password.as_ref().unwrap().reveal(), PASSWORD);
    assert_eq!(adopted.instance_id.as_deref(), Some("a2f9705851bb430da1a8ca2301ec01ef"));
    assert_eq!(adopted.version.as_deref(), Some("2026.11.0"));
    assert_eq!(adopted.backups.len(), 3);
    assert_eq!(adopted.not_taken, []);
    let shown = [
        ("create_backup.password", "***"),
        ("create_backup.agent_ids", "backup.local"),
        ("create_backup.name", "null"),
        ("schedule.time", "03:30:00"),
        ("retention.copies", "2"),
        ("last_completed_automatic_backup", "2026-11-23T15:44:07.642480+01:00"),
        ("known backups", "3"),
        ("time zone", "Europe/Berlin (from configuration.yaml:2:14)"),
        ("version", "2026.11.0"),
    ];
    for (what, expected) in shown {
        assert_eq!(value(&adopted.taken, what), expected, "{what}");
    }
    assert!(!format!("{adopted:?}").contains(PASSWORD));
}

#[test]
fn old_home_is_taken_as_home_assistant_would_migrate_it() {
    let case: Value = serde_json::from_str(OLDER[1]).unwrap();
    let stored = case["stored"].to_string();
    let adopted = adopt(&HomeFiles { backup: Some(&stored), ..FILES }, &zone(true, &[]), &BTreeMap::new());
    assert_eq!(serde_json::to_value(adopted.config.unwrap()).unwrap(), case["migrated"]["config"]);
}

#[test]
fn missing_and_wrong_files_are_reported_and_the_rest_is_taken() {
    let newer = changed(|document| document["version"] = json!(7));
    let files = HomeFiles { backup: Some(&newer), uuid: Some("{Pa55"), ..FILES };
    let adopted = adopt(&files, &zone(false, &["`Mars/Olympus` is no time zone"]), &BTreeMap::new());
    assert!(adopted.config.is_none() && adopted.instance_id.is_none());
    assert_eq!(adopted.taken, [Item { what: "version".into(), value: "2026.11.0".into() }]);
    assert!(value(&adopted.not_taken, "settings").contains("have version 7"));
    assert!(value(&adopted.not_taken, "instance id").contains(".storage/core.uuid has no valid one"));
    assert_eq!(value(&adopted.not_taken, "time zone"), "`Mars/Olympus` is no time zone");
    assert!(!format!("{adopted:?}").contains("Pa55"));

    let nothing = adopt(&HomeFiles::default(), &zone(false, &[]), &BTreeMap::new());
    assert!(nothing.taken.is_empty());
    assert_eq!(nothing.not_taken.len(), 4);
    assert!(value(&nothing.not_taken, "time zone").contains("the home sets none; using Europe/Berlin"));
    let others = nothing.not_taken.iter().filter(|taken| taken.what != "time zone");
    assert!(others.into_iter().all(|taken| taken.value.contains("does not exist")));
}

#[test]
fn a_location_takes_the_place_of_the_agent_that_it_adopts() {
    let stored = changed(|document| {
        let config = &mut document["data"]["config"];
        config["create_backup"]["agent_ids"] = json!(["backup.local", "aws_s3.01J"]);
        config["agents"] = json!({"aws_s3.01J": {"protected": false, "retention": null}});
    });
    let adopts = BTreeMap::from([("aws_s3.01J".to_owned(), "s3.offsite".to_owned())]);
    let files = HomeFiles { backup: Some(&stored), ..FILES };
    let config = adopt(&files, &zone(true, &[]), &adopts).config.unwrap();
    assert_eq!(config.create_backup.agent_ids, ["backup.local", "s3.offsite"]);
    assert!(!config.agents["s3.offsite"].protected);
}
