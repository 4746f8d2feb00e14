//! Limits: endless work is stopped, with a reason that names the limit.

use std::fs;
use std::process::Command;

use larder_tests::Run;
use rusqlite::Connection;

use super::{MISBEHAVING, WATCHDOG, command, fails, home, succeeds};

const BUSY: &str = "limit compute-time";
const MEMORY: &str = "limit memory";

#[test]
fn what_never_ends_in_a_job_is_a_failed_backup_that_names_the_limit() {
    let home = home();
    for (name, limit, says) in [
        ("job-loop", "compute-time=1", BUSY),
        ("job-loop-asking", "job-time=1", "limit job-time"),
        ("job-stderr-endless", "job-time=1", "limit job-time"),
        ("job-emit-endless", "job-time=1", "limit job-time"),
        ("job-progress-endless", "job-time=1", "limit job-time"),
        ("job-naps", "job-time=1", "limit job-time"),
        ("job-sleep", "job-time=1", "limit job-time"),
        ("job-sleep", "host-time=1", "limit host-time"),
        ("job-draft-and-sleep", "job-time=1", "limit job-time"),
        ("job-memory", "memory=16", MEMORY),
        ("job-deepen", "memory=64", "its stack overflowed: it calls itself too often"),
        ("job-overflow", "memory=64", "its stack overflowed: it calls itself too often"),
        ("job-contents-endless", "handles=20", "limit handles"),
        ("job-drafts-endless", "handles=20", "limit handles"),
        ("job-snapshots-endless", "handles=20", "more than 4 snapshots"),
        ("job-snapshot-handles-endless", "handles=20", "limit handles"),
        ("job-start", "jobs=2", "a job may not start jobs"),
        ("manager-jobs-endless", "jobs=3", "3 jobs are running already (limit jobs)"),
        ("manager-jobs-endless", "handles=3", "limit handles"),
        ("manager-jobs-dropped-endless", "jobs=3", "limit jobs"),
    ] {
        fails(&home, name, &[limit], says);
    }
}

#[test]
fn what_never_ends_in_the_manager_ends_the_call_and_names_the_limit() {
    let home = home();
    for (name, limit, says) in [
        ("manager-loop", "compute-time=1", BUSY),
        ("manager-loop-asking", "compute-time=1", BUSY),
        ("manager-stderr-endless", "compute-time=1", BUSY),
        ("manager-emit-endless", "compute-time=1", BUSY),
        ("manager-progress-endless", "compute-time=1", BUSY),
        ("manager-naps", "compute-time=1", BUSY),
        ("manager-sleep", "host-time=1", "limit host-time"),
        ("manager-draft-and-sleep", "host-time=1", "limit host-time"),
        ("manager-wait", "action-time=1", "limit action-time"),
        ("manager-yield", "action-time=1", "limit action-time"),
        ("manager-memory", "memory=16", MEMORY),
        ("manager-deepen", "memory=64", "its stack overflowed"),
        ("manager-overflow", "memory=64", "its stack overflowed"),
        ("manager-contents-endless", "handles=20", "limit handles"),
    ] {
        fails(&home, name, &[limit], says);
    }
}

#[test]
fn a_plugin_that_misbehaves_while_it_is_set_up_does_not_come_to_life() {
    for (deed, limit, says) in [
        ("loop", "compute-time=1", BUSY),
        ("sleep", "host-time=1", "limit host-time"),
        ("memory", "memory=16", MEMORY),
        ("draft-and-trap", "memory=64", "unreachable"),
        ("complain", "memory=64", "xxx"),
    ] {
        let home = home();
        home.write("set-up", deed);
        fails(&home, "good", &[limit], says);
    }
}

#[test]
fn memory_that_does_not_suffice_to_start_is_named_too() {
    fails(&home(), "job-good", &["memory=0"], MEMORY);
}

#[test]
fn more_is_never_read_at_once_than_is_good() {
    for name in ["job-read-much", "manager-read-much"] {
        succeeds(&home(), name, &[]);
    }
}

#[test]
fn a_database_opened_again_and_again_costs_no_open_files() {
    let home = home();
    let database = Connection::open(home.path("home-assistant_v2.db")).unwrap();
    database.pragma_update(None, "journal_mode", "wal").unwrap();
    database.execute_batch("CREATE TABLE states (state); INSERT INTO states VALUES (1);").unwrap();
    let wanted = command(&home, &[], &["create", "--name", "job-database-again"]);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 100 && exec \"$0\" \"$@\""]).arg(wanted.get_program());
    command.args(wanted.get_args());
    Run::within(WATCHDOG, command).exits(0);
    assert!(fs::exists(MISBEHAVING).unwrap());
}
