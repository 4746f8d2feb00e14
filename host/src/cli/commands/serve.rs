//! `larder serve`: the service in the foreground, until a signal ends it.

use std::thread::Builder;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::automations::many;
use crate::assemble::Setting;
use crate::cli::{Answer, Status, text};
use crate::home::bus::{LOG, Level, Listener, MISSED};
use crate::options::{BEHIND_JOBS, Limits, SERVICE_NICE};
use crate::process::log::Log;
use crate::process::priority;
use crate::process::terminal::Session;
use crate::service::control::Control;
use crate::service::driver::Requests;
use crate::service::{Service, Stop};

/// With this many `-v` events are shown, not only what they mean.
const EVENTS: u8 = 2;

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

pub(crate) fn run(setting: &Setting, how: &Serve, verbose: u8) -> anyhow::Result<Answer> {
    // Threads that are started later stand where this one does, that of the log, too.
    let notices = priority::lower(how.nice, how.io == Io::Idle);
    let least = if verbose > 0 { Level::Debug } else { Level::Info };
    let zone = setting.time_zone()?;
    let log = Log::new(zone.clone(), least).context("no thread for the log")?;
    let own = log.clone();
    std::panic::set_hook(Box::new(move |panic| own.panicked(panic)));
    notices.iter().for_each(|notice| log.warn(notice));
    let workers_nice = if how.nice > 0 { BEHIND_JOBS } else { 0 };
    let limits = Limits { workers_nice, ..setting.limits.clone() };
    let setting = Setting { limits, ..setting.clone() };
    let session = Session::now();
    // From here on a signal ends it in an orderly way, however early it comes.
    let signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    let host = setting.writer("serve")?;
    let most = setting.limits.stop_time.as_secs();
    let events = if verbose >= EVENTS { host.bus.subscribe() } else { host.bus.subscribe_to(LOG) };
    let mut service = Service::new(host);
    service.host().notices.drain(..).for_each(|notice| log.warn(notice));
    let zone = zone.get();
    zone.problems.iter().for_each(|problem| log.error(problem));
    log.info(format!("time zone {}", zone.described()));
    let requests = service.driver().requests();
    let _control = open(&mut service, &requests, &log);
    log.info(format!("serving; {}{}", next(&mut service)?, automations(&mut service)));
    let obeys = Obeys { session, requests, stop: service.stop(), log: log.clone(), most };
    let is_finished = serve(service, signals, obeys, events)?;
    let answer = ended(is_finished, most, &log);
    log.finish();
    Ok(answer)
}

/// Serves until it is told to stop: whether everything came to its end.
fn serve(service: Service, mut signals: Signals, obeys: Obeys, events: Listener) -> anyhow::Result<bool> {
    // Without either of them it could not be stopped, or would say nothing.
    let thread = |name: &str| Builder::new().name(name.to_owned());
    let (handle, log) = (signals.handle(), obeys.log.clone());
    let bus = service.bus();
    let obeying = thread("signals").spawn(move || obeys.forever(&mut signals));
    obeying.context("no thread for signals")?;
    let following = thread("events").spawn(move || follow(&events, &log));
    let following = following.context("no thread for what happens")?;
    let is_finished = service.run();
    bus.close();
    // All that was said comes before the last line.
    let _ = following.join();
    handle.close();
    Ok(is_finished)
}

fn ended(is_finished: bool, most: u64, log: &Log) -> Answer {
    let (json, status) = match is_finished {
        true => {
            log.info("stopped");
            (json!({"stopped": true}), Status::Done)
        }
        false => {
            let message = format!(
                "stopped in the middle of a backup, which took longer than {most} s more (limit stop-time): nothing of it is kept"
            );
            log.error(&message);
            (json!({"error": {"code": "failed", "message": message}}), Status::Failed)
        }
    };
    Answer { json, text: String::new(), status }
}

/// Does what signals say.
struct Obeys {
    session: Session,
    requests: Requests,
    stop: Stop,
    log: Log,
    most: u64,
}

impl Obeys {
    fn forever(&self, signals: &mut Signals) {
        for signal in signals.forever() {
            match signal {
                SIGHUP if !self.session.is_over() => self.reload(),
                SIGHUP => return self.end("the terminal is gone: "),
                _ => return self.end(""),
            }
        }
    }

    fn end(&self, why: &str) {
        let most = self.most;
        self.log.info(format!("{why}stopping; work that is under way gets {most} s (limit stop-time)"));
        self.stop.set();
    }

    /// Another thread waits for what comes of it: the next signal may be to stop.
    fn reload(&self) {
        let answer = self.requests.ask("reload", json!({}));
        let log = self.log.clone();
        let tell = move || match answer.recv() {
            Ok(Ok(done)) => {
                let problems = text::list(&done, "problems");
                problems.iter().filter_map(Value::as_str).for_each(|problem| log.error(problem));
                log.info(format!("reloaded: {}", many(text::number(&done, "automations"))));
            }
            Ok(Err(failure)) => log.error(failure.message),
            // The service is about to end.
            Err(_) => {}
        };
        if Builder::new().name("reload".into()).spawn(tell).is_err() {
            self.log.error("no thread to wait for the reload: what came of it is not told");
        }
    }
}

/// When the next automatic backup is, in a person's words.
fn next(service: &mut Service) -> anyhow::Result<String> {
    let answer = service.host().call("backup.schedule", &json!({"count": 1}).to_string())?;
    let runs: Value = serde_json::from_str(&answer)?;
    Ok(match text::list(&runs, "runs").first() {
        Some(run) => format!("the next automatic backup is at {}", text::word(run, "local")),
        None if runs.get("waits") == Some(&Value::Bool(true)) => text::word(&runs, "reason"),
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

/// The door for other commands. Without it the service does all else.
fn open(service: &mut Service, requests: &Requests, log: &Log) -> Option<Control> {
    let answer = requests.clone().answering(service.host().bus.clone());
    let opened = Control::open(&service.host().places.state, answer);
    opened.map_err(|error| log.error(format!("{error}: other commands cannot ask this service"))).ok()
}

/// Writes what people should know, and events if they are heard.
fn follow(events: &Listener, log: &Log) {
    for event in events.iter() {
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        match event.topic.as_str() {
            LOG => log.say(Level::of(&data), data.get("message").and_then(Value::as_str).unwrap_or_default()),
            MISSED => {
                let count = text::number(&data, "count");
                log.warn(format!("more happened than could be written: {count} messages are missing here"));
            }
            topic => log.say(Level::Debug, &format!("{topic}: {}", event.data)),
        }
    }
}
