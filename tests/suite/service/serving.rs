//! `larder serve` as a process: its log, how signals end it, and what an interruption leaves behind.

use std::fs;
use std::process::Command;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use larder_tests::{Mount, Run, Serving, TestHome, TestService, noise};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{EVENT, Pause, document, home, shown, store};

/// A home whose automatic backup was planned for a moment ago, so it is due when the service starts.
pub(super) fn due() -> TestHome {
    let home = home();
    let now = Utc::now() - TimeDelta::minutes(5);
    store(&home, planned(now.with_second(0).and_then(|now| now.with_nanosecond(0)).unwrap()).to_string());
    home
}

/// Settings with a daily backup, the next of which is planned for then.
fn planned(at: DateTime<Utc>) -> Value {
    let create = json!({
        "agent_ids": ["backup.local"], "include_addons": null, "include_all_addons": false,
        "include_database": true, "include_folders": null, "name": null, "password": null,
    });
    let config = json!({
        "agents": {}, "automatic_backups_configured": true, "create_backup": create,
        "last_attempted_automatic_backup": null, "last_completed_automatic_backup": null,
        "last_completed_automatic_backup_size": null, "retention": {"copies": null, "days": null},
        "schedule": {"days": [], "recurrence": "daily", "time": at.format("%H:%M:%S").to_string()},
    });
    let data = json!({"backups": [], "config": config, "larder": {"planned": at.to_rfc3339()}});
    json!({"version": 1, "minor_version": 9, "key": "backup", "data": data})
}

pub(super) fn serve(home: &TestHome) -> Command {
    home.command(&["serve"])
}

fn event(home: &TestHome) -> Value {
    let states = home.larder(&["--json", "states"]).exits(0).json();
    let found = states.as_array().unwrap().iter().find(|state| state["entity_id"] == EVENT);
    found.unwrap()["attributes"].clone()
}

#[test]
fn it_says_what_it_serves_and_a_signal_ends_it_at_once_when_idle() {
    for signal in [Signal::TERM, Signal::INT] {
        let home = home();
        let mut serving = Serving::begin(serve(&home));
        serving.until("serving; no automatic backups are planned; see `larder settings`");
        serving.signal(signal);
        assert_eq!(serving.ends(), Some(0));
        assert!(serving.log().contains("stopping"));
    }
    let home = home();
    home.larder(&["settings", "set", "schedule.recurrence=daily", "schedule.time=03:00"]).exits(0);
    let mut serving = Serving::begin(serve(&home));
    let line = serving.until("serving; the next automatic backup is at ");
    assert!(line.contains(" 03:00 +00:00"), "{line}");
}

#[test]
fn a_run_that_was_due_before_the_start_is_made_at_once() {
    let home = due();
    let mut serving = Serving::start(serve(&home));
    serving.until(", verified");
    serving.signal(Signal::TERM);
    assert_eq!(serving.ends(), Some(0));
    assert_eq!(home.archives().len(), 1);
    let restarted = Serving::start(serve(&home));
    drop(restarted);
    assert_eq!(home.archives().len(), 1, "it is made once");
}

#[test]
fn a_signal_during_a_backup_lets_it_finish() {
    for signal in [Signal::TERM, Signal::INT] {
        let home = due();
        let pause = Pause::new(&home);
        let mut serving = Serving::begin(pause.at("draft: append", serve(&home)));
        serving.until("paused");
        serving.signal(signal);
        serving.until("stopping; work under way has 60 s");
        pause.release();
        assert_eq!(serving.ends(), Some(0));
        let said = serving.log();
        assert!(said.contains(", verified"), "{said}");
        let listed = home.larder(&["--json", "list"]).exits(0).json();
        assert_eq!(listed["backups"].as_array().unwrap().len(), 1);
        assert_eq!(event(&home)["event_type"], "completed");
    }
}

#[test]
fn a_backup_that_does_not_end_is_abandoned_and_the_next_start_says_so() {
    let home = due();
    let pause = Pause::new(&home);
    let command = pause.at("draft: append", home.command(&["--limit", "stop-time=1", "serve"]));
    let mut serving = Serving::begin(command);
    serving.until("paused");
    serving.signal(Signal::TERM);
    assert_eq!(serving.ends(), Some(1));
    pause.release();
    let said = serving.log();
    assert!(said.contains("stopped during a backup"), "{said}");
    assert!(said.contains("limit stop-time"), "{said}");
    assert!(home.archives().is_empty());

    let mut serving = Serving::begin(serve(&home));
    serving.until("the previous backup was interrupted");
    serving.until("serving; the next automatic backup is at ");
    assert_eq!(event(&home)["failed_reason"], "unknown_error");
    assert_eq!(left(&home), 0);
}

/// Steps of an automatic backup at which the power fails.
const CUTS: [&str; 5] =
    ["document: saved#2", "draft: created", "draft: append#2", "draft: read back", "draft: rename"];

#[test]
fn a_run_that_was_cut_off_is_told_at_the_next_start_and_made_up() {
    for step in CUTS {
        let home = due();
        let mut command = serve(&home);
        command.env("LARDER_CUT_AT", step);
        let mut serving = Serving::begin(command);
        assert_eq!(serving.ends(), None, "{step}: {}", serving.log());
        let planned = DateTime::parse_from_rfc3339(
            json_of(&home)["data"]["config"]["last_attempted_automatic_backup"].as_str().unwrap(),
        );
        let next = planned.unwrap() + TimeDelta::minutes(1);

        let mut service = home.serve(&next.to_rfc3339());
        let notices = super::notices(&mut service);
        assert!(notices.contains("the previous backup was interrupted"), "{step}: {notices}");
        assert_eq!(shown(&mut service), ["failed", "unknown_error", "automatic", "idle"], "{step}");
        assert_eq!(left(&home), 0, "{step}");
        // Killed again before the run is made up, it is not forgotten.
        let mut service = service.restart();
        service.advance(&(next + TimeDelta::hours(24)).to_rfc3339());
        assert_eq!(completed(&mut service), 1, "{step}");
        assert_eq!(home.archives().len(), 1, "{step}");
    }
}

pub(super) fn json_of(home: &TestHome) -> Value {
    serde_json::from_slice(&fs::read(document(home)).unwrap()).unwrap()
}

/// The number of drafts.
fn left(home: &TestHome) -> usize {
    let names = fs::read_dir(home.backups()).into_iter().flatten().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().ends_with(".partial")).count()
}

fn completed(service: &mut TestService) -> usize {
    service.events().iter().filter(|heard| heard.data["state"] == "completed").count()
}

#[test]
fn the_weekly_run_that_was_cut_off_is_made_up_on_the_next_day() {
    let home = home();
    let mut command = home.command(&["call", "backup.create_automatic"]);
    let mut service = home.serve("2026-05-04T02:00:00+00:00");
    service.set(json!({
        "create_backup": {"agent_ids": ["backup.local"]},
        "schedule": {"recurrence": "custom_days", "days": ["mon"], "time": "03:00"},
    }));
    drop(service);
    // The leftovers of a process that was killed at 03:00.
    let mut stored = json_of(&home);
    let at = "2026-05-04T03:00:00.000000+00:00";
    stored["data"]["config"]["last_attempted_automatic_backup"] = at.into();
    stored["data"]["larder"]["event"] = json!({
        "at": at, "event_type": "in_progress", "backup_stage": null, "failed_reason": null, "trigger": "automatic",
    });
    store(&home, stored.to_string());
    let mut service = home.serve("2026-05-04T08:00:00+00:00");
    service.advance("2026-05-05T03:10:00+00:00");
    assert_eq!(completed(&mut service), 1);
    service.advance("2026-05-11T02:50:00+00:00");
    assert_eq!(completed(&mut service), 0, "it is made up once");
    service.advance("2026-05-11T03:10:00+00:00");
    assert_eq!(completed(&mut service), 1);
    drop(service);
    command.env("LARDER_CUT_AT", "draft: append");
    assert_eq!(Run::of(command).status, None);
    home.larder(&["retention"]).exits(0).says("the previous backup was interrupted");
    assert_eq!(event(&home)["event_type"], "failed");
}

#[test]
fn a_full_disk_fails_a_run_and_does_not_end_the_service() {
    let home = due();
    let Some(_mount) = Mount::tmpfs(&home.backups(), 1 << 20) else { return };
    let _ = fs::write(home.backups().join("ballast"), noise(2 << 20));
    let mut serving = Serving::start(serve(&home));
    serving.until("error: automatic backup failed: ");
    fs::remove_file(home.backups().join("ballast")).unwrap();
    serving.signal(Signal::TERM);
    assert_eq!(serving.ends(), Some(0));
    let said = serving.log();
    assert!(said.contains("space"), "{said}");
    home.larder(&["create"]).exits(0);
}

#[test]
fn a_full_state_directory_fails_no_run() {
    let home = due();
    let text = fs::read(document(&home)).unwrap();
    fs::remove_dir_all(home.state()).unwrap();
    let Some(_mount) = Mount::tmpfs(&home.state(), 64 << 10) else { return };
    store(&home, text);
    let _ = fs::write(home.state().join("ballast"), noise(1 << 20));
    let mut serving = Serving::start(serve(&home));
    serving.until("own state could not be saved");
    serving.until(", verified");
    serving.signal(Signal::TERM);
    assert_eq!(serving.ends(), Some(0));
    assert_eq!(home.archives().len(), 1);
}
