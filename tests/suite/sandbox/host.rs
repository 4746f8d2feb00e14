//! The host survives: what happens after a plugin misbehaves, in the same process and at its end.

use std::sync::mpsc::{RecvTimeoutError, channel};

use larder::assemble::{Host, HostSetup};
use larder::tunables::Limits;
use larder_tests::TestHome;

use super::{MISBEHAVING, WATCHDOG, fails, home, state_of, succeeds};

fn host(home: &TestHome, limits: &[&str]) -> Host {
    let mut chosen = Limits::default();
    limits.iter().for_each(|limit| chosen.set(limit).unwrap());
    let setting = HostSetup {
        config: Some(home.config()),
        state: Some(home.state()),
        plugin: Some(MISBEHAVING.into()),
        limits: chosen,
        ..HostSetup::default()
    };
    setting.writer("test").unwrap()
}

fn call(host: &mut Host, deed: &str) -> Result<String, String> {
    let data = serde_json::json!({"name": deed}).to_string();
    in_time(|| host.call("backup.generate", &data).map_err(|failure| failure.message))
}

/// Runs work that must end by itself. If it does not, all tests have to be ended.
fn in_time<T>(work: impl FnOnce() -> T) -> T {
    let (done, ended) = channel::<()>();
    std::thread::spawn(move || {
        if ended.recv_timeout(WATCHDOG) == Err(RecvTimeoutError::Timeout) {
            eprintln!("a call did not end within {WATCHDOG:?}");
            std::process::abort();
        }
    });
    let outcome = work();
    drop(done);
    outcome
}

#[test]
fn the_manager_answers_after_every_job_that_misbehaved() {
    let home = home();
    let mut host = host(&home, &["compute-time=1", "memory=64"]);
    for deed in ["loop", "memory", "trap", "panic", "overflow", "deepen", "exit", "garbage", "progress-huge"]
    {
        let failed = call(&mut host, &format!("job-{deed}"));
        assert_eq!(failed.is_err(), deed != "progress-huge", "{deed}: {failed:?}");
        assert_eq!(call(&mut host, "job-good").as_deref(), Ok(r#"{"good": true}"#), "after {deed}");
        assert_eq!(call(&mut host, "manager-good").as_deref(), Ok(r#"{"good": true}"#), "after {deed}");
    }
}

#[test]
fn a_manager_that_died_says_why_to_every_later_call() {
    for (deed, limit, says) in [
        ("manager-trap", "compute-time=60", "unreachable"),
        ("manager-loop", "compute-time=1", "limit compute-time"),
        ("manager-sleep", "host-time=1", "limit host-time"),
        ("manager-yield", "action-time=1", "limit action-time"),
        ("manager-job-again", "compute-time=60", "it waited for the job good, which had finished"),
        ("manager-emit-garbage", "compute-time=60", "not JSON"),
    ] {
        let home = home();
        let mut host = host(&home, &[limit]);
        let first = call(&mut host, deed).unwrap_err();
        assert!(first.contains(says), "{deed}: {first}");
        for later in ["manager-good", "job-good"] {
            assert_eq!(call(&mut host, later), Err(first.clone()), "{later} after {deed}");
        }
    }
}

#[test]
fn a_job_of_any_name_is_only_a_job() {
    fails(&home(), "manager-job-nul", &[], "there is no deed");
}

#[test]
fn what_a_dropped_or_abandoned_job_holds_is_gone_when_the_command_ends() {
    let home = home();
    for name in ["manager-job-dropped", "manager-job-left"] {
        succeeds(&home, name, &[]);
    }
    fails(&home, "manager-job-and-trap", &[], "unreachable");
}

#[test]
fn a_host_that_is_dropped_leaves_no_job_running() {
    let home = home();
    let before = state_of(&home);
    let mut host = host(&home, &[]);
    assert!(call(&mut host, "manager-job-left").is_ok());
    drop(host);
    assert_eq!(state_of(&home), before);
}

#[test]
fn a_listener_that_does_not_listen_misses_what_is_too_much_and_is_told() {
    let home = home();
    let mut host = host(&home, &["compute-time=1"]);
    let events = host.bus.subscribe();
    assert!(call(&mut host, "manager-emit-endless").is_err());
    let heard: Vec<_> = events.try_iter().collect();
    assert_eq!(heard.len(), 1025, "so many events were kept for it");
    assert_eq!(heard.last().unwrap().topic, larder::home::bus::MISSED);
}
