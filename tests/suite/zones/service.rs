//! A service with its home's clock: the schedule, the dates of backups, automations and the log use one zone.

use larder_tests::{Serving, TestService};
use serde_json::{Value, json};

use super::choice::{home, written};

const NIGHTLY: &str = "- alias: Nightly\n  triggers: {trigger: time, at: '03:00'}\n  actions:\n    - action: backup.create\n      \
                       data: {}\n    - event: told\n      event_data: {now: '{{ now().isoformat() }}'}\n";

fn set(service: &mut TestService, time: &str) {
    let schedule = json!({"recurrence": "daily", "time": time});
    service.set(json!({"create_backup": {"agent_ids": ["backup.local"]}, "schedule": schedule}));
}

fn dates(service: &mut TestService) -> Vec<String> {
    let info = service.call("backup.info", json!({})).unwrap();
    let mut dates: Vec<String> = info["backups"].as_array().unwrap().iter().map(date).collect();
    dates.sort();
    dates
}

fn date(backup: &Value) -> String {
    backup["date"].as_str().unwrap().to_owned()
}

#[test]
fn schedule_backups_and_automations_go_by_the_zone_in_configuration_yaml() {
    let home = written("homeassistant:\n  time_zone: Asia/Tokyo\n");
    home.write(".storage/core.config", r#"{"data": {"time_zone": "Europe/Berlin"}}"#);
    home.write("automations.yaml", NIGHTLY);
    let mut service = home.serve("2026-11-30T10:00:00Z");
    set(&mut service, "03:30");
    service.advance("2026-11-30T19:00:00Z");
    let told = service.events().into_iter().find(|heard| heard.topic == "told").unwrap();
    assert_eq!(told.data["now"], "2026-12-01T03:00:00+09:00");
    let dates = dates(&mut service);
    assert_eq!(dates, ["2026-12-01T03:00:00+09:00", "2026-12-01T03:30:00+09:00"]);
    let names: Vec<_> = home.archives().iter().map(|path| path.display().to_string()).collect();
    assert!(names.iter().all(|name| name.contains("2026-12-01_03.")), "{names:?}");
}

#[test]
fn a_zone_that_is_changed_while_it_serves_moves_what_is_planned() {
    let home = home("Europe/Berlin");
    home.write("automations.yaml", NIGHTLY);
    let mut service = home.serve("2026-11-30T12:00:00Z");
    set(&mut service, "03:30");
    service.pass(1);
    home.write(".storage/core.config", r#"{"data": {"time_zone": "Asia/Tokyo"}}"#);
    service.pass(1);
    service.advance("2026-11-30T23:59:00Z");
    assert_eq!(dates(&mut service), ["2026-12-01T03:00:00+09:00", "2026-12-01T03:30:00+09:00"]);
    let heard = service.events();
    let told: Vec<_> = heard.iter().filter_map(|heard| heard.data["message"].as_str()).collect();
    assert!(
        told.iter()
            .any(|told| told.starts_with("the time zone is now Asia/Tokyo (from .storage/core.config")),
        "{told:?}"
    );
}

#[test]
fn it_says_which_zone_it_serves_in_and_its_log_shows_that_time() {
    let home = home("Asia/Kathmandu");
    let mut serving = Serving::begin(home.command(&["serve"]));
    let line = serving.until("time zone Asia/Kathmandu (from .storage/core.config; tzdata 20");
    assert_eq!(&line[19..26], " +05:45", "{line}");
}

#[test]
fn it_names_a_zone_that_cannot_be_used_when_it_starts() {
    let home = home("Europe/Berlin ");
    let mut command = home.command(&["serve"]);
    command.env("TZ", "Asia/Tokyo");
    let mut serving = Serving::begin(command);
    serving.until("error: time zone: `Europe/Berlin ` in .storage/core.config is not a time zone");
    serving.until("time zone Asia/Tokyo (from the environment variable TZ; ");
}
