//! Ctrl-C, SIGTERM and SIGHUP: the work ends, leaves nothing behind, and its outcome is reported.

use std::fs;

use larder_tests::{Serving, TestHome, describe_inside, names_in};
use rustix::process::Signal;

/// Sends a signal to the process that runs this script, and gives it time to react.
fn script(signal: &str) -> String {
    format!("kill -{signal} $PPID; sleep 2")
}

#[test]
fn an_interrupted_create_leaves_nothing_and_says_so() {
    for (signal, status) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        for step in ["home: read", "draft: created", "draft: read back"] {
            let home = TestHome::example();
            let before = describe_inside(&home.config(), &["backups"]);
            let run = home.larder_meanwhile(step, &script(signal), &["create"]).exits(status);
            assert_eq!(run.stderr.lines().last(), Some("error: interrupted: no backup was stored"), "{step}");
            assert!(!home.backups().exists() || fs::read_dir(home.backups()).unwrap().count() == 0, "{step}");
            assert_eq!(describe_inside(&home.config(), &["backups"]), before, "{step}");
            // Nothing is left for the next command to report.
            assert_eq!(home.larder(&["list"]).exits(0).stderr, "", "{step}");
        }
    }
}

#[test]
fn a_backup_that_was_stored_before_is_told() {
    let home = TestHome::new();
    let run = home.larder_meanwhile("draft: published", &script("INT"), &["create"]).exits(130);
    let [file] = names_in(&home.backups()).try_into().unwrap();
    let told = format!("error: interrupted after {file} was stored: it is complete");
    assert_eq!(run.stderr.lines().last(), Some(told.as_str()));
    home.larder(&["verify", home.archives()[0].to_str().unwrap()]).exits(0);
}

#[test]
fn an_interrupted_restore_changes_nothing_or_all() {
    let home = TestHome::example();
    let id = home.create();
    home.write("added.yaml", "later");
    let before = describe_inside(&home.config(), &["backups"]);
    let run =
        home.larder_meanwhile("restore: stage a file", &script("INT"), &["restore", &id, "--yes"]).exits(130);
    assert_eq!(run.stderr.lines().last(), Some("error: interrupted: nothing was replaced"));
    assert_eq!(describe_inside(&home.config(), &["backups"]), before);
    let step = "restore: make the mark durable";
    let run = home.larder_meanwhile(step, &script("INT"), &["restore", &id, "--yes"]).exits(130);
    let told = "error: interrupted after the restore: it is complete";
    assert_eq!(run.stderr.lines().last(), Some(told));
    assert!(!home.path("added.yaml").exists());
}

#[test]
fn other_interrupted_work_leaves_nothing_either() {
    let home = TestHome::example();
    let id = home.create();
    let to = home.root().join("to");
    let to = to.to_str().unwrap();
    let extract = ["extract", &id, ".", "--to", to];
    let run = home.larder_meanwhile("restore: stage a file", &script("INT"), &extract).exits(130);
    assert_eq!(run.stderr.lines().last(), Some("error: interrupted: nothing was extracted"));
    let key = home.password_file("key", "correct horse battery");
    let encrypt = ["encrypt", &id, "--to", to, "--password-file", &key];
    let run = home.larder_meanwhile("draft: created", &script("INT"), &encrypt).exits(130);
    assert_eq!(run.stderr.lines().last(), Some("error: interrupted: no copy was written"));
    let left: Vec<_> = fs::read_dir(home.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_str().unwrap().contains(".larder-")), "{left:?}");
}

#[test]
fn json_says_interrupted_too() {
    let home = TestHome::new();
    let run = home.larder_meanwhile("draft: created", &script("INT"), &["--json", "create"]).exits(130);
    assert_eq!(run.json()["error"]["code"], "interrupted");
}

#[test]
fn a_hang_up_that_whoever_started_it_ignores_ends_nothing() {
    let home = TestHome::new();
    let mut command = std::process::Command::new("sh");
    let own = home.command(&["create"]);
    command.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]).arg(own.get_program()).args(own.get_args());
    command
        .env("XDG_CONFIG_HOME", home.root())
        .env("LARDER_RUN_AT", "draft: created")
        .env("LARDER_RUN", script("HUP"));
    larder_tests::Run::of(command).exits(0);
    assert_eq!(home.archives().len(), 1);
}

#[test]
fn what_the_service_does_goes_on() {
    let home = TestHome::new();
    let mut serve = home.command(&["serve"]);
    // Nothing asks again: the command has ended when the backup begins.
    let mark = home.root().join("begun");
    let wait = format!(
        "touch {}; while [ ! -e {} ]; do sleep 0.05; done",
        mark.display(),
        home.root().join("on").display()
    );
    serve.env("LARDER_RUN_AT", "draft: created").env("LARDER_RUN", wait);
    let mut serving = Serving::start(serve);
    let mut create = Serving::begin(home.command(&["create"]));
    while !mark.exists() {
        std::thread::yield_now();
    }
    create.signal(Signal::INT);
    assert_eq!(create.ends(), Some(130));
    assert!(create.log().contains("interrupted; the service continues"));
    fs::write(home.root().join("on"), "").unwrap();
    while home.archives().is_empty() {
        std::thread::yield_now();
    }
    serving.signal(Signal::TERM);
    assert_eq!(serving.ends(), Some(0));
}

#[test]
fn a_password_that_was_changed_before_is_told() {
    let home = TestHome::example();
    let old = home.password_file("old", "correct horse battery");
    let new = home.password_file("new", "another horse battery");
    home.larder(&["create", "--password-file", &old]).exits(0);
    let rekey = ["rekey", "latest", "--password-file", &old, "--new-password-file", &new];
    let run = home.larder_meanwhile("draft: published", &script("INT"), &rekey).exits(130);
    let told = run.stderr.lines().last().unwrap();
    assert!(told.ends_with(" got its new password: the old password no longer opens it"), "{told}");
    home.larder(&["verify", "latest", "--password-file", &new]).exits(0);
}

#[test]
fn a_signal_after_the_work_takes_no_answer_away() {
    let home = TestHome::new();
    let run = home.larder_meanwhile("action: answered", &script("INT"), &["create"]).exits(0);
    assert!(run.stdout.contains("created."), "{}", run.stdout);
    assert_eq!(home.archives().len(), 1);
}

#[test]
fn of_several_deletions_none_is_begun_after_a_signal() {
    let home = TestHome::new();
    let ids = [home.create(), home.create(), home.create()];
    let delete = ["delete", "--yes", &ids[0], &ids[1], &ids[2]];
    let run = home.larder_meanwhile("action: answered", &script("INT"), &delete).exits(130);
    assert_eq!(
        run.stderr.lines().last(),
        Some("error: interrupted: `larder list` shows the remaining backups")
    );
    assert_eq!(home.archives().len(), 2);
}
