//! The settings, the schedule, retention and states on the command line.

use std::fs;

use larder_tests::{Run, TestHome, assert_snapshot, describe, tests_directory};
use serde_json::{Value, json};

fn berlin() -> TestHome {
    let home = TestHome::new();
    home.write(".storage/core.config", r#"{"data": {"time_zone": "Europe/Berlin"}}"#);
    home
}

/// A home whose Home Assistant made automatic backups; its settings are the recorded ones.
fn with_settings_of_home_assistant() -> TestHome {
    let home = berlin();
    let recorded = fs::read(tests_directory().join("fixtures/recordings/storage-backup.json")).unwrap();
    home.write(".storage/backup", recorded);
    home.write(".storage/core.uuid", r#"{"data": {"uuid": "a2f9705851bb430da1a8ca2301ec01ef"}}"#);
    home
}

fn config(run: &Run) -> Value {
    run.json()["config"].clone()
}

#[test]
fn settings_are_shown_changed_one_by_one_and_kept() {
    let home = berlin();
    let set = [
        "settings",
        "set",
        "schedule.recurrence=custom_days",
        "schedule.days=mon,thu",
        "schedule.time=03:30",
        "create_backup.agent_ids=backup.local",
        "create_backup.name=Nightly",
        "retention.copies=3",
        "retention.keep_weekly=4",
        "agents.backup.local.retention.days=30",
    ];
    home.larder(&set).exits(0);
    home.larder(&["settings", "set", "schedule.time=04:00"]).exits(0);
    let config = config(&home.larder(&["--json", "settings"]).exits(0));
    assert_eq!(
        config["schedule"],
        json!({"recurrence": "custom_days", "days": ["mon", "thu"], "time": "04:00:00"})
    );
    assert_eq!(config["retention"], json!({"copies": 3, "days": null, "keep_weekly": 4}));
    assert_eq!(config["agents"]["backup.local"]["retention"]["days"], 30);
    assert_eq!(config["create_backup"]["name"], "Nightly");
    let schedule = home.larder(&["schedule", "--count", "3"]).exits(0);
    let lines: Vec<_> = schedule.stdout.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().take(3).all(|line| line.contains(" 04:00 +0")), "{}", schedule.stdout);
    assert_eq!(lines[3], "Time zone: Europe/Berlin (from .storage/core.config)");
}

#[test]
fn a_schedule_without_a_location_is_noticed_when_it_is_set() {
    let home = berlin();
    let set = home.larder(&["settings", "set", "schedule.recurrence=daily"]).exits(0);
    assert!(
        set.stdout.contains("have no location; set create_backup.agent_ids=backup.local"),
        "{}",
        set.stdout
    );
    let set = home.larder(&["settings", "set", "create_backup.agent_ids=backup.local"]).exits(0);
    assert!(!set.stdout.contains("have no location"), "{}", set.stdout);
}

#[test]
fn wrong_settings_are_refused_with_their_place_and_change_nothing() {
    let home = berlin();
    home.larder(&["settings", "set", "retention.copies=3"]).exits(0);
    let before = describe(&home.state(), &["lock"]);
    let cases = [
        ("retention.copies=0", "value must be at least 1 at 'retention.copies'"),
        ("schedule.recurrence=hourly", "at 'schedule.recurrence'. Got 'hourly'"),
        ("schedule.time=25:00", "schedule.time"),
        ("nothing=1", "nothing"),
        ("create_backup.password=secret", "--password-file"),
    ];
    for (assignment, said) in cases {
        let run = home.larder(&["settings", "set", "schedule.time=05:00", assignment]).exits(2).says(said);
        assert!(!run.stderr.contains("secret"), "{}", run.stderr);
        assert_eq!(describe(&home.state(), &["lock"]), before, "{assignment}");
    }
}

#[test]
fn settings_come_from_a_file_as_home_assistant_takes_them() {
    let home = berlin();
    let file = home.root().join("settings.json");
    let body = json!({
        "create_backup": {"agent_ids": ["backup.local"], "password": "in-the-file"},
        "schedule": {"recurrence": "daily", "days": [], "time": "03:30:00"},
    });
    fs::write(&file, body.to_string()).unwrap();
    home.larder(&["settings", "set", "--file", file.to_str().unwrap()]).exits(0);
    let shown = home.larder(&["--json", "settings"]).exits(0);
    assert!(!shown.stdout.contains("in-the-file"));
    assert_eq!(config(&shown)["create_backup"]["password"], "***");
    assert_eq!(config(&shown)["schedule"]["recurrence"], "daily");
    // A backup that the settings protect is protected.
    let created = home.larder(&["--json", "call", "backup.create_automatic"]).exits(0).json();
    assert_eq!(created["securetar"], 3);
    home.larder(&["settings", "set", "--no-password"]).exits(0);
    assert_eq!(
        config(&home.larder(&["--json", "settings"]).exits(0))["create_backup"]["password"],
        Value::Null
    );
}

#[test]
fn a_password_for_automatic_backups_is_never_an_argument() {
    let home = berlin();
    let file = home.root().join("password.txt");
    fs::write(&file, "by-file\n").unwrap();
    let agents = "create_backup.agent_ids=backup.local";
    home.larder(&["settings", "set", agents, "--password-file", file.to_str().unwrap()]).exits(0);
    let created = home.larder(&["--json", "call", "backup.create_automatic"]).exits(0).json();
    let id = created["backup_id"].as_str().unwrap();
    home.larder(&["verify", id, "--password-file", file.to_str().unwrap()]).exits(0);
    home.larder(&[
        "call",
        "backup.generate",
        "--data",
        r#"{"agent_ids": ["backup.local"], "password": "x"}"#,
    ])
    .exits(2)
    .says("--data-file");
}

#[test]
fn an_instance_keeps_its_home_assistants_backups_as_its_own() {
    let home = with_settings_of_home_assistant();
    let before = describe(&home.path(".storage"), &[]);
    let adopted = home.larder(&["adopt"]).exits(0);
    let ring = home.key_ring();
    assert_snapshot("adopt", &adopted.stdout, &[(ring.to_str().unwrap(), "[ring]")]);
    assert!(!adopted.stdout.contains("Pa55"), "{}", adopted.stdout);
    assert_eq!(describe(&home.path(".storage"), &[]), before, "nothing is written there");
    let config = config(&home.larder(&["--json", "settings"]).exits(0));
    assert_eq!(config["schedule"], json!({"recurrence": "daily", "days": [], "time": "03:30:00"}));
    assert_eq!(config["retention"], json!({"copies": 2, "days": null}));
    assert_eq!(config["last_completed_automatic_backup"], "2026-11-23T15:44:07.642480+01:00");
    let created = home.larder(&["--json", "call", "backup.create_automatic"]).exits(0).json();
    let shown = home.larder(&["--json", "show", created["backup_id"].as_str().unwrap()]).exits(0).json();
    assert_eq!(shown["backup"]["extra_metadata"]["instance_id"], "a2f9705851bb430da1a8ca2301ec01ef");
    assert_eq!(shown["backup"]["with_automatic_settings"], true);
    assert_eq!(shown["backup"]["securetar"], 3, "the password was taken, too");
    // The user need not know it: it is in the key ring, once.
    let verified = home.larder(&["verify", created["backup_id"].as_str().unwrap()]).exits(0).stdout;
    assert!(verified.contains("opened with the key \"adopted\""), "{verified}");
    let again = home.larder(&["adopt"]).exits(0).stdout;
    assert!(
        again.contains("already in the key ring") && again.contains("with the label \"adopted\""),
        "{again}"
    );
    assert_eq!(home.larder(&["--json", "key", "list"]).exits(0).json()["keys"].as_array().unwrap().len(), 1);
}

#[test]
fn a_home_without_settings_has_nothing_to_take() {
    let home = TestHome::new();
    let mut command = home.command(&["adopt"]);
    command.env("TZ", "Europe/Berlin");
    let adopted = Run::of(command).exits(0);
    assert_snapshot("adopt-nothing", &adopted.stdout, &[]);
}

#[test]
fn what_settings_states_schedule_and_retention_say_of_a_home_that_is_set_up() {
    let home = with_settings_of_home_assistant();
    home.larder(&["adopt"]).exits(0);
    home.larder(&["settings", "set", "--no-password"]).exits(0);
    let settings = home.larder(&["settings"]).exits(0);
    let next =
        config(&home.larder(&["--json", "settings"]))["next_automatic_backup"].as_str().unwrap().to_owned();
    assert_snapshot("settings", &settings.stdout, &[(&next, "[next]")]);
    let created = home.larder(&["--json", "call", "backup.create_automatic"]).exits(0).json();
    let (id, date) = (created["backup_id"].as_str().unwrap(), created["date"].as_str().unwrap());
    let shown_date = format!("{} {} {}", &date[..10], &date[11..19], &date[date.len() - 6..]);
    let retention = home.larder(&["retention", "--dry-run"]).exits(0);
    assert_snapshot("retention", &retention.stdout, &[(id, "[id]"), (&shown_date, "[date]")]);
    let states = home.larder(&["--json", "states"]).exits(0).json();
    let states = states.as_array().unwrap().iter().map(|state| (&state["entity_id"], &state["state"]));
    let known: std::collections::BTreeMap<_, _> =
        states.map(|(id, state)| (id.as_str().unwrap(), state)).collect();
    assert_eq!(known.len(), 6);
    assert_eq!(known["sensor.backup_backup_manager_state"], "idle");
    assert_eq!(known["sensor.backup_last_successful_automatic_backup_size"], "0.009765625");
}

#[test]
fn an_action_is_called_as_an_automation_does() {
    let home = berlin();
    let created = home.larder(&["--json", "call", "backup.create"]).exits(0).json();
    assert_eq!(created["name"], "Custom backup 2026.11.0");
    assert_eq!(created["securetar"], Value::Null);
    home.larder(&["call", "backup.create_automatic"])
        .exits(1)
        .says("At least one available backup agent must be selected, got []");
    home.larder(&["call", "backup.create", "--data", r#"{"name": "x"}"#])
        .exits(2)
        .says("backup.create has no field `name` and takes none; remove it");
    home.larder(&["call", "backup.nope"]).exits(2).says("there is no action backup.nope");
}

#[test]
fn every_password_of_the_settings_is_put_into_the_key_ring_under_a_label_of_its_own() {
    let home = berlin();
    let first = home.password_file("first.txt", "the first password\n");
    let second = home.password_file("second.txt", "the second password\n");
    let set = |more: &[&str]| {
        home.larder(&[&["settings", "set", "create_backup.agent_ids=backup.local"], more].concat())
    };
    for (password, label) in [(&first, "settings"), (&second, "settings-2"), (&first, "settings")] {
        let said = set(&["--password-file", password]).exits(0).stdout;
        assert!(said.contains(&format!("with the label \"{label}\"")), "{said}");
        let created = home.larder(&["--json", "call", "backup.create_automatic"]).exits(0).json();
        let verified = home.larder(&["verify", created["backup_id"].as_str().unwrap()]).exits(0).stdout;
        assert!(verified.contains(&format!("opened with the key \"{label}\"")), "{verified}");
    }
    // A key of the ring is a password like any other.
    home.larder(&["key", "new", "--label", "mine"]).exits(0);
    let said = set(&["--key", "mine"]).exits(0).stdout;
    assert!(said.contains("already in the key ring") && said.contains("with the label \"mine\""), "{said}");
    let created = home.larder(&["--json", "call", "backup.create_automatic"]).exits(0).json();
    let verified = home.larder(&["verify", created["backup_id"].as_str().unwrap()]).exits(0).stdout;
    assert!(verified.contains("opened with the key \"mine\""), "{verified}");
    // A password that cannot be added there takes effect anyway.
    std::fs::set_permissions(home.key_ring(), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let said = set(&["--password-file", &second]).exits(3).stdout;
    assert!(
        said.contains("the password could not be added to the key ring") && said.contains("chmod 600"),
        "{said}"
    );
}

#[test]
fn chosen_days_without_a_day_and_locations_that_are_not_there_are_pointed_out() {
    let home = berlin();
    let set = home.larder(&["settings", "set", "schedule.recurrence=custom_days"]).exits(0).stdout;
    assert!(set.contains("no days are chosen, so no automatic backup is planned"), "{set}");
    assert!(set.contains("schedule.days=mon,thu"), "what to do: {set}");
    let set = home.larder(&["settings", "set", "schedule.days=mon"]).exits(0).stdout;
    assert!(!set.contains("no days are chosen"), "{set}");
    let recorded =
        fs::read_to_string(tests_directory().join("fixtures/recordings/storage-backup.json")).unwrap();
    home.write(".storage/backup", recorded.replace("\"backup.local\"", "\"synology_dsm.abc\""));
    let adopted = home.larder(&["adopt"]).exits(0).stdout;
    assert!(adopted.contains("there is no location synology_dsm.abc"), "{adopted}");
    assert!(adopted.contains("settings set create_backup.agent_ids=backup.local"), "what to do: {adopted}");
    home.larder(&["settings", "set", "create_backup.agent_ids=backup.nas"])
        .exits(2)
        .says("backup.nas")
        .says("--force");
}

#[test]
fn a_password_of_the_settings_is_not_for_screens() {
    let home = berlin();
    let file = home.password_file("password.txt", "quite a secret\n");
    home.larder(&["settings", "set", "--password-file", &file]).exits(0);
    let info = home.command(&["call", "backup.config.info"]);
    let Some(run) = larder_tests::on_terminal(&info, "") else { return };
    assert!(
        run.stdout.contains("\"password\": \"***\"") && !run.stdout.contains("quite a secret"),
        "{run:?}"
    );
    // A program gets what Home Assistant's own clients get.
    let info = home.larder(&["call", "backup.config.info"]).exits(0).json();
    assert_eq!(info["config"]["create_backup"]["password"], "quite a secret");
}
