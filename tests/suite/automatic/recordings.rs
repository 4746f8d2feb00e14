//! Home Assistant's recordings, replayed to Larder: events, answers and states must be the same.
//!
//! The fixtures hold the requests, results, events and states of a Home Assistant 2026.11, with times and sizes redacted. What
//! differs on purpose: the attribute `trigger`, and the sensor of the next run, which changes immediately here. Whether the
//! size and the whole second of the last success change from one backup to the next depends on the home and its speed, so they
//! are compared where each changes, and in the final states.

use std::fs;

use larder_tests::{EmittedEvent, Mount, TestHome, TestService, tests_directory};
use serde_json::{Value, json};

const EVENT: &str = "event.backup_automatic_backup";
const NEXT: &str = "sensor.backup_next_scheduled_automatic_backup";
const BY_CHANCE: [&str; 2] =
    ["sensor.backup_last_successful_automatic_backup", "sensor.backup_last_successful_automatic_backup_size"];

struct Recording {
    requests: Vec<Value>,
    results: Vec<Value>,
    heard: Vec<Value>,
    after: Option<Vec<Value>>,
}

fn recording(name: &str) -> Recording {
    let path = tests_directory().join(format!("fixtures/recordings/{name}.json"));
    let mut recording: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let mut list = |key: &str| recording[key].take().as_array().cloned();
    Recording {
        requests: list("requests").unwrap(),
        results: list("results").unwrap(),
        heard: list("heard").unwrap().into_iter().filter(is_compared).collect(),
        after: list("after"),
    }
}

fn is_compared(line: &Value) -> bool {
    line["entity_id"] != NEXT
}

/// The home of the recordings in which automatic backups are set up.
fn service(home: &TestHome) -> TestService {
    home.write(".storage/core.config", r#"{"data": {"time_zone": "Europe/Berlin"}}"#);
    let mut service = home.serve("2026-11-23T15:42:44+01:00");
    service.service().settle();
    service.events();
    service
}

/// Sends the recorded requests and compares everything.
#[track_caller]
fn play(service: &mut TestService, name: &str) {
    play_with(service, name, |service| service.pass(1));
}

/// The same with what happens before each request.
#[track_caller]
fn play_with(service: &mut TestService, name: &str, before: fn(&mut TestService)) {
    let recording = recording(name);
    service.events();
    for (request, result) in recording.requests.iter().zip(&recording.results) {
        let action = request["command"].as_str().unwrap().replace('/', ".");
        let action = action.replace("generate_with_automatic_settings", "create_automatic");
        before(service);
        let answer = service.call(&action, request["data"].clone());
        assert_result(&action, &answer, result);
    }
    let heard: Vec<_> = service.events().into_iter().filter_map(line).collect();
    let certain = |lines: &[Value]| -> Vec<Value> {
        let is_certain = |line: &&Value| BY_CHANCE.iter().all(|id| line["entity_id"] != *id);
        lines.iter().filter(is_certain).cloned().collect()
    };
    assert_lines(&certain(&heard), &certain(&recording.heard));
    if let Some(after) = recording.after {
        let states = service.service().host().states().all();
        let shown: Vec<_> =
            states.into_iter().map(|(id, state)| redacted(&id, &state.state, state.attributes)).collect();
        assert_lines(&without_next(shown), &without_next(after));
    }
}

/// The next run depends on the day of the recording.
fn without_next(states: Vec<Value>) -> Vec<Value> {
    states.into_iter().filter(|state| state["entity_id"] != NEXT).collect()
}

#[track_caller]
fn assert_result(action: &str, answer: &Result<Value, larder::runtime::Failure>, recorded: &Value) {
    // Here a backup's answer arrives when it is finished, so a failure that Home Assistant reports later is already known.
    let later = answer.as_ref().is_err_and(|failure| failure.code == "invalid_backup_filename");
    let is_good = recorded["success"] == true || recorded["status"] == 200;
    assert_eq!(answer.is_ok(), is_good && !later, "{action}: {answer:?}\n{recorded}");
    if let (Err(failure), Some(error)) = (answer, recorded.get("error")) {
        assert_eq!(json!({"code": failure.code, "message": failure.message}), *error, "{action}");
    }
    let replies = ["backup.config.update", "backup.details"];
    if let (Ok(answer), true, Some(result)) = (answer, replies.contains(&action), recorded.get("result")) {
        // A missing location is reported in addition.
        let is_warning = action == "backup.config.update" && answer.get("warnings").is_some();
        assert!(answer == result || is_warning, "{action}: {answer}\n{result}");
    }
}

#[track_caller]
fn assert_lines(ours: &[Value], theirs: &[Value]) {
    for (number, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
        assert_eq!(ours, theirs, "line {number}");
    }
    let more = |a: &[Value], b: &[Value]| a.get(b.len()..).map(<[Value]>::to_vec);
    assert_eq!(
        ours.len(),
        theirs.len(),
        "ours has {:?}, theirs {:?}",
        more(ours, theirs),
        more(theirs, ours)
    );
}

/// An event in the form of the recordings; `None` for Larder's own events.
fn line(heard: EmittedEvent) -> Option<Value> {
    match heard.topic.as_str() {
        "backup/subscribe_events" => {
            let mut event = heard.data;
            for key in ["uploaded_bytes", "total_bytes"] {
                if event.get(key).is_some_and(|size| *size != 0) {
                    event[key] = "[size]".into();
                }
            }
            Some(json!({"event": event}))
        }
        "state_changed" => {
            let id = heard.data["entity_id"].as_str().unwrap();
            let new = &heard.data["new_state"];
            let state = redacted(id, new["state"].as_str().unwrap(), new["attributes"].clone());
            Some(state).filter(is_compared)
        }
        _ => None,
    }
}

fn redacted(id: &str, state: &str, mut attributes: Value) -> Value {
    if id == EVENT {
        attributes.as_object_mut().unwrap().remove("trigger");
    }
    let state = match state {
        "unknown" => state,
        _ if chrono::DateTime::parse_from_rfc3339(state).is_ok() => "[time]",
        _ if id.ends_with("_size") => "[size]",
        state => state,
    };
    json!({"entity_id": id, "state": state, "attributes": attributes})
}

#[test]
fn single_backups_are_heard_as_home_assistants_are() {
    for name in ["create-plain", "create-password", "create-no-database", "create-recorder"] {
        let home = TestHome::in_memory();
        play(&mut service(&home), name);
    }
}

#[test]
fn settings_and_automatic_backups_are_heard_and_shown_as_home_assistants_are() {
    let home = TestHome::in_memory();
    let mut service = service(&home);
    play(&mut service, "automatic-00-config-update");
    play(&mut service, "automatic-01-create-automatic-x3");
    assert_eq!(home.archives().len(), 2, "two copies are kept");
    play(&mut service, "automatic-02-service-create");
    assert_eq!(home.archives().len(), 3, "a backup made by hand does not count");
    play(&mut service, "automatic-03-with-automatic-settings");
    play(&mut service, "automatic-05-invalid-requests");
    play(&mut service, "automatic-10-fail-agent-unavailable");
    play(&mut service, "automatic-12-recovered");
    play(&mut service, "automatic-22-delete");
}

#[test]
fn a_failure_of_the_backups_directory_is_heard_and_shown_as_home_assistants_is() {
    let home = TestHome::in_memory();
    let mut service = service(&home);
    play(&mut service, "automatic-00-config-update");
    service.call("backup.create_automatic", json!({})).unwrap();
    fs::remove_dir_all(home.backups()).unwrap();
    fs::write(home.backups(), "not a directory").unwrap();
    play(&mut service, "automatic-13-fail-backups-not-a-directory");
}

#[test]
fn a_read_only_disk_is_heard_and_shown_as_home_assistants_is() {
    let home = TestHome::in_memory();
    let Some(mount) = Mount::tmpfs(&home.backups(), 16 << 20) else { return };
    let mut service = service(&home);
    play(&mut service, "automatic-00-config-update");
    service.call("backup.create_automatic", json!({})).unwrap();
    mount.make_read_only();
    // The recorded attempt fell into the same whole second as the one before it.
    play_with(&mut service, "automatic-14-fail-read-only", TestService::pass_a_moment);
    let failure = service.call("backup.create", json!({})).unwrap_err();
    assert!(failure.message.contains("Read-only file system"), "{failure}");
}

#[test]
fn a_scheduled_backup_is_heard_and_shown_as_home_assistants_is() {
    let home = TestHome::in_memory();
    let mut service = service(&home);
    play(&mut service, "automatic-00-config-update");
    let recording = recording("automatic-20-scheduled");
    service.set(recording.requests[0]["data"].clone());
    service.events();
    service.advance("2026-11-23T15:43:59+01:00");
    assert_eq!(service.events(), []);
    service.advance("2026-11-23T15:44:00+01:00");
    let heard: Vec<_> = service.events().into_iter().filter_map(line).collect();
    assert_lines(&heard, &recording.heard);
}
