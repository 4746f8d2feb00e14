//! Names and locations that cannot work: refused when a user sets them, reported when a client does.

use larder_tests::{TestHome, TestService};
use serde_json::{Value, json};

const NOW: &str = "2026-11-23T12:00:00+01:00";

/// Names that Home Assistant 2026.11 does not list: `PureWindowsPath(name).name != name` (Python 3.13).
const UNLISTED: [&str; 6] = ["a:b", "2:30", "é:b", "a\\b", "\\a", "a\\"];

/// Names that no backup file can have, followed by the date.
fn impossible() -> [String; 4] {
    ["Home / Cellar".into(), ".hidden".into(), "y".repeat(300), "ä".repeat(113)]
}

fn logged(service: &mut TestService) -> String {
    let heard = service.events().into_iter().filter(|heard| heard.topic == "larder/log");
    heard.map(|heard| heard.data["message"].as_str().unwrap().to_owned() + "\n").collect()
}

#[test]
fn names_that_home_assistant_does_not_list_are_refused_by_create_unless_forced() {
    let home = TestHome::in_memory();
    for name in UNLISTED {
        for more in [&["--dry-run"][..], &[]] {
            let arguments = [&["create", "--name", name], more].concat();
            home.larder(&arguments).exits(1).says("Home Assistant does not list").says("or add --force");
        }
        assert!(home.archives().is_empty());
    }
    for name in UNLISTED {
        let created = home.larder(&["--json", "create", "--force", "--name", name]).exits(0).json();
        assert_eq!(created["name"], name);
        assert!(created["warnings"][0].as_str().unwrap().contains("does not list"), "{created}");
    }
    assert_eq!(home.larder(&["--json", "list"]).exits(0).json()["backups"].as_array().unwrap().len(), 6);
    for name in impossible() {
        home.larder(&["create", "--force", "--name", &name]).exits(1).says("invalid_backup_filename");
    }
    // The longest possible name, and one that only looks unusual.
    for name in ["ä".repeat(112).as_str(), "ab:c", "..."] {
        let run = home.larder(&["create", "--name", name]);
        assert_eq!(run.status, Some(if name == "..." { 1 } else { 0 }), "{name}: {}", run.stderr);
    }
}

#[test]
fn names_that_cannot_be_had_are_refused_when_they_are_set() {
    let home = TestHome::in_memory();
    let set = |name: &str, more: &[&str]| {
        let assignment = format!("create_backup.name={name}");
        home.larder(&[&["--json", "settings", "set", &assignment], more].concat())
    };
    for name in impossible() {
        set(&name, &[]).exits(2).says("create_backup.name: ");
        set(&name, &["--force"]).exits(2).says("create_backup.name: ");
    }
    for name in UNLISTED {
        set(name, &[]).exits(2).says("does not list").says("or add --force");
    }
    assert_eq!(
        home.larder(&["--json", "settings"]).exits(0).json()["config"]["create_backup"]["name"],
        Value::Null
    );
    let taken = set("2:30", &["--force"]).exits(0).json();
    assert_eq!(taken["config"]["create_backup"]["name"], "2:30");
    assert!(taken["warnings"][0].as_str().unwrap().contains("does not list"), "{taken}");
    // An existing objection does not prevent a change of other settings.
    home.larder(&["settings", "set", "schedule.time=04:00"]).exits(0);
}

#[test]
fn a_location_that_is_not_there_is_refused_when_it_is_set() {
    let home = TestHome::in_memory();
    for assignment in ["create_backup.agent_ids=nas.cellar", "agents.nas.cellar.protected=false"] {
        home.larder(&["settings", "set", assignment])
            .exits(2)
            .says("there is no location nas.cellar; use an existing one (backup.local)")
            .says(", or add --force");
    }
    let set = home
        .larder(&["settings", "set", "--force", "create_backup.agent_ids=backup.local,nas.cellar"])
        .exits(0);
    assert!(set.stdout.contains("there is no location nas.cellar"), "{}", set.stdout);
}

#[test]
fn what_a_client_sets_is_taken_with_a_warning_and_told_at_every_start() {
    let home = TestHome::in_memory();
    let mut service = home.serve(NOW);
    let mut update =
        |create: Value| service.call("backup.config.update", json!({"create_backup": create})).unwrap();
    assert_eq!(update(json!({"name": "Nightly", "agent_ids": ["backup.local"]})), Value::Null);
    for name in UNLISTED {
        assert_eq!(update(json!({"name": name}))["warnings"].as_array().unwrap().len(), 1, "{name}");
    }
    let warned = update(json!({"name": "a/b", "agent_ids": ["backup.local", "nas.cellar"]}));
    assert_eq!(warned["warnings"].as_array().unwrap().len(), 2, "{warned}");
    service.service().settle();
    service.events();
    let mut service = service.restart();
    service.service().settle();
    let said = logged(&mut service);
    assert!(said.contains("automatic backups: create_backup.name: "), "{said}");
    assert!(
        said.contains("automatic backups: create_backup.agent_ids: there is no location nas.cellar"),
        "{said}"
    );
}

#[test]
fn a_backup_that_home_assistant_does_not_list_is_made_with_a_warning_where_a_client_asks_for_it() {
    let home = TestHome::in_memory();
    let mut service = home.serve(NOW);
    let created =
        service.call("backup.generate", json!({"agent_ids": ["backup.local"], "name": "2:30"})).unwrap();
    assert!(created["warnings"][0].as_str().unwrap().contains("does not list"), "{created}");
    service.set(json!({"create_backup": {"name": "2:30", "agent_ids": ["backup.local"]}}));
    service.pass(1);
    service.events();
    service.call("backup.create_automatic", json!({})).unwrap();
    let said = logged(&mut service);
    assert!(said.contains("Home Assistant does not list a backup named `2:30`"), "{said}");
}
