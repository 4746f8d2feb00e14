//! The log of `larder serve`, and signals while it cannot be read.

use std::fs;
use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};
use larder_tests::Serving;
use rustix::process::Signal;

use super::serving::{due, json_of, serve};
use super::{Pause, home, store};

#[test]
fn its_log_tells_sentences_with_levels_in_the_zone_of_the_home() {
    let home = due();
    home.write(".storage/core.config", r#"{"data": {"time_zone": "Asia/Kathmandu"}}"#);
    let mut planned = json_of(&home);
    let at = planned["data"]["larder"]["planned"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    let there = (at + TimeDelta::minutes(345)).format("%H:%M:%S").to_string();
    planned["data"]["config"]["schedule"]["time"] = there.into();
    store(&home, planned.to_string());
    let mut serving = Serving::start(serve(&home));
    serving.until("info: automatic backup started (daily at ");
    let made = serving.until(", verified");
    let next = serving.until("info: the next automatic backup is at ");
    serving.signal(Signal::TERM);
    assert_eq!(serving.ends(), Some(0));
    let (stamp, sentence) = made.split_at(27);
    assert!(stamp.ends_with(" +05:45 "), "{made}");
    let id = &home.larder(&["--json", "list"]).exits(0).json()["backups"][0]["backup_id"];
    let start = format!(
        "info: automatic backup {} (Automatic backup 2026.11.0) made in backup.local: ",
        id.as_str().unwrap()
    );
    assert!(sentence.starts_with(&start), "{made}");
    assert!(next.ends_with(" +05:45"), "{next}");
    let said = serving.log();
    assert!(said.lines().last().unwrap().ends_with(" info: stopped"), "{said}");
    assert!(
        said.lines().all(|line| [" info: ", " warning: "].iter().any(|level| line.contains(level))),
        "{said}"
    );
}

#[test]
fn twice_verbose_shows_events_and_once_what_they_mean() {
    for (flag, shows, leaves_out) in [
        ("-v", "debug: automatic backup: writing the backup", "state_changed"),
        ("-vv", "debug: state_changed: {", "?"),
    ] {
        let home = due();
        let mut serving = Serving::start(home.command(&[flag, "serve"]));
        serving.until(", verified");
        serving.signal(Signal::TERM);
        serving.ends();
        let said = serving.log();
        assert!(said.contains(shows) && !said.contains(leaves_out), "{flag}: {said}");
    }
}

/// Logs that cannot be read: on a full disk, and through a pipe whose reader has gone or does not read.
#[test]
fn a_log_that_cannot_be_written_ends_nothing_and_signals_are_obeyed() {
    for log in ["/dev/full", "gone", "still"] {
        let home = due();
        home.write("automations.yaml", "[]");
        let mut command = serve(&home);
        let reader = match log {
            "/dev/full" => {
                command.stderr(fs::OpenOptions::new().write(true).open(log).unwrap());
                None
            }
            _ => {
                let (reader, mut writer) = std::io::pipe().unwrap();
                if log == "still" {
                    // No more than is there already.
                    rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::NONBLOCK).unwrap();
                    while std::io::Write::write(&mut writer, &[b'x'; 4096]).is_ok() {}
                    rustix::fs::fcntl_setfl(&writer, rustix::fs::OFlags::empty()).unwrap();
                }
                command.stderr(writer);
                (log == "still").then_some(reader)
            }
        };
        let mut child =
            command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).spawn().unwrap();
        drop(command);
        while home.archives().is_empty() {
            assert!(child.try_wait().unwrap().is_none(), "{log}: it has ended");
            std::thread::yield_now();
        }
        for signal in [Signal::HUP, Signal::HUP, Signal::TERM] {
            rustix::process::kill_process(rustix::process::Pid::from_child(&child), signal).unwrap();
        }
        assert_eq!(child.wait().unwrap().code(), Some(0), "{log}");
        drop(reader);
    }
}

#[test]
fn a_hang_up_ends_it_on_a_terminal_and_reloads_elsewhere() {
    let home = home();
    // A separate session with its own terminal, which is gone when `script` is.
    let served = serve(&home);
    let words = std::iter::once(served.get_program()).chain(served.get_args());
    let words: Vec<_> = words.map(|word| format!("'{}'", word.display())).collect();
    let log = home.root().join("typescript");
    let mut script = Command::new("script");
    script.args(["-qefc", &words.join(" ")]).arg(&log);
    script.envs(served.get_envs().filter_map(|(name, value)| Some((name, value?))));
    script.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
    let Ok(mut terminal) = script.spawn() else { return };
    let said = || fs::read_to_string(&log).unwrap_or_default();
    while !said().contains("serving; ") {
        assert!(terminal.try_wait().unwrap().is_none(), "{}", said());
        std::thread::yield_now();
    }
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    // Its lock is free again.
    home.larder(&["create"]).exits(0);

    let mut serving = Serving::start(serve(&home));
    serving.signal(Signal::HUP);
    serving.until("reloaded: ");
    serving.signal(Signal::TERM);
    assert_eq!(serving.ends(), Some(0));
}

#[test]
fn a_pause_of_the_whole_process_counts_against_no_limit() {
    let home = due();
    let pause = Pause::new(&home);
    let mut serving =
        Serving::begin(pause.at("draft: append", home.command(&["--limit", "host-time=4", "serve"])));
    serving.until("paused");
    serving.signal(Signal::STOP);
    // It is stopped for longer than the limit: that is what is tested.
    std::thread::sleep(std::time::Duration::from_secs(6));
    serving.signal(Signal::CONT);
    pause.release();
    serving.until(", verified");
    assert_eq!(home.archives().len(), 1);
}
