//! Two processes on one state directory: the second one is told who holds it, and changes nothing; looking is free.

use larder_tests::{Serving, TestHome, describe};

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

/// This one a service does for whoever asks; any other holder refuses it.
const CALL: &[&str] = &["call", "backup.create_automatic"];

const READERS: [&[&str]; 5] =
    [&["list"], &["states"], &["schedule"], &["settings"], &["retention", "--dry-run"]];

/// What changes something is refused, and what reads works.
fn refuses_a_second_one(home: &TestHome, writers: &[&[&str]], holder: &str) {
    let before = describe(home.root(), &[]);
    for arguments in writers {
        let run = home.larder(arguments).exits(1).says(holder);
        assert!(run.stderr.contains("wait until that has ended"), "{arguments:?}: {}", run.stderr);
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
    let holder = format!("is in use by larder serve (process {})", serving.id());
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
    let holder = format!("is in use by larder call (process {})", first.id());
    refuses_a_second_one(&home, &[&WRITERS[..], &[CALL]].concat(), &holder);
    let states = home.larder(&["--json", "states"]).exits(0).json();
    let shown = |id: &str| states.as_array().unwrap().iter().find(|state| state["entity_id"] == id).unwrap();
    assert_eq!(shown(super::EVENT)["attributes"]["event_type"], "in_progress");
    assert_eq!(shown(super::MANAGER)["state"], "create_backup");
    pause.release();
    assert_eq!(first.ends(), Some(0), "{}", first.said());
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
