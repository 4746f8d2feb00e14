//! Backups that schedules really make, and what retention does with them.

use serde_json::{Value, json};

use super::fake::FakeHost;
use crate::archive::{Limits, Manifest, Outer};
use crate::stored_archive::Reader;

/// A manager with jobs that really run, in a clock that stands still between the backups.
fn host(schedules: Value) -> FakeHost {
    let host = FakeHost { runs_jobs: true, ..FakeHost::new("2026-11-22T12:00:00+01:00", schedules) };
    host.start();
    host.set(json!({"create_backup": {"agent_ids": ["backup.local"]}, "retention": {"copies": 2}}));
    host
}

/// Makes a backup by an action, an hour after the last one.
fn make(host: &FakeHost, action: &str, data: Value) -> String {
    host.clock.set(host.clock.get() + 3600);
    let created = host.call(action, data).unwrap();
    created["backup_id"].as_str().unwrap().to_owned()
}

fn scheduled(host: &FakeHost, schedule: &str) -> String {
    make(host, "backup.create_scheduled", json!({"schedule": schedule}))
}

fn automatic(host: &FakeHost) -> String {
    make(host, "backup.create_automatic", json!({}))
}

fn manifests(host: &FakeHost) -> Vec<Manifest> {
    let read = |name: &String| {
        let content = host.location.open(name).unwrap();
        Outer::open(Reader::new(content.as_ref()), &Limits::default()).unwrap().manifest
    };
    host.location.0.borrow().keys().map(read).collect()
}

fn ids(host: &FakeHost) -> Vec<String> {
    let mut all = manifests(host);
    all.sort_by_key(Manifest::date);
    all.iter().map(|manifest| manifest.slug().to_owned()).collect()
}

/// The reasons of a dry run, by the id of the backup.
fn reason(host: &FakeHost, id: &str) -> String {
    let done = host.call("backup.retention", json!({"dry_run": true})).unwrap();
    let decisions = done["locations"][0]["decisions"].as_array().unwrap();
    let decision = decisions.iter().find(|decision| decision["backup_id"] == id).unwrap();
    decision["reason"].as_str().unwrap().to_owned()
}

fn copies(count: u32) -> Value {
    json!({"recurrence": "never", "retention": {"copies": count}})
}

#[test]
fn a_backup_names_its_schedule_and_does_not_count_as_automatic_in_home_assistant() {
    let host = host(json!({"weekly": copies(1)}));
    scheduled(&host, "weekly");
    let manifest = manifests(&host).pop().unwrap();
    let extra = manifest.extra().unwrap();
    assert_eq!(
        (&extra["with_automatic_settings"], &extra["larder.schedule"]),
        (&json!(false), &json!("weekly"))
    );
    assert!(extra["instance_id"].is_string());
    assert_eq!(manifest.name(), "Automatic backup 2026.11.0");
    automatic(&host);
    let other = manifests(&host).into_iter().find(|other| other.slug() != manifest.slug()).unwrap();
    let extra = other.extra().unwrap();
    assert_eq!((&extra["with_automatic_settings"], extra.get("larder.schedule")), (&json!(true), None));
}

#[test]
fn each_schedule_deletes_only_its_own_backups() {
    let host = host(json!({"one": copies(1), "three": copies(3)}));
    let by_hand = make(&host, "backup.create", json!({}));
    let three: Vec<_> = (0..4).map(|_| scheduled(&host, "three")).collect();
    let one: Vec<_> = (0..3).map(|_| scheduled(&host, "one")).collect();
    let own: Vec<_> = (0..3).map(|_| automatic(&host)).collect();
    let expected = [&[by_hand], &three[1..], &one[2..], &own[1..]].concat();
    assert_eq!(ids(&host), expected);
    let retained = host.call("backup.retention", json!({})).unwrap();
    assert_eq!(
        (&retained["deleted"], &retained["locations"][0]["schedules"]["three"]),
        (&json!(0), &json!("copies 3"))
    );
}

#[test]
fn backups_of_a_schedule_that_was_removed_are_kept_and_the_reason_says_so() {
    let mut host = host(json!({"weekly": copies(1)}));
    let id = scheduled(&host, "weekly");
    host.settings = json!({"schedules": {"other": copies(1)}});
    host.start();
    scheduled(&host, "other");
    scheduled(&host, "other");
    for _ in 0..3 {
        automatic(&host);
    }
    assert_eq!(ids(&host).len(), 4);
    let why = "kept: made by the schedule weekly, which larder.toml does not have, or which cannot be used";
    assert_eq!(reason(&host, &id), why);
}

#[test]
fn backups_of_the_same_schedule_of_another_home_stay() {
    let host = host(json!({"weekly": copies(1)}));
    let foreign = scheduled(&host, "weekly");
    let text = host.document.borrow().clone().unwrap();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    document["data"]["larder"]["instance_id"] = json!("another");
    host.document.replace(Some(document.to_string()));
    host.start();
    scheduled(&host, "weekly");
    let last = scheduled(&host, "weekly");
    assert_eq!(ids(&host), [foreign.clone(), last]);
    assert_eq!(reason(&host, &foreign), "kept: made by another Home Assistant");
}

#[test]
fn a_schedule_without_rules_of_its_own_keeps_all_its_backups() {
    let host = host(json!({"weekly": {"recurrence": "never"}}));
    let own: Vec<_> = (0..2).map(|_| automatic(&host)).collect();
    let weekly: Vec<_> = (0..3).map(|_| scheduled(&host, "weekly")).collect();
    assert_eq!(ids(&host), [&own[..], &weekly[..]].concat());
}
