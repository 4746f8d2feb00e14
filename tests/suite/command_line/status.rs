//! `larder status`: one look, and an exit status for whoever watches.

use std::fs;

use larder_tests::{Serving, TestHome};

#[test]
fn it_is_content_with_a_good_backup_that_is_young_enough() {
    let home = TestHome::new();
    let none = home.larder(&["status"]).exits(1);
    assert!(none.stdout.contains("Problem: there are no backups"), "{}", none.stdout);
    let id = home.create();
    home.larder(&["status"]).exits(0);
    home.larder(&["status", "--max-age", "1h"]).exits(0);
    let json = home.larder(&["--json", "status", "--max-age", "1h"]).exits(0).json();
    assert_eq!(
        (json["last_good"]["backup_id"].as_str(), json["problem"].is_null()),
        (Some(id.as_str()), true)
    );
    home.larder(&["status", "--max-age", "soon"]).exits(2).says("write a number and m, h or d");
}

#[test]
fn it_says_that_the_last_good_backup_is_too_old() {
    let home = TestHome::new();
    home.create();
    let run = home.larder(&["status", "--max-age", "0m"]);
    // Nothing is older than nothing before a second has passed.
    let run = if run.status == Some(0) { wait_for_a_second(&home) } else { run };
    assert!(run.exits(1).stdout.contains("Problem: the last good backup is"));
}

fn wait_for_a_second(home: &TestHome) -> larder_tests::Run {
    loop {
        let run = home.larder(&["status", "--max-age", "0m"]);
        if run.status != Some(0) {
            return run;
        }
    }
}

#[test]
fn a_backup_that_nobody_has_read_is_not_called_good() {
    let home = TestHome::new();
    home.create();
    // As after the loss of the state directory.
    fs::remove_dir_all(home.state()).unwrap();
    let run = home.larder(&["status"]).exits(1);
    assert!(run.stdout.contains("no backup is known to be good; `larder verify --all`"), "{}", run.stdout);
    home.larder(&["verify", "--all"]).exits(0);
    home.larder(&["status"]).exits(0);
}

#[test]
fn it_says_whether_the_service_runs_and_what_comes_next() {
    let home = TestHome::new();
    home.create();
    let run = home.larder(&["status"]).exits(0);
    assert!(run.stdout.contains("not running") && run.stdout.contains("none planned"), "{}", run.stdout);
    let settings = ["settings", "set", "schedule.recurrence=daily", "create_backup.agent_ids=backup.local"];
    home.larder(&settings).exits(0);
    let _serving = Serving::start(home.command(&["serve"]));
    let run = home.larder(&["status"]).exits(0);
    assert!(!run.stdout.contains("not running") && !run.stdout.contains("none planned"), "{}", run.stdout);
}
