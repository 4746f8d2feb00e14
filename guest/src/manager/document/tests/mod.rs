//! Documents of every version of Home Assistant, of newer programs, and damaged ones.

mod adoption;
mod properties;

use serde_json::{Value, json};

use super::*;

const RECORDED: &str = include_str!("../fixtures/recorded.json");
const PASSWORD: &str = "Pa55-w0rd-rig";
/// Each an older document, with its `data` after Home Assistant's own migration.
const OLDER: [&str; 8] = [
    include_str!("../fixtures/minor-1.json"),
    include_str!("../fixtures/minor-2.json"),
    include_str!("../fixtures/minor-3.json"),
    include_str!("../fixtures/minor-4.json"),
    include_str!("../fixtures/minor-5.json"),
    include_str!("../fixtures/minor-6.json"),
    include_str!("../fixtures/minor-7.json"),
    include_str!("../fixtures/minor-8.json"),
];

fn written(document: &Document) -> String {
    document.to_json().unwrap().to_string()
}

fn recorded() -> Value {
    serde_json::from_str(RECORDED).unwrap()
}

fn data_of(text: &str) -> Value {
    serde_json::from_str::<Value>(text).unwrap()["data"].take()
}

/// The recorded document with a change.
fn changed(change: impl FnOnce(&mut Value)) -> String {
    let mut document = recorded();
    change(&mut document);
    document.to_string()
}

fn refused(text: &str) -> String {
    let error = Document::parse(text).map(|document| written(&document)).unwrap_err();
    let message = format!("{error} {error:?}");
    assert!(!message.contains("Pa55"), "{message}");
    message
}

#[test]
fn recorded_document_is_written_byte_for_byte() {
    assert_eq!(written(&Document::parse(RECORDED).unwrap()), RECORDED);
}

#[test]
fn every_older_document_becomes_what_home_assistant_makes_of_it() {
    for (minor, text) in (1..).zip(OLDER) {
        let case: Value = serde_json::from_str(text).unwrap();
        assert_eq!(case["stored"]["minor_version"], minor);
        let document = Document::parse(&case["stored"].to_string()).unwrap();
        let text = written(&document);
        assert_eq!(data_of(&text), case["migrated"], "minor version {minor}");
        assert!(text.starts_with("{\n  \"version\": 1,\n  \"minor_version\": 9,\n  \"key\": \"backup\",\n"));
        assert_eq!(written(&Document::parse(&text).unwrap()), text, "minor version {minor}");
    }
}

#[test]
fn document_without_a_minor_version_has_the_first() {
    let case: Value = serde_json::from_str(OLDER[0]).unwrap();
    let mut stored = case["stored"].clone();
    stored.as_object_mut().unwrap().remove("minor_version");
    let document = Document::parse(&stored.to_string()).unwrap();
    assert_eq!(data_of(&written(&document)), case["migrated"]);
}

#[test]
fn new_document_is_home_assistants_without_larders_state() {
    let text = written(&Document::default());
    let config = json!({
        "agents": {}, "automatic_backups_configured": false,
        "create_backup": {
            "agent_ids": [], "include_addons": null, "include_all_addons": false, "include_database": true,
            "include_folders": null, "name": null, "password": null,
        },
        "last_attempted_automatic_backup": null, "last_completed_automatic_backup": null,
        "last_completed_automatic_backup_size": null, "retention": {"copies": null, "days": null},
        "schedule": {"days": [], "recurrence": "never", "time": null},
    });
    assert_eq!(data_of(&text), json!({"backups": [], "config": config}));
    assert_eq!(written(&Document::parse(&text).unwrap()), text);
}

#[test]
fn larders_state_is_read_back_with_unknown_fields_of_a_newer_larder() {
    let mut document = Document::parse(RECORDED).unwrap();
    document.extra = Extra {
        copies: BTreeMap::new(),
        pending: Vec::new(),
        event: Some(json!({"state": "2026-11-23T14:44:07.642+00:00"})),
        planned: Moment::parse("2026-11-24T05:12:31+01:00"),
        earlier: Moment::parse("2026-11-22T05:12:31.5+01:00").into_iter().collect(),
        interrupted: true,
        instance_id: Some("5c1e".into()),
        index_key: Some("77af".into()),
        jitter: Some(1651),
        verified: BTreeMap::from([("ae087750".into(), json!({"restorable": true}))]),
        damaged: BTreeMap::new(),
        kept: BTreeSet::from(["ae087750".into()]),
        schedules: BTreeMap::from([("weekly".into(), schedule_state())]),
        other: Map::from_iter([("later".into(), json!([1]))]),
    };
    let text = written(&document);
    assert_eq!(Document::parse(&text).unwrap().extra, document.extra);
    assert_eq!(data_of(&text)["larder"]["later"], json!([1]));
    let strange = changed(|document| document["data"]["larder"] = json!({"jitter": PASSWORD}));
    assert!(refused(&strange).contains("`data.larder` is malformed"));
}

fn schedule_state() -> ScheduleState {
    ScheduleState {
        schedule: serde_json::from_value(
            json!({"days": ["sun"], "recurrence": "custom_days", "time": "04:00:00"}),
        )
        .ok(),
        last_attempted: Moment::parse("2026-11-22T04:00:00.5+01:00"),
        last_completed: Moment::parse("2026-11-22T04:01:00+01:00"),
        last_completed_size: Some(10_240),
        planned: Moment::parse("2026-11-29T04:00:00+01:00"),
        earlier: Moment::parse("2026-11-15T04:00:00+01:00").into_iter().collect(),
        interrupted: true,
        jitter: Some(17),
        other: Map::from_iter([("later".into(), json!({"a": 1}))]),
    }
}

#[test]
fn documents_without_schedules_are_written_without_them() {
    let mut document = Document::parse(RECORDED).unwrap();
    assert_eq!(document.extra.schedules, BTreeMap::new());
    document.extra.schedules.insert("weekly".into(), ScheduleState::default());
    assert_eq!(data_of(&written(&document))["larder"]["schedules"], json!({"weekly": {}}));
    document.extra.schedules.clear();
    assert_eq!(written(&document), RECORDED);
}

#[test]
fn an_unknown_number_keeps_its_last_digit() {
    let text = changed(|document| document["data"]["later"] = json!(3.635459248725898e-245));
    assert!(written(&Document::parse(&text).unwrap()).contains("3.635459248725898e-245"));
}

#[test]
fn unknown_fields_of_a_newer_minor_version_are_kept() {
    let text = changed(|document| {
        document["minor_version"] = json!(12);
        let data = &mut document["data"];
        data["later"] = json!({"a": null});
        data["backups"][1]["later"] = json!(2);
        data["config"]["later"] = Value::Null;
        data["config"]["create_backup"]["later"] = json!([]);
        data["config"]["schedule"]["later"] = json!("x");
        data["config"]["agents"] = json!({
            "a.a": {"protected": true, "retention": {"copies": 1, "days": null, "later": 1}, "later": {"b": 1}},
            "b.b": {"protected": true, "retention": null, "later": 3},
        });
    });
    let mut document = Document::parse(&text).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&written(&document)).unwrap(),
        serde_json::from_str::<Value>(&text).unwrap()
    );

    document.config.agents.remove("b.b");
    document.known.remove(0);
    document.config.create_backup.name = Some("new".into());
    let data = data_of(&written(&document));
    assert_eq!(data["config"]["agents"].as_object().unwrap().keys().collect::<Vec<_>>(), ["a.a"]);
    assert_eq!(data["backups"][0]["later"], 2);
    assert_eq!(data["config"]["create_backup"]["name"], "new");
    assert_eq!(data["config"]["schedule"]["later"], "x");
}

#[test]
fn second_version_is_read_as_home_assistant_does_and_written_as_the_first() {
    let text = changed(|document| {
        document["version"] = json!(2);
        document["minor_version"] = json!(1);
        document["data"]["config"]["retention"]["copies"] = json!(5);
    });
    let document = Document::parse(&text).unwrap();
    assert_eq!(document.config.retention.copies, Some(5));
    assert!(written(&document).starts_with("{\n  \"version\": 1,\n  \"minor_version\": 9,"));
}

#[test]
fn newer_version_is_refused_and_not_taken_for_damage() {
    for version in [3, 99] {
        let text = changed(|document| document["version"] = json!(version));
        assert_eq!(Document::parse(&text).unwrap_err(), DocumentError::Newer { version });
        assert!(refused(&text).contains("they were not changed"));
    }
    // Whatever else is in it.
    let strange = r#"{"version": 3, "data": "Pa55-w0rd-rig"}"#;
    assert_eq!(Document::parse(strange).unwrap_err(), DocumentError::Newer { version: 3 });
}

#[test]
fn truncated_document_says_where_it_ends() {
    for end in [0, 1, 17, 300, 900, RECORDED.len() - 1] {
        let message = refused(RECORDED.get(..end).unwrap());
        assert!(message.contains("the file is truncated") && message.contains("line "), "{end}: {message}");
    }
    assert!(refused(&RECORDED.replace("\"copies\": 2", "\"copies\": Pa55")).contains("is not valid JSON"));
    assert!(refused(&"\0".repeat(500)).contains("line 1, column 1 is not valid JSON"));
}

#[test]
fn damaged_document_is_refused_with_the_place_and_without_its_content() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 14] = [
        (|d| *d = json!([PASSWORD]), "`version` is missing"),
        (|d| d["version"] = json!("1"), "`version` is missing or not a positive integer"),
        (|d| d["version"] = json!(0), "`version` is missing or not a positive integer"),
        (|d| d["minor_version"] = json!("9"), "`minor_version` is not a positive integer"),
        (|d| d["key"] = json!("auth"), "`key` is not `backup`"),
        (|d| d["data"] = json!(PASSWORD), "`data` is wrong (expected a mapping)"),
        (|d| d["data"]["backups"] = json!({}), "`data.backups` is wrong (expected a list)"),
        (|d| d["data"]["backups"][2] = json!(PASSWORD), "`data.backups[2]` is wrong (expected a mapping)"),
        (
            |d| _ = d["data"]["config"]["create_backup"].as_object_mut().unwrap().remove("password"),
            "`data.config.create_backup.password` is wrong (required key not provided)",
        ),
        (
            |d| d["data"]["config"]["create_backup"]["password"] = json!([PASSWORD]),
            "`data.config.create_backup.password` is wrong (expected str or None)",
        ),
        (
            |d| d["data"]["config"]["retention"]["copies"] = json!(PASSWORD),
            "`data.config.retention.copies` is wrong (expected int)",
        ),
        (
            |d| d["data"]["config"]["schedule"]["time"] = json!(PASSWORD),
            "`data.config.schedule.time` is wrong (Invalid time specified)",
        ),
        (
            |d| d["data"]["config"]["last_completed_automatic_backup"] = json!("yesterday"),
            "`data.config.last_completed_automatic_backup` is wrong (expected an ISO 8601 time)",
        ),
        (
            |d| d["data"]["config"]["agents"] = json!({"a.b": {"protected": true}}),
            "`data.config.agents['a.b'].retention` is wrong (required key not provided)",
        ),
    ];
    for (change, expected) in cases {
        let message = refused(&changed(change));
        assert!(message.contains(expected), "{expected}: {message}");
        assert!(message.contains("correct them, or start without them"), "{message}");
    }
}

#[test]
fn document_never_shows_its_password() {
    assert!(RECORDED.contains(PASSWORD));
    assert!(!format!("{:?}", Document::parse(RECORDED).unwrap()).contains(PASSWORD));
}
