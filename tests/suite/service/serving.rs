//! `larder serve` as a process: what it says, how signals end it, and what a cut leaves.

use std::fs;
use std::process::Command;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use larder_tests::{Mount, Run, Serving, TestHome, TestService, noise};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{EVENT, Pause, document, home, shown, store};

/// A home whose automatic backup was planned for a moment ago: it is due when the service starts.
fn due() -> TestHome {
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

fn serve(home: &TestHome) -> Command {
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
        assert!(serving.said().contains("stopping"));
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
        let said = serving.said();
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
    let said = serving.said();
    assert!(said.contains("stopped during a backup"), "{said}");
    assert!(said.contains("limit stop-time"), "{said}");
    assert!(home.archives().is_empty());

    let mut serving = Serving::begin(serve(&home));
    serving.until("a backup was cut off before its end");
    serving.until("serving; the next automatic backup is at ");
    assert_eq!(event(&home)["failed_reason"], "unknown_error");
    assert_eq!(left(&home), 0);
}

/// Steps of an automatic backup at which the power goes.
const CUTS: [&str; 5] =
    ["document: saved#2", "draft: created", "draft: append#2", "draft: read back", "draft: rename"];

#[test]
fn a_run_that_was_cut_off_is_told_at_the_next_start_and_made_up() {
    for step in CUTS {
        let home = due();
        let mut command = serve(&home);
        command.env("LARDER_CUT_AT", step);
        let mut serving = Serving::begin(command);
        assert_eq!(serving.ends(), None, "{step}: {}", serving.said());
        let planned = DateTime::parse_from_rfc3339(
            json_of(&home)["data"]["config"]["last_attempted_automatic_backup"].as_str().unwrap(),
        );
        let next = planned.unwrap() + TimeDelta::minutes(1);

        let mut service = home.serve(&next.to_rfc3339());
        let notices = super::notices(&mut service);
        assert!(notices.contains("a backup was cut off"), "{step}: {notices}");
        assert_eq!(shown(&mut service), ["failed", "unknown_error", "automatic", "idle"], "{step}");
        assert_eq!(left(&home), 0, "{step}");
        // Killed again before the run is made up, it is not forgotten.
        let mut service = service.restart();
        service.advance(&(next + TimeDelta::hours(24)).to_rfc3339());
        assert_eq!(completed(&mut service), 1, "{step}");
        assert_eq!(home.archives().len(), 1, "{step}");
    }
}

fn json_of(home: &TestHome) -> Value {
    serde_json::from_slice(&fs::read(document(home)).unwrap()).unwrap()
}

/// How many drafts there are.
fn left(home: &TestHome) -> usize {
    let names = fs::read_dir(home.backups()).into_iter().flatten().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().ends_with(".partial")).count()
}

fn completed(service: &mut TestService) -> usize {
    service.heard().iter().filter(|heard| heard.data["state"] == "completed").count()
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
    // What a process that was killed at 03:00 leaves.
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
    home.larder(&["retention"]).exits(0).says("a backup was cut off before its end");
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
    let said = serving.said();
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

#[test]
fn its_log_tells_sentences_with_levels_in_the_zone_of_the_home() {
    let home = due();
    home.write(".storage/core.config", r#"{"data": {"time_zone": "Asia/Kathmandu"}}"#);
    let mut planned = json_of(&home);
    let at = planned["data"]["larder"]["planned"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    let there = (at + TimeDelta::minutes(345)).format("%H:%M:%S").to_string();
    planned["data"]["config"]["schedule"]["time"] = there.into();
    store(&home, planned.to_string());
    let mut serving = Serving::start(serve(&home));
    serving.until("info: automatic backup started (daily at ");
    let made = serving.until(", verified");
    let next = serving.until("info: the next automatic backup is at ");
    serving.signal(Signal::TERM);
    assert_eq!(serving.ends(), Some(0));
    let (stamp, sentence) = made.split_at(27);
    assert!(stamp.ends_with(" +05:45 "), "{made}");
    let id = &home.larder(&["--json", "list"]).exits(0).json()["backups"][0]["backup_id"];
    let start = format!(
        "info: automatic backup {} (Automatic backup 2026.11.0) made in backup.local: ",
        id.as_str().unwrap()
    );
    assert!(sentence.starts_with(&start), "{made}");
    assert!(next.ends_with(" +05:45"), "{next}");
    let said = serving.said();
    assert!(said.lines().last().unwrap().ends_with(" info: stopped"), "{said}");
    assert!(
        said.lines().all(|line| [" info: ", " warning: "].iter().any(|level| line.contains(level))),
        "{said}"
    );
}

#[test]
fn twice_verbose_shows_events_and_once_what_they_mean() {
    for (flag, shows, leaves_out) in [
        ("-v", "debug: automatic backup: reading the home", "state_changed"),
        ("-vv", "debug: state_changed: {", "?"),
    ] {
        let home = due();
        let mut serving = Serving::start(home.command(&[flag, "serve"]));
        serving.until(", verified");
        serving.signal(Signal::TERM);
        serving.ends();
        let said = serving.said();
        assert!(said.contains(shows) && !said.contains(leaves_out), "{flag}: {said}");
    }
}

/// Where it says what nobody can read: on a full disk, and through a pipe whose reader has gone or stands still.
#[test]
fn a_log_that_cannot_be_written_ends_nothing_and_signals_are_obeyed() {
    for log in ["/dev/full", "gone", "still"] {
        let home = due();
        home.write("automations.yaml", "[]");
        let mut command = serve(&home);
        let reader = match log {
            "/dev/full" => {
                command.stderr(fs::OpenOptions::new().write(true).open(log).unwrap());
                None
            }
            _ => {
                let (reader, mut writer) = std::io::pipe().unwrap();
                if log == "still" {
                    // No more than is there already.
                    rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::NONBLOCK).unwrap();
                    while std::io::Write::write(&mut writer, &[b'x'; 4096]).is_ok() {}
                    rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::empty()).unwrap();
                }
                command.stderr(writer);
                (log == "still").then_some(reader)
            }
        };
        let mut child =
            command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).spawn().unwrap();
        drop(command);
        while home.archives().is_empty() {
            assert!(child.try_wait().unwrap().is_none(), "{log}: it has ended");
            std::thread::yield_now();
        }
        for signal in [Signal::HUP, Signal::HUP, Signal::TERM] {
            rustix::process::kill_process(rustix::process::Pid::from_child(&child), signal).unwrap();
        }
        assert_eq!(child.wait().unwrap().code(), Some(0), "{log}");
        drop(reader);
    }
}

#[test]
fn a_hang_up_ends_it_on_a_terminal_and_reloads_elsewhere() {
    let home = home();
    // A session of its own, so that the terminal is nobody else's; it is gone when `script` is.
    let served = serve(&home);
    let words = std::iter::once(served.get_program()).chain(served.get_args());
    let words: Vec<_> = words.map(|word| format!("'{}'", word.display())).collect();
    let log = home.root().join("typescript");
    let mut script = Command::new("script");
    script.args(["-qefc", &words.join(" ")]).arg(&log);
    script.envs(served.get_envs().filter_map(|(name, value)| Some((name, value?))));
    script.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    let Ok(mut terminal) = script.spawn() else { return };
    let said = || fs::read_to_string(&log).unwrap_or_default();
    while !said().contains("serving; ") {
        assert!(terminal.try_wait().unwrap().is_none(), "{}", said());
        std::thread::yield_now();
    }
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    // Its lock is free again.
    home.larder(&["create"]).exits(0);

    let mut serving = Serving::start(serve(&home));
    serving.signal(Signal::HUP);
    serving.until("reloaded: ");
    serving.signal(Signal::TERM);
    assert_eq!(serving.ends(), Some(0));
}

#[test]
fn a_pause_of_the_whole_process_counts_against_no_limit() {
    let home = due();
    let pause = Pause::new(&home);
    let mut serving =
        Serving::begin(pause.at("draft: append", home.command(&["--limit", "host-time=4", "serve"])));
    serving.until("paused");
    serving.signal(Signal::STOP);
    // It is stopped for longer than the limit: that is what is tested.
    std::thread::sleep(std::time::Duration::from_secs(6));
    serving.signal(Signal::CONT);
    pause.release();
    serving.until(", verified");
    assert_eq!(home.archives().len(), 1);
}
