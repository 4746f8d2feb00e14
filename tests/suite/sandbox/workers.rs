//! Workers: a failure in one fails the backup with a reason, and a worker has only its pieces.

use super::{fails, home, succeeds};

#[test]
fn what_goes_wrong_in_a_worker_is_a_failed_backup_with_the_reason() {
    let home = home();
    for (name, limit, says) in [
        ("job-pool-loop", "compute-time=1", "limit compute-time"),
        ("job-pool-memory", "memory=16", "limit memory"),
        ("job-pool-trap", "memory=64", "while it worked on worker-trap"),
        ("job-pool-refuse", "memory=64", "the worker will not do it"),
        ("job-pool-leave", "memory=64", "a worker for worker-leave ended before its work was done"),
        ("job-pool-huge", "memory=64", "it gave an answer of 5242880 bytes, more than"),
        ("job-pool-loop", "job-time=1", "limit job-time"),
    ] {
        fails(&home, name, &[limit], says);
    }
}

#[test]
fn a_worker_sees_no_home_no_backups_and_no_cache_and_starts_no_workers() {
    let home = home();
    let run = fails(&home, "job-pool-poor", &[], "only a job may start workers");
    for what in ["file", "objects", "cache", "store"] {
        assert!(run.stderr.contains(&format!("{what} =>")), "{what}: {}", run.stderr);
    }
}

#[test]
fn who_misuses_workers_is_told_or_stopped() {
    let home = home();
    for (name, limit, says) in [
        ("manager-pool-loop", "workers=2", "only a job may start workers"),
        ("job-pools-endless", "workers=3", "3 workers are running already (limit workers)"),
        ("job-pools-endless", "handles=20", "limit"),
        ("job-pool-full", "workers=1", "256 pieces are in progress already"),
        ("job-pool-put-huge", "workers=1", "a piece of 5242880 bytes is more than"),
        ("job-pool-take-nothing", "workers=1", "it waited for the answer to a piece that it had not put"),
        ("job-next-without", "workers=1", "it asked for a piece without being a worker"),
        ("manager-next-without", "workers=1", "it asked for a piece without being a worker"),
        ("job-give-without", "workers=1", "it gave an answer without being a worker"),
        ("job-pool-loop", "workers=0", "0 workers are running already (limit workers)"),
    ] {
        fails(&home, name, &[limit], says);
    }
}

#[test]
fn a_job_that_takes_no_answers_ends_and_takes_its_workers_with_it() {
    succeeds(&home(), "job-pool-ignore", &["workers=1"]);
}
