//! Two processes on one home, state directory or directory of backups: the second one learns which process holds it, and
//! changes nothing; reading is allowed.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use larder_tests::{Mount, Run, Serving, TestHome, describe};

use super::{Pause, daily, home};

fn set_up() -> TestHome {
    let home = home();
    let file = home.root().join("settings.json");
    std::fs::write(&file, daily().to_string()).unwrap();
    home.larder(&["settings", "set", "--file", file.to_str().unwrap()]).exits(0);
    home.create();
    home
}

const WRITERS: [&[&str]; 6] = [
    &["serve"],
    &["create"],
    &["settings", "set", "retention.copies=1"],
    &["retention"],
    &["adopt"],
    &["delete", "12345678"],
];

/// A service does this one on request; any other holder refuses it.
const CALL: &[&str] = &["call", "backup.create_automatic"];

const READERS: [&[&str]; 5] =
    [&["list"], &["states"], &["schedule"], &["settings"], &["retention", "--dry-run"]];

/// Commands that change something are refused, and those that read work.
fn refuses_a_second_one(home: &TestHome, writers: &[&[&str]], holder: &str) {
    let before = describe(home.root(), &[]);
    for arguments in writers {
        home.larder(arguments).exits(1).says(holder);
        assert_eq!(describe(home.root(), &[]), before, "{arguments:?}");
    }
    for arguments in READERS {
        let run = home.larder(arguments).exits(0);
        assert_eq!(run.stderr, "", "{arguments:?}");
        assert_eq!(describe(home.root(), &[]), before, "{arguments:?}");
    }
}

#[test]
fn a_home_is_served_once_and_looking_is_free() {
    let home = set_up();
    let serving = Serving::start(home.command(&["serve"]));
    let holder = format!(
        "the service (process {}) is using the state directory {}; stop it",
        serving.id(),
        home.state().display()
    );
    refuses_a_second_one(&home, &[&["serve"]], &holder);
    home.larder(CALL).exits(0);
    assert_eq!(home.archives().len(), 2);
}

#[test]
fn while_a_backup_is_made_others_see_it_under_way_and_do_not_take_it_for_cut_off() {
    let home = set_up();
    let pause = Pause::new(&home);
    let command = pause.at("draft: append", home.command(&["call", "backup.create_automatic"]));
    let mut first = Serving::begin(command);
    first.until("paused");
    let holder = format!("larder call (process {}) is using the state directory ", first.id());
    refuses_a_second_one(&home, &[&WRITERS[..], &[CALL]].concat(), &holder);
    let states = home.larder(&["--json", "states"]).exits(0).json();
    let shown = |id: &str| states.as_array().unwrap().iter().find(|state| state["entity_id"] == id).unwrap();
    assert_eq!(shown(super::EVENT)["attributes"]["event_type"], "in_progress");
    assert_eq!(shown(super::MANAGER)["state"], "create_backup");
    pause.release();
    assert_eq!(first.ends(), Some(0), "{}", first.log());
    assert_eq!(home.archives().len(), 2);
}

#[test]
fn a_state_directory_whose_holder_was_killed_is_free() {
    let home = set_up();
    let mut serving = Serving::start(home.command(&["serve"]));
    serving.signal(rustix::process::Signal::KILL);
    assert_eq!(serving.ends(), None);
    home.larder(&["create"]).exits(0);
}

/// With another state directory.
fn elsewhere(home: &TestHome, arguments: &[&str]) -> Run {
    let (state, other) = (home.state().into_os_string(), home.root().join("other-state"));
    let mut command = Command::new(home.command(&[]).get_program());
    for (name, value) in home.command(&[]).get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let given = home.command(arguments);
    command.args(given.get_args().map(|it| if *it == *state { other.as_os_str() } else { it }));
    Run::of(command)
}

#[test]
fn one_service_has_the_home_whatever_state_directory_the_others_use() {
    let home = set_up();
    let id = home.create();
    let serving = Serving::start(home.command(&["serve"]));
    let holder = format!(
        "the service (process {}) is using the home {}; stop it",
        serving.id(),
        home.config().display()
    );
    let before = describe(&home.config(), &[]);
    let apart = home.root().join("apart");
    for arguments in [
        &["create"][..],
        &["restore", &id, "--yes"],
        &["delete", &id],
        &["serve"],
        &["call", "backup.create"],
        &["--backups", apart.to_str().unwrap(), "create"],
    ] {
        elsewhere(&home, arguments).exits(1).says(&holder);
        assert_eq!(describe(&home.config(), &[]), before, "{arguments:?}");
    }
    // Commands that read, or write elsewhere, do not interfere.
    let to = home.root().join("to");
    elsewhere(&home, &["list"]).exits(0);
    elsewhere(&home, &["restore", &id, "--to", to.to_str().unwrap()]).exits(0);
    drop(serving);
    elsewhere(&home, &["create"]).exits(0);
    elsewhere(&home, &["restore", &id, "--yes"]).exits(0);
}

#[test]
fn backups_have_one_writer_also_when_two_homes_keep_them_in_one_place() {
    let (home, other) = (set_up(), set_up());
    let serving = Serving::start(home.command(&["serve"]));
    let backups = home.backups();
    let arguments = ["--backups", backups.to_str().unwrap(), "create"];
    let holder = format!(
        "the service (process {}) is using the backups in {}; stop it",
        serving.id(),
        backups.display()
    );
    other.larder(&arguments).exits(1).says(&holder);
    drop(serving);
    other.larder(&arguments).exits(0);
}

#[test]
fn nobody_else_can_hold_a_lock_and_one_of_an_earlier_version_is_closed_to_others() {
    let home = set_up();
    let locks = [home.state().join("lock"), home.backups().join(".larder-lock")];
    for lock in &locks {
        fs::write(lock, "larder serve (process 4194303)").unwrap();
        fs::set_permissions(lock, fs::Permissions::from_mode(0o666)).unwrap();
    }
    home.larder(&["call", "backup.create"]).exits(0);
    drop(Serving::start(home.command(&["serve"])));
    for lock in locks.iter().chain([&home.path(".larder-lock")]) {
        let mode = fs::metadata(lock).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", lock.display());
    }
}

#[test]
fn a_user_who_may_not_open_the_lock_is_refused_while_it_is_held_and_goes_on_when_it_is_not() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let home = set_up();
    let serving = Serving::start(home.command(&["serve"]));
    let holder = format!("(process {}) is using the home ", serving.id());
    Run::of(home.unprivileged(&["create"])).exits(1).says(&holder);
    drop(serving);
    Run::of(home.unprivileged(&["create"]))
        .exits(0)
        .says("cannot be locked (Permission denied): another Larder process could change");
}

#[test]
fn from_a_medium_that_cannot_be_written_backups_are_listed_and_restored() {
    let home = set_up();
    let medium = home.root().join("medium");
    let Some(mount) = Mount::tmpfs(&medium, 16 << 20) else { return };
    let at =
        |arguments: &[&str]| home.larder(&[&["--backups", medium.to_str().unwrap()], arguments].concat());
    // The second one creates the lock: until then the directory was not known to hold backups.
    at(&["create"]).exits(0);
    at(&["create"]).exits(0);
    mount.make_read_only();
    let listed = at(&["--json", "list"]).exits(0);
    assert_eq!(listed.stderr, "");
    let id = listed.json()["backups"][0]["backup_id"].as_str().unwrap().to_owned();
    home.write("new.txt", "new");
    at(&["restore", &id, "--yes"]).exits(0).says(".larder-lock cannot be locked (Read-only file system)");
    assert!(!home.path("new.txt").exists());
    let to = home.root().join("to");
    let run = at(&["restore", &id, "--to", to.to_str().unwrap()]).exits(0);
    assert!(!run.stderr.contains("cannot be locked"), "{}", run.stderr);
}

#[test]
fn a_lock_is_never_part_of_a_backup_and_survives_a_restore() {
    let home = set_up();
    drop(Serving::start(home.command(&["serve"])));
    let id = home.create();
    let restored = home.restore_latest();
    assert!(!restored.join(".larder-lock").exists());
    home.larder(&["restore", &id, "--yes"]).exits(0);
    assert!(home.path(".larder-lock").exists());
}

#[test]
fn a_lock_that_is_another_name_of_a_file_does_not_overwrite_it() {
    let home = set_up();
    let archive = home.archives().remove(0);
    let lock = home.path(".larder-lock");
    let _ = std::fs::remove_file(&lock);
    std::fs::hard_link(&archive, &lock).unwrap();
    let before = std::fs::read(&archive).unwrap();
    let mut serving = Serving::start(home.command(&["serve"]));
    serving.signal(rustix::process::Signal::TERM);
    assert_eq!(serving.ends(), Some(0));
    assert!(serving.log().contains("a hard link"));
    assert_eq!(std::fs::read(&archive).unwrap(), before);
}
