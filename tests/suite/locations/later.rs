//! What could not be stored is stored later; a location that is away delays and hides nothing.

use larder_test_servers::{Kind, Options, Server};
use larder_tests::TestService;
use serde_json::{Value, json};

use super::{Home, files, table};

/// A home whose location `nas` is switched off.
fn switched_off() -> Option<(Home, Server)> {
    let server = Server::start_with(Kind::RcloneWebdav, &Options::alone())?;
    let home = Home::new(&[table("nas", &server, server.port)]);
    server.stop();
    Some((home, server))
}

fn serve(home: &Home) -> TestService {
    serve_at(home, "2026-11-20T12:00:00+00:00")
}

pub fn serve_at(home: &Home, now: &str) -> TestService {
    let mut setting = home.home.setting(now);
    setting.options = Some(home.options.clone().into());
    setting.configure().unwrap();
    TestService::start(setting).unwrap()
}

fn automatic(service: &mut TestService) {
    let agents = json!(["backup.local", "webdav.nas"]);
    service.set(json!({
        "create_backup": {"agent_ids": agents},
        "schedule": {"recurrence": "daily", "time": "04:00:00"},
    }));
}

#[test]
fn a_copy_that_failed_is_stored_once_the_location_is_back_and_everything_says_so() {
    let Some((home, server)) = switched_off() else { return };
    let mut service = serve(&home);
    automatic(&mut service);
    service.advance("2026-11-21T04:00:30+00:00");
    let event = service.state("event.backup_automatic_backup");
    assert_eq!(
        (&event.attributes["event_type"], &event.attributes["failed_reason"]),
        (&json!("failed"), &json!("upload_failed"))
    );
    assert_eq!(service.state("sensor.backup_last_successful_automatic_backup").state, "unknown");
    let listed = service.call("backup.info", json!({})).unwrap();
    let backup = &listed["backups"][0];
    assert_eq!(backup["failed_agent_ids"], json!(["webdav.nas"]));
    assert_eq!(backup["pending"]["webdav.nas"]["attempts"], 1, "{backup}");
    assert!(listed["agent_errors"]["webdav.nas"].is_string(), "{listed}");

    server.restart();
    service.pass(600);
    let event = service.state("event.backup_automatic_backup");
    assert_eq!(event.attributes["event_type"], "completed");
    assert_ne!(service.state("sensor.backup_last_successful_automatic_backup").state, "unknown");
    let listed = service.call("backup.info", json!({})).unwrap();
    let backup = &listed["backups"][0];
    assert_eq!((&backup["failed_agent_ids"], &backup["pending"]), (&json!([]), &Value::Null));
    assert_eq!(backup["agents"].as_object().unwrap().len(), 2, "{backup}");
    assert_eq!(files(&server).len(), 2, "{:?}", files(&server));
}

#[test]
fn a_newer_backup_makes_an_older_copy_pointless() {
    let Some((home, server)) = switched_off() else { return };
    let mut service = serve(&home);
    automatic(&mut service);
    service.advance("2026-11-21T04:00:30+00:00");
    service = service.restart();
    server.restart();
    service.call("backup.create_automatic", json!({})).unwrap();
    service.pass(24 * 3600 - 7200);
    let listed = service.call("backup.info", json!({})).unwrap();
    assert!(
        listed["backups"].as_array().unwrap().iter().all(|backup| backup["pending"].is_null()),
        "{listed}"
    );
}

#[test]
fn a_location_that_is_away_hides_neither_the_others_nor_what_is_remembered_of_it() {
    let Some(server) = Server::start_with(Kind::RcloneWebdav, &Options::alone()) else { return };
    let home = Home::new(&[table("nas", &server, server.port)]);
    let id = home.create(&["local", "nas"]);
    assert_eq!(home.holders(), ["backup.local", "webdav.nas"]);
    server.stop();
    // It was asked a moment ago, so it is not asked again unless that is wanted.
    home.larder(&["--json", "list"]).exits(0);
    let run = home.larder(&["--json", "list", "--refresh"]).exits(3);
    let listed = run.json();
    assert_eq!(listed["backups"][0]["backup_id"], *id);
    assert_eq!(listed["backups"][0]["agents"].as_object().unwrap().len(), 2, "{listed}");
    assert!(listed["agent_errors"]["webdav.nas"].as_str().unwrap().contains("webdav.nas"), "{listed}");
    home.larder(&["verify", &id]).exits(0);
    let known = home.larder(&["--json", "locations"]).exits(0).json();
    assert!(known["agents"].to_string().contains("\"error\":\""), "{known}");
}

#[test]
fn a_backup_that_is_stored_nowhere_else_yet_is_kept_until_it_is() {
    let Some((home, server)) = switched_off() else { return };
    home.larder(&["create", "--location", "nas"]).exits(3);
    // The command above had the real time.
    let mut service = serve_at(&home, &chrono::Utc::now().to_rfc3339());
    server.restart();
    service.pass(600);
    assert_eq!(files(&server).len(), 2);
    drop(service);
    assert_eq!(home.holders(), ["webdav.nas"]);
}

#[test]
fn a_copy_that_is_asked_for_in_vain_goes_on_waiting_for_the_schedule() {
    let Some((home, server)) = switched_off() else { return };
    let mut service = serve(&home);
    automatic(&mut service);
    service.advance("2026-11-21T04:00:30+00:00");
    let info = service.call("backup.info", json!({})).unwrap();
    let id = info["backups"][0]["backup_id"].clone();
    service.call("backup.copy", json!({"backup_id": id, "to": "webdav.nas"})).unwrap_err();
    let info = service.call("backup.info", json!({})).unwrap();
    assert_eq!(info["backups"][0]["pending"]["webdav.nas"]["attempts"], 1, "{info}");
    server.restart();
    service.pass(600);
    assert_eq!(service.state("event.backup_automatic_backup").attributes["event_type"], "completed");
}
