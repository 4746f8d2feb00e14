//! A process that is killed at any step of a copy: nothing is listed that is not whole, and the next start leaves nothing behind.

use larder_tests::Run;
use serde_json::{Value, json};

use super::{Home, files};

/// The steps of a copy to another machine.
const STEPS: [&str; 8] = [
    "remote: store",
    "remote: stored",
    "remote: put",
    "remote: put done",
    "document: sync#1",
    "document: rename#2",
    "document: rename#3",
    "document: rename#5",
];

fn cut(home: &Home, step: &str, arguments: &[&str]) -> Run {
    let mut command = home.home.command(&[&["--options", &home.options], arguments].concat());
    command.env("LARDER_CUT_AT", step);
    Run::of(command)
}

#[test]
fn a_copy_that_is_killed_at_any_step_is_listed_whole_or_not_at_all() {
    let Some((home, server)) = Home::with_nas() else { return };
    let mut killed = 0;
    for step in STEPS {
        let id = home.create(&["local"]);
        let run = cut(&home, step, &["copy", &id, "--to", "nas"]);
        killed += usize::from(run.status.is_none());
        let listed = home.list();
        let backup = listed["backups"].as_array().unwrap().iter().find(|it| it["backup_id"] == *id).unwrap();
        if backup["agents"].get("webdav.nas").is_some() {
            home.larder(&["verify", &id, "--location", "nas"]).exits(0);
        } else {
            home.larder(&["copy", &id, "--to", "nas"]).exits(0);
        }
        // The next command that stores something has removed what was left.
        home.larder(&["delete", &id, "--location", "all", "--yes"]).exits(0);
        assert_eq!(files(&server), Vec::<String>::new(), "{step}");
    }
    assert!(killed >= 4, "{killed} of the steps were reached");
}

#[test]
fn a_protected_copy_that_was_killed_is_made_by_the_next_command_and_leaves_nothing() {
    let Some((home, server)) = Home::with_nas() else { return };
    let password = home.home.password_file("password", "Pa55-w0rd");
    home.larder(&["settings", "set", "--password-file", &password]).exits(0);
    let id = home.create(&["local"]);
    for step in ["draft: append#2", "remote: store", "remote: stored", "remote: put done"] {
        cut(&home, step, &["copy", &id, "--to", "nas"]);
        home.larder(&["copy", &id, "--to", "nas"]);
        let agents = home.list()["backups"][0]["agents"].clone();
        assert_eq!(agents["webdav.nas"]["protected"], true, "{step}: {agents}");
        assert_eq!(files(&server).len(), 2, "{step}: {:?}", files(&server));
        let staging = home.home.state().join("staging");
        let left: Vec<_> =
            larder_tests::names_in(&staging).into_iter().filter(|name| name != ".larder-location").collect();
        assert_eq!(left, Vec::<String>::new(), "{step}");
        home.larder(&["delete", &id, "--location", "nas", "--yes"]).exits(0);
    }
}

#[test]
fn a_copy_whose_process_was_killed_after_its_last_byte_counts_as_stored() {
    let Some((home, _server)) = Home::with_nas() else { return };
    let run = cut(&home, "remote: put done", &["create", "--location", "local", "--location", "nas"]);
    assert_eq!(run.status, None);
    assert!(home.list()["backups"][0]["pending"].is_object());
    let mut service = super::later::serve_at(&home, &chrono::Utc::now().to_rfc3339());
    service.pass(1);
    drop(service);
    let listed = home.list();
    let backup = &listed["backups"][0];
    assert_eq!((&backup["pending"], &backup["failed_agent_ids"]), (&Value::Null, &json!([])), "{backup}");
    assert_eq!(backup["agents"].as_object().unwrap().len(), 2);
}
