//! Several schedules in one manager: what each makes, what is stored, shown and announced, and what happens after an interruption.
//!
//! Long because each case needs its own course of days.

use std::task::Poll;

use serde_json::{Value, json};

use super::fake::{FakeHost, at, poll};
use crate::manager;

/// Every Sunday at 04:00.
fn weekly() -> Value {
    json!({"recurrence": "custom_days", "days": ["sun"], "time": "04:00:00"})
}

/// A manager whose own schedule runs daily at 04:00, with a password.
fn started(now: &str, schedules: Value) -> FakeHost {
    let host = FakeHost::new(now, schedules);
    host.start();
    host.set(json!({
        "schedule": {"recurrence": "daily", "time": "04:00"},
        "create_backup": {"agent_ids": ["backup.local"], "password": "Pa55-w0rd-rig", "name": "Nightly"},
        "retention": {"copies": 3},
    }));
    host
}

fn runs(host: &FakeHost) -> Vec<String> {
    host.runs().into_iter().map(|(name, at)| format!("{name} {at}")).collect()
}

// 22 November 2026 is a Sunday.

#[test]
fn two_schedules_that_are_due_together_run_one_after_the_other_and_home_assistants_is_the_first() {
    let host = started("2026-11-20T12:00:00+01:00", json!({"a_weekly": weekly()}));
    host.live(3);
    assert_eq!(
        runs(&host),
        [
            "- Sat 2026-11-21 04:00",
            "- Sun 2026-11-22 04:00",
            "a_weekly Sun 2026-11-22 04:00",
            "- Mon 2026-11-23 04:00"
        ]
    );
    let creates = host.creates();
    assert!(creates[2].0 >= creates[1].0 + host.create_takes.get(), "they overlap");
}

#[test]
fn a_long_backup_does_not_displace_the_run_of_another_schedule() {
    let host = started("2026-11-21T12:00:00+01:00", json!({"nightly": {"recurrence": "daily"}}));
    host.create_takes.set(3 * 3600);
    host.live(3);
    assert_eq!(
        runs(&host),
        [
            "- Sun 2026-11-22 04:00",
            "nightly Sun 2026-11-22 07:00",
            "- Mon 2026-11-23 04:00",
            "nightly Mon 2026-11-23 07:00",
            "- Tue 2026-11-24 04:00",
            "nightly Tue 2026-11-24 07:00",
        ]
    );
    let late = "backup of the schedule nightly started (daily at 04:00; started 180 minutes late)";
    assert!(host.log().iter().any(|line| line == late), "{:?}", host.log());
}

#[test]
fn a_backup_of_a_schedule_is_not_automatic_for_home_assistant_and_names_its_schedule() {
    let schedule = json!({"recurrence": "daily", "time": "05:00", "exclude": ["www/**"], "name": "Weekly"});
    let host = started("2026-11-22T04:30:00+01:00", json!({"weekly": schedule}));
    host.live_until(at("2026-11-22T06:00:00+01:00"));
    let (_, input) = host.creates().pop().unwrap();
    let expected = json!({
        "automatic": false, "schedule": "weekly", "exclude": ["www/**"], "name": "Weekly",
        "password": "Pa55-w0rd-rig", "agent_ids": ["backup.local"], "include_database": true,
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(input[key], *value, "{key}");
    }
    host.call("backup.create_automatic", json!({})).unwrap();
    let (_, input) = host.creates().pop().unwrap();
    assert_eq!(
        (&input["automatic"], &input["schedule"], &input["name"]),
        (&json!(true), &Value::Null, &json!("Nightly"))
    );
}

#[test]
fn each_schedule_has_its_own_history_and_home_assistants_sensors_show_only_its_own() {
    let host = started("2026-11-21T12:00:00+01:00", json!({"weekly": weekly()}));
    let next = |sensor: &str| host.entities.borrow()[sensor].0.clone();
    let fresh = json!({"weekly": {
        "next": "2026-11-22T03:00:00+00:00", "last_attempted": null, "last_successful": null, "size": null,
    }});
    assert_eq!(host.shown(), fresh);
    host.call("backup.create_scheduled", json!({"schedule": "weekly"})).unwrap();
    // A run by hand uses up the day in which it starts, not the next one.
    let expected = json!({"weekly": {
        "next": "2026-11-22T03:00:00+00:00", "last_attempted": "2026-11-21T11:00:00+00:00",
        "last_successful": "2026-11-21T11:00:20+00:00", "size": 10_240,
    }});
    assert_eq!(host.shown(), expected);
    for sensor in [
        "last_attempted_automatic_backup",
        "last_successful_automatic_backup",
        "last_successful_automatic_backup_size",
    ] {
        assert_eq!(next(&format!("sensor.backup_{sensor}")), "unknown");
    }
    assert_eq!(next("sensor.backup_next_scheduled_automatic_backup"), "2026-11-22T03:00:00+00:00");
}

#[test]
fn a_manager_without_schedules_stores_and_shows_what_it_did_before() {
    let host = started("2026-11-21T12:00:00+01:00", json!({}));
    host.live(2);
    assert_eq!(host.shown(), Value::Null);
    assert_eq!(host.stored().get("schedules"), None);
    let event = host.entities.borrow()["event.backup_automatic_backup"].1.clone();
    assert_eq!((event.get("trigger"), event.get("schedule")), (Some(&json!("automatic")), None));
    assert_eq!(host.call("backup.schedule", json!({})).unwrap().get("schedules"), None);
}

#[test]
fn events_of_a_schedule_are_those_of_an_automatic_backup_with_its_name() {
    let host = started("2026-11-21T12:00:00+01:00", json!({"weekly": weekly()}));
    host.fail.set(true);
    host.call("backup.create_scheduled", json!({"schedule": "weekly"})).unwrap_err();
    let event = host.entities.borrow()["event.backup_automatic_backup"].1.clone();
    let shown = [&event["event_type"], &event["trigger"], &event["schedule"], &event["failed_reason"]];
    assert_eq!(shown, ["failed", "automatic", "weekly", "upload_failed"]);
    let failed = "backup of the schedule weekly failed: there is no space left";
    assert!(host.log().iter().any(|line| line == failed), "{:?}", host.log());
}

#[test]
fn an_attempt_is_stored_before_the_backup_does_anything() {
    let host = started("2026-11-21T12:00:00+01:00", json!({"weekly": weekly()}));
    host.hold.set(true);
    let mut running = Box::pin(manager::call(&host, "backup.create_scheduled", r#"{"schedule": "weekly"}"#));
    assert!(poll(&mut running).is_pending());
    let stored = host.stored();
    assert_eq!(stored["schedules"]["weekly"]["last_attempted"], "2026-11-21T12:00:00+01:00");
    assert_eq!(
        (&stored["event"]["event_type"], &stored["event"]["schedule"]),
        (&json!("in_progress"), &json!("weekly"))
    );
    assert_eq!(host.shown()["weekly"]["last_attempted"], "2026-11-21T11:00:00+00:00");
}

#[test]
fn an_interrupted_run_of_a_schedule_is_made_up_once_and_no_other_is_touched() {
    let host = started(
        "2026-11-22T03:00:00+01:00",
        json!({"weekly": weekly(), "other": {"recurrence": "daily", "time": "03:30"}}),
    );
    host.live_until(at("2026-11-22T03:59:00+01:00"));
    host.clock.set(at("2026-11-22T04:00:00+01:00"));
    host.call("backup.create_automatic", json!({})).unwrap();
    host.hold.set(true);
    let mut running = Box::pin(manager::timer(&host, "automatic"));
    assert!(poll(&mut running).is_pending());
    drop(running);
    // The machine stops, and starts again.
    host.hold.set(false);
    host.clock.set(at("2026-11-22T09:00:00+01:00"));
    host.start();
    assert_eq!(host.stored()["schedules"]["weekly"]["interrupted"], true);
    assert_eq!(host.stored()["schedules"]["other"].get("interrupted"), None);
    assert_eq!(host.stored().get("interrupted"), None);
    let event = host.entities.borrow()["event.backup_automatic_backup"].1.clone();
    assert_eq!((&event["event_type"], &event["schedule"]), (&json!("failed"), &json!("weekly")));
    host.live(8);
    let of_weekly: Vec<String> = runs(&host).into_iter().filter(|run| run.starts_with("weekly")).collect();
    assert_eq!(
        of_weekly,
        ["weekly Sun 2026-11-22 04:00", "weekly Mon 2026-11-23 04:00", "weekly Sun 2026-11-29 04:00"]
    );
}

#[test]
fn a_missed_run_of_a_schedule_is_made_up_at_its_next_daily_time() {
    let host = started("2026-11-21T12:00:00+01:00", json!({"weekly": weekly()}));
    host.clock.set(at("2026-11-22T09:00:00+01:00"));
    host.start();
    host.live(2);
    assert_eq!(
        runs(&host),
        ["- Mon 2026-11-23 04:00", "weekly Mon 2026-11-23 04:00", "- Tue 2026-11-24 04:00"]
    );
}

#[test]
fn the_first_run_of_a_new_schedule_is_made_up_if_the_machine_was_off() {
    let host = FakeHost::new("2026-11-21T12:00:00+01:00", json!({"weekly": weekly()}));
    host.start();
    host.clock.set(at("2026-11-22T09:00:00+01:00"));
    host.start();
    host.live(2);
    assert_eq!(runs(&host), ["weekly Mon 2026-11-23 04:00"]);
}

#[test]
fn a_schedule_that_is_removed_runs_no_more_and_continues_when_it_comes_back() {
    let mut host = started("2026-11-21T12:00:00+01:00", json!({"weekly": weekly()}));
    host.live(2);
    let before = host.stored()["schedules"]["weekly"].clone();
    host.settings = json!({});
    host.start();
    host.live(1);
    assert_eq!(runs(&host).iter().filter(|run| run.starts_with("weekly")).count(), 1);
    assert_eq!(host.stored()["schedules"]["weekly"], before);
    assert_eq!(host.shown(), Value::Null);
    let error = host.call("backup.create_scheduled", json!({"schedule": "weekly"})).unwrap_err();
    assert_eq!(error.message, "there is no schedule `weekly`; larder.toml has none that can be used");
    host.settings = json!({"schedules": {"weekly": weekly()}});
    host.start();
    host.live(6);
    assert_eq!(runs(&host).iter().filter(|run| run.starts_with("weekly")).count(), 2);
}

#[test]
fn a_schedule_whose_days_are_changed_follows_the_new_ones_and_makes_up_nothing() {
    let mut host = started("2026-11-20T12:00:00+01:00", json!({"weekly": weekly()}));
    host.settings["schedules"]["weekly"]["days"] = json!(["tue"]);
    host.start();
    host.live(6);
    let of_weekly: Vec<String> = runs(&host).into_iter().filter(|run| run.starts_with("weekly")).collect();
    assert_eq!(of_weekly, ["weekly Tue 2026-11-24 04:00"]);
}

#[test]
fn a_change_of_the_automatic_time_moves_the_schedules_that_give_none() {
    let host =
        started("2026-11-21T12:00:00+01:00", json!({"nightly": {"recurrence": "daily"}, "weekly": weekly()}));
    host.set(json!({"schedule": {"recurrence": "never", "time": "06:30"}}));
    assert_eq!(host.shown()["nightly"]["next"], "2026-11-22T05:30:00+00:00");
    host.live(1);
    assert_eq!(runs(&host), ["weekly Sun 2026-11-22 04:00", "nightly Sun 2026-11-22 06:30"]);
}

#[test]
fn bad_schedules_are_logged_and_the_others_run() {
    let host =
        started("2026-11-21T12:00:00+01:00", json!({"bad": {"recurrence": "hourly"}, "weekly": weekly()}));
    assert!(
        host.log()
            .iter()
            .any(|line| line.starts_with("the schedule bad is not used: expected ScheduleRecurrence"))
    );
    host.live(1);
    assert_eq!(runs(&host).last().unwrap(), "weekly Sun 2026-11-22 04:00");
    let error = host.call("backup.create_scheduled", json!({"schedule": "bad"})).unwrap_err();
    assert_eq!(error.message, "there is no schedule `bad`; use one of weekly");
}

#[test]
fn a_location_that_does_not_exist_is_named_every_day() {
    let schedule = json!({"recurrence": "never", "agent_ids": ["backup.local", "s3.gone"]});
    let host = started("2026-11-21T12:00:00+01:00", json!({"off": schedule}));
    host.live_until(at("2026-11-22T11:00:00+01:00"));
    let sentence = "the schedule off: there is no location s3.gone; correct `locations` in larder.toml";
    assert_eq!(host.log().iter().filter(|line| *line == sentence).count(), 1);
}

#[test]
fn while_the_clock_is_not_set_no_schedule_runs() {
    let host = FakeHost::new("2026-11-21T12:00:00+01:00", json!({"weekly": weekly()}));
    host.clock_is_unset.set(true);
    host.start();
    host.live(2);
    assert_eq!(runs(&host), Vec::<String>::new());
    assert_eq!(host.shown()["weekly"]["next"], Value::Null);
    host.clock_is_unset.set(false);
    host.live(7);
    assert_eq!(runs(&host), ["weekly Sun 2026-11-29 04:00"]);
}

#[test]
fn the_answer_about_the_next_runs_lists_every_schedule() {
    let schedules = json!({"weekly": weekly(), "off": {"recurrence": "never"}});
    let host = started("2026-11-21T12:00:00+01:00", schedules);
    let answer = host.call("backup.schedule", json!({"count": 2})).unwrap();
    assert_eq!(answer["runs"].as_array().unwrap().len(), 2);
    let [off, weekly] = answer["schedules"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    assert_eq!(
        (&off["name"], &off["runs"], &off["reason"]),
        (&json!("off"), &json!([]), &json!("never: this schedule is off"))
    );
    let at: Vec<_> = weekly["runs"].as_array().unwrap().iter().map(|run| run["local"].clone()).collect();
    assert_eq!(at, ["Sun 2026-11-22 04:00 +01:00", "Sun 2026-11-29 04:00 +01:00"]);
}

#[test]
fn retention_gets_the_rules_of_each_schedule() {
    let schedules = json!({
        "four": {"recurrence": "never", "retention": {"copies": 4}}, "without": {"recurrence": "never"},
        "all": {"recurrence": "never", "retention": null},
    });
    let host = started("2026-11-21T12:00:00+01:00", schedules);
    host.set(json!({"agents": {"s3.b": {"retention": {"days": 9}}}}));
    host.call("backup.retention", json!({"dry_run": true})).unwrap();
    let jobs = host.jobs.borrow();
    let input = &jobs.iter().rfind(|job| job.kind == "retention").unwrap().input;
    let copies = |count: Value| json!({"copies": count, "days": null});
    assert_eq!(input["policy"], copies(json!(3)));
    assert_eq!(input["schedules"]["four"], copies(json!(4)));
    assert_eq!(input["schedules"]["all"], copies(Value::Null));
    assert_eq!(input["schedules"]["without"], copies(Value::Null));
}

#[test]
fn a_schedule_that_is_due_while_a_planned_backup_runs_for_hours_is_not_missed() {
    let host = started("2026-11-22T03:00:00+01:00", json!({"weekly": weekly()}));
    host.set(json!({"schedule": {"recurrence": "daily", "time": "03:30:00"}}));
    host.hold.set(true);
    let mut running = Box::pin(manager::timer(&host, "automatic"));
    host.clock.set(at("2026-11-22T03:30:00+01:00"));
    assert!(poll(&mut running).is_pending());
    host.live_until(at("2026-11-22T09:00:00+01:00"));
    host.hold.set(false);
    let Poll::Ready(Ok(())) = poll(&mut running) else { panic!("the backup did not end") };
    host.live_until(at("2026-11-22T09:02:00+01:00"));
    assert_eq!(runs(&host).last().unwrap(), "weekly Sun 2026-11-22 09:00");
}

#[test]
fn a_schedule_that_is_due_while_another_operation_runs_waits_for_its_end() {
    let host = started("2026-11-22T03:30:00+01:00", json!({"weekly": weekly()}));
    host.set(json!({"schedule": {"recurrence": "never"}}));
    host.hold.set(true);
    let mut running = Box::pin(manager::call(&host, "backup.create", "{}"));
    assert!(poll(&mut running).is_pending());
    host.live_until(at("2026-11-22T06:00:00+01:00"));
    assert_eq!(host.creates().len(), 1);
    host.hold.set(false);
    let Poll::Ready(Ok(_)) = poll(&mut running) else { panic!("the backup did not end") };
    host.live_until(at("2026-11-22T06:01:00+01:00"));
    assert_eq!(runs(&host)[1..], ["weekly Sun 2026-11-22 06:00"]);
    host.live(2);
    assert_eq!(host.creates().len(), 2);
}

#[test]
fn without_the_stored_document_no_schedule_runs() {
    let host = FakeHost::new("2026-11-21T12:00:00+01:00", json!({"weekly": weekly()}));
    host.document.replace(Some(r#"{"version": 3, "key": "backup", "data": {}}"#.into()));
    host.start();
    host.live(2);
    assert_eq!(runs(&host), Vec::<String>::new());
    assert_eq!(
        host.call("backup.create_scheduled", json!({"schedule": "weekly"})).unwrap_err().code,
        "home_assistant_error"
    );
}
