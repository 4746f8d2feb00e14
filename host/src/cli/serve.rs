//! `larder serve`: the service in the foreground, until a signal ends it.

use std::sync::mpsc::Receiver;
use std::thread::Builder;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::automations::many;
use super::{Answer, Status, text};
use crate::assemble::Setting;
use crate::automation::zone;
use crate::bus::{Event, LOG};
use crate::clock::Clock;
use crate::control::Control;
use crate::driver::Requests;
use crate::options::{BEHIND_JOBS, Limits, SERVICE_NICE};
use crate::pace;
use crate::service::Service;
use crate::terminal;
use crate::timezone::TimeZone;

/// Home Assistant's topic for what the backup manager does.
const EVENTS: &str = "backup/subscribe_events";

#[derive(Debug, Args)]
pub struct Serve {
    /// How far it stands back behind other programs that want the processor: 0, not at all, to 19
    #[arg(long, value_name = "NUMBER", default_value_t = SERVICE_NICE, value_parser = clap::value_parser!(u8).range(0..=19))]
    pub nice: u8,
    /// Whether disks work for it only when no other program wants them
    #[arg(long, value_enum, default_value = "idle")]
    pub io: Io,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Io {
    Idle,
    Normal,
}

pub(super) fn run(setting: &Setting, how: &Serve, verbose: bool) -> anyhow::Result<Answer> {
    let log = Log(setting.time_zone()?);
    // Threads that are started later stand where this one does.
    pace::step_back(how.nice, how.io == Io::Idle).iter().for_each(|notice| log.say(notice));
    let workers_nice = if how.nice > 0 { BEHIND_JOBS } else { 0 };
    let limits = Limits { workers_nice, ..setting.limits.clone() };
    let setting = Setting { limits, ..setting.clone() };
    // From here on a signal ends it in an orderly way, however early it comes.
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    let host = setting.writer("serve")?;
    let most = setting.limits.stop_time.as_secs();
    let events = host.bus.subscribe();
    let bus = host.bus.clone();
    let mut service = Service::new(host);
    for notice in service.host().notices.drain(..) {
        log.say(&text::plain(&notice, ""));
    }
    let zone = log.0.get();
    zone.problems.iter().for_each(|problem| log.say(&format!("error: {}", text::plain(problem, ""))));
    log.say(&format!("time zone {}", text::plain(&zone.described(), "")));
    let stop = service.stop();
    let requests = service.driver().requests();
    let _control = open(&mut service, &requests, &log);
    log.say(&format!("serving; {}{}", next(&mut service)?, automations(&mut service)));
    let handle = signals.handle();
    let log = &log;
    let finished = std::thread::scope(|scope| -> anyhow::Result<bool> {
        let obey = move || {
            for signal in signals.forever() {
                if signal == SIGHUP {
                    reload(&requests, log);
                    continue;
                }
                log.say(&format!("stopping; work that is under way gets {most} s (limit stop-time)"));
                stop.set();
                return;
            }
        };
        // Without either of them it could not be stopped, or would say nothing.
        let thread = |name: &str| Builder::new().name(name.to_owned());
        thread("signals").spawn_scoped(scope, obey).context("no thread for signals")?;
        let following = thread("log").spawn_scoped(scope, move || follow(&events, verbose, log));
        let finished = following.map(|_| service.run());
        bus.close();
        handle.close();
        finished.context("no thread for the log")
    })?;
    match finished {
        true => {
            Ok(Answer { json: json!({"stopped": true}), text: "Stopped.\n".into(), status: Status::Done })
        }
        false => Err(anyhow::anyhow!(
            "stopped in the middle of a backup, which took longer than {most} s more (limit stop-time): nothing of it is kept"
        )),
    }
}

/// When the next automatic backup is, in a person's words.
fn next(service: &mut Service) -> anyhow::Result<String> {
    let answer = service.host().call("backup.schedule", &json!({"count": 1}).to_string())?;
    let runs: Value = serde_json::from_str(&answer)?;
    Ok(match text::list(&runs, "runs").first() {
        Some(run) => format!("the next automatic backup is at {}", text::word(run, "local")),
        None => "no automatic backups are planned: see larder settings".into(),
    })
}

/// How many automations there are, unless there are none.
fn automations(service: &mut Service) -> String {
    match service.driver().list().as_array().map_or(0, Vec::len) {
        0 => String::new(),
        count => format!("; {}", many(count as u64)),
    }
}

/// The door for `larder automations`. Without it the service does all else.
fn open(service: &mut Service, requests: &Requests, log: &Log) -> Option<Control> {
    let answer = requests.clone().answering(service.host().bus.clone());
    let opened = Control::open(&service.host().places.state, answer);
    opened.map_err(|error| log.say(&format!("{error}: other commands cannot ask this service"))).ok()
}

fn reload(requests: &Requests, log: &Log) {
    match requests.ask("reload", json!({})).recv() {
        Ok(Ok(done)) => {
            text::list(&done, "problems")
                .iter()
                .filter_map(Value::as_str)
                .for_each(|it| log.say(&text::plain(it, "")));
            log.say(&format!("reloaded: {}", many(text::number(&done, "automations"))));
        }
        Ok(Err(failure)) => log.say(&text::plain(&failure.message, "")),
        // The service is about to end.
        Err(_) => {}
    }
}

fn follow(events: &Receiver<Event>, verbose: bool, log: &Log) {
    while let Ok(event) = events.recv() {
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        match event.topic.as_str() {
            LOG => log.say(&text::word(&data, "message")),
            EVENTS if data.get("state").is_some() => log.say(&stage(&data)),
            _ if verbose => log.say(&text::plain(&format!("{}: {}", event.topic, event.data), "")),
            _ => {}
        }
    }
}

fn stage(data: &Value) -> String {
    let words =
        ["manager_state", "stage", "state", "reason"].map(|key| data.get(key).and_then(Value::as_str));
    words.into_iter().flatten().map(|word| text::plain(word, "")).collect::<Vec<_>>().join(" ")
}

/// Where the service says what happens: each line with the time that the home's clocks show.
struct Log(TimeZone);

impl Log {
    fn say(&self, line: &str) {
        let now = zone::utc(Clock::default().now()).with_timezone(&self.0.get().zone);
        terminal::say(&format!("{} {line}", now.format("%Y-%m-%d %H:%M:%S %:z")));
    }
}
