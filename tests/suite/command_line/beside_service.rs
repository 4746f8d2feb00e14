//! Commands next to a running service: the service makes changes; commands that read, or write elsewhere, do not need it.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use larder_tests::{Run, Serving, TestHome, on_terminal};

#[test]
fn what_changes_something_is_done_by_the_service() {
    let home = TestHome::new();
    let _serving = Serving::start(home.command(&["serve"]));
    let id = home.create();
    home.larder(&["settings", "set", "retention.copies=1", "create_backup.agent_ids=backup.local"]).exits(0);
    let settings = home.larder(&["--json", "settings"]).exits(0).json();
    assert_eq!(settings["config"]["retention"]["copies"], 1);
    home.larder(&["retention"]).exits(0);
    home.larder(&["adopt"]).exits(0);
    let states = home.larder(&["--json", "states"]).exits(0).json();
    assert!(states.as_array().unwrap().iter().any(|state| state["state"] == "idle"), "{states}");
    home.larder(&["delete", &id]).exits(0);
    assert!(home.archives().is_empty());
    // Its reasons and exit statuses are those of a command that works alone.
    home.larder(&["delete", "nope"]).exits(1).says("there is no backup nope");
    home.larder(&["settings", "set", "retention.copies=many"]).exits(2);
    home.larder(&["call", "backup.nope"]).exits(2).says("backup.nope");
}

#[test]
fn what_reads_or_writes_elsewhere_works_beside_it() {
    let home = TestHome::example();
    let id = home.create();
    let _serving = Serving::start(home.command(&["serve"]));
    let to = |name: &str| home.root().join(name).to_str().unwrap().to_owned();
    home.larder(&["extract", &id, "automations.yaml", "--to", &to("files")]).exits(0);
    assert!(home.root().join("files/automations.yaml").exists());
    home.larder(&["restore", &id, "--to", &to("restored")]).exits(0);
    assert!(home.root().join("restored/configuration.yaml").exists());
    let key = home.password_file("key", "correct horse battery");
    home.larder(&["encrypt", &id, "--to", &to("protected.tar"), "--password-file", &key]).exits(0);
    let protected = to("protected.tar");
    home.larder(&["decrypt", &protected, "--to", &to("plain.tar"), "--password-file", &key]).exits(0);
    home.larder(&["verify", &to("plain.tar")]).exits(0);
    home.larder(&["verify", &id]).exits(0);
    home.larder(&["restore", &id, "--dry-run"]).exits(0);
}

#[test]
fn a_restore_in_place_says_which_service_has_to_be_stopped() {
    let home = TestHome::example();
    let id = home.create();
    let serving = Serving::start(home.command(&["serve"]));
    let run = home.larder(&["restore", &id, "--yes"]).exits(1);
    assert!(run.stderr.contains(&serving.id().to_string()) && run.stderr.contains("stop"), "{}", run.stderr);
}

#[test]
fn a_service_that_is_starting_is_waited_for() {
    let home = TestHome::new();
    // Its component is compiled first: the cache is empty.
    let mut command = home.command(&["serve"]);
    command.env("XDG_CACHE_HOME", home.root().join("cold"));
    let mut serving = Serving::begin(command);
    while !home.state().join("lock").exists() {
        std::thread::yield_now();
    }
    for _ in 0..3 {
        home.larder(&["call", "backup.create"]).exits(0);
    }
    serving.until("serving; ");
    assert_eq!(home.archives().len(), 3);
}

#[test]
fn a_service_of_other_backups_is_not_asked() {
    let home = TestHome::new();
    let _serving = Serving::start(home.command(&["serve"]));
    let other = home.root().join("other");
    let run = home.larder(&["--backups", other.to_str().unwrap(), "create"]).exits(1);
    assert!(run.stderr.contains("the running service keeps backups in"), "{}", run.stderr);
    assert!(!other.exists() && home.archives().is_empty());
}

#[test]
fn an_action_of_the_service_shows_its_progress_as_create_does() {
    let home = TestHome::new();
    home.write("large", vec![7; 64 << 20]);
    let _serving = Serving::start(home.command(&["serve"]));
    for words in [&["call", "backup.create"][..], &["create"]] {
        let Some(run) = on_terminal(&home.command(words), "") else { return };
        let run = run.exits(0);
        assert!(run.stdout.contains("backing up"), "{}", run.stdout);
    }
    let run = home.larder(&["--json", "call", "backup.create"]).exits(0);
    assert_eq!((run.json()["verified"].as_bool(), run.stderr.as_str()), (Some(true), ""));
}

#[test]
fn clients_that_send_nothing_or_a_byte_now_and_then_keep_nobody_out() {
    let home = TestHome::new();
    let _serving = Serving::start(home.command(&["serve"]));
    let socket = home.state().join("host/control");
    let mut idle: Vec<_> = (0..70).map(|_| UnixStream::connect(&socket).unwrap()).collect();
    idle.iter_mut().for_each(|client| client.write_all(b"{").unwrap());
    // After a moment, all of them are disconnected.
    for client in &mut idle {
        client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut answer = String::new();
        let _ = client.read_to_string(&mut answer);
    }
    Run::within(Duration::from_secs(60), home.command(&["call", "backup.create"])).exits(0);
}
