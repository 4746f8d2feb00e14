//! `larder status`: a summary, and an exit status for monitoring.

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
        (json["last_good"]["backup_id"].as_str(), json["problems"].as_array().unwrap().len()),
        (Some(id.as_str()), 0)
    );
    home.larder(&["status", "--max-age", "soon"]).exits(2).says("write a number followed by m, h or d");
}

#[test]
fn it_says_that_the_last_good_backup_is_too_old() {
    let home = TestHome::new();
    home.create();
    let run = home.larder(&["status", "--max-age", "0m"]);
    // No backup is older than 0 seconds before a second has passed.
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
    assert!(run.stdout.contains("no backup has been verified; `larder verify --all`"), "{}", run.stdout);
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
    let run = home.larder(&["status"]).exits(1);
    assert!(
        run.stdout.contains("Problem: automatic backups are planned, but no service is running"),
        "{}",
        run.stdout
    );
    let _serving = Serving::start(home.command(&["serve"]));
    let run = home.larder(&["status"]).exits(0);
    assert!(!run.stdout.contains("not running") && !run.stdout.contains("none planned"), "{}", run.stdout);
}

#[test]
fn an_automatic_backup_that_failed_or_has_nowhere_to_go_is_a_problem() {
    let home = TestHome::new();
    home.create();
    home.larder(&["settings", "set", "create_backup.agent_ids=backup.local"]).exits(0);
    // A directory in the place of the draft's directory cannot be written.
    home.larder_meanwhile("draft: created", "kill -9 $PPID", &["call", "backup.create_automatic"]);
    let run = home.larder(&["status"]).exits(1);
    assert!(run.stdout.contains("Problem: the last automatic backup failed"), "{}", run.stdout);
    home.larder(&["call", "backup.create_automatic"]).exits(0);
    home.larder(&["status"]).exits(0);
    home.larder(&["settings", "set", "create_backup.agent_ids=", "schedule.recurrence=daily"]).exits(0);
    let run = home.larder(&["status"]).exits(1);
    assert!(run.stdout.contains("Problem: automatic backups have no location"), "{}", run.stdout);
}

#[test]
fn a_backup_that_was_found_damaged_is_good_no_more_and_saves_no_other_from_being_kept() {
    let home = TestHome::new();
    home.write(
        "noise",
        (0..40_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect::<Vec<_>>(),
    );
    home.larder(&["settings", "set", "create_backup.agent_ids=backup.local", "retention.copies=1"]).exits(0);
    let make = || home.larder(&["--json", "call", "backup.create_automatic"]).exits(0).json();
    home.larder(&["settings", "set", "retention.copies=2"]).exits(0);
    let good = make()["backup_id"].as_str().unwrap().to_owned();
    let made = make();
    let damaged = home.backups().join(made["file"].as_str().unwrap());
    let mut bytes = fs::read(&damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(&damaged, bytes).unwrap();
    home.larder(&["verify", "latest"]).exits(1);
    let list = home.larder(&["list"]).exits(0).stdout;
    assert!(list.lines().nth(1).unwrap().contains("DAMAGED"), "{list}");
    let run = home.larder(&["status"]).exits(1);
    assert!(
        run.stdout.contains("Problem: the backup ") && run.stdout.contains(" is damaged"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains(&format!("last good backup  0 min ago: {good}")), "{}", run.stdout);
    home.larder(&["settings", "set", "retention.copies=1"]).exits(0);
    let run = home.larder(&["retention"]).exits(0);
    assert!(run.stdout.contains("it is damaged, as `larder verify` found"), "{}", run.stdout);
    home.larder(&["verify", &good]).exits(0);
}
