//! `larder serve`: runs the service in the foreground until a signal stops it.

use std::thread::Builder;

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::text::automations_count;
use crate::cli::value;
use crate::home::bus::{LOG, Level, Listener, MISSED};
use crate::process::log::Log;
use crate::process::priority;
use crate::process::terminal::Session;
use crate::service::control::Control;
use crate::service::driver::Requests;
use crate::service::{Service, Stop};
use crate::tunables::{BEHIND_JOBS, Limits, SERVICE_NICE};

/// With this many `-v`, events are logged, too.
const EVENTS: u8 = 2;

#[derive(Debug, Args)]
pub struct Serve {
    /// The niceness of the service: 0 (normal) to 19 (lowest processor priority)
    #[arg(long, value_name = "NUMBER", default_value_t = SERVICE_NICE, value_parser = clap::value_parser!(u8).range(0..=19))]
    pub nice: u8,
    /// The disk priority of the service: idle lets other programs go first
    #[arg(long, value_enum, default_value = "idle")]
    pub io: Io,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Io {
    Idle,
    Normal,
}

pub(crate) fn run(setup: &HostSetup, args: &Serve, verbose: u8) -> anyhow::Result<Answer> {
    // Threads that are started later, such as the log's, inherit this priority.
    let notices = priority::lower(args.nice, args.io == Io::Idle);
    let level = if verbose > 0 { Level::Debug } else { Level::Info };
    let zone = setup.time_zone()?;
    let log = Log::new(zone.clone(), level).context("cannot start the log thread")?;
    let own = log.clone();
    std::panic::set_hook(Box::new(move |panic| own.panicked(panic)));
    notices.iter().for_each(|notice| log.warn(notice));
    let workers_nice = if args.nice > 0 { BEHIND_JOBS } else { 0 };
    let limits = Limits { workers_nice, ..setup.limits.clone() };
    let setup = HostSetup { limits, ..setup.clone() };
    let session = Session::now();
    // From here on, a signal stops the service cleanly, however early it arrives.
    let signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    let host = setup.writer("serve")?;
    let most = setup.limits.stop_time.as_secs();
    let events = if verbose >= EVENTS { host.bus.subscribe() } else { host.bus.subscribe_to(LOG) };
    let mut service = Service::new(host);
    service.host().notices.drain(..).for_each(|notice| log.warn(notice));
    let zone = zone.get();
    zone.problems.iter().for_each(|problem| log.error(problem));
    log.info(format!("time zone {}", zone.described()));
    let requests = service.driver().requests();
    let _control = open_control(&mut service, &requests, &log);
    log.info(format!("serving; {}{}", next_backup(&mut service)?, automations(&mut service)));
    let handler = SignalHandler { session, requests, stop: service.stop(), log: log.clone(), most };
    let is_finished = serve(service, signals, handler, events)?;
    let answer = describe_end(is_finished, most, &log);
    log.finish();
    Ok(answer)
}

/// Serves until a signal. Returns whether all work under way finished.
fn serve(
    service: Service,
    mut signals: Signals,
    handler: SignalHandler,
    events: Listener,
) -> anyhow::Result<bool> {
    // Without these threads, the service could not be stopped or would log nothing.
    let thread = |name: &str| Builder::new().name(name.to_owned());
    let (handle, log) = (signals.handle(), handler.log.clone());
    let bus = service.bus();
    let handling = thread("signals").spawn(move || handler.run(&mut signals));
    handling.context("cannot start the signal thread")?;
    let following = thread("events").spawn(move || follow(&events, &log));
    let following = following.context("cannot start the event thread")?;
    let is_finished = service.run();
    bus.close();
    // All messages are logged before the last line.
    let _ = following.join();
    handle.close();
    Ok(is_finished)
}

fn describe_end(is_finished: bool, most: u64, log: &Log) -> Answer {
    let (json, status) = match is_finished {
        true => {
            log.info("stopped");
            (json!({"stopped": true}), ExitStatus::Done)
        }
        false => {
            let message = format!(
                "stopped during a backup that needed more than {most} s to finish (limit stop-time); its partial file is discarded"
            );
            log.error(&message);
            (json!({"error": {"code": "failed", "message": message}}), ExitStatus::Failed)
        }
    };
    Answer { json, text: String::new(), status }
}

/// Reacts to signals.
struct SignalHandler {
    session: Session,
    requests: Requests,
    stop: Stop,
    log: Log,
    most: u64,
}

impl SignalHandler {
    fn run(&self, signals: &mut Signals) {
        for signal in signals.forever() {
            match signal {
                SIGHUP if !self.session.is_over() => self.reload(),
                SIGHUP => return self.stop("the terminal is gone: "),
                _ => return self.stop(""),
            }
        }
    }

    fn stop(&self, why: &str) {
        let most = self.most;
        self.log.info(format!("{why}stopping; work under way has {most} s to finish (limit stop-time)"));
        self.stop.set();
    }

    /// Another thread waits for the result, because the next signal may be a stop.
    fn reload(&self) {
        let answer = self.requests.send("reload", json!({}));
        let log = self.log.clone();
        let report = move || match answer.recv() {
            Ok(Ok(done)) => {
                let problems = value::list(&done, "problems");
                problems.iter().filter_map(Value::as_str).for_each(|problem| log.error(problem));
                log.info(format!("reloaded: {}", automations_count(value::number(&done, "automations"))));
            }
            Ok(Err(failure)) => log.error(failure.message),
            // The service is stopping.
            Err(_) => {}
        };
        if Builder::new().name("reload".into()).spawn(report).is_err() {
            self.log.error("cannot start a thread that waits for the reload; its result is not logged");
        }
    }
}

/// A sentence about the next automatic backup.
fn next_backup(service: &mut Service) -> anyhow::Result<String> {
    let answer = service.host().call("backup.schedule", &json!({"count": 1}).to_string())?;
    let runs: Value = serde_json::from_str(&answer)?;
    Ok(match value::list(&runs, "runs").first() {
        Some(run) => format!("the next automatic backup is at {}", value::string(run, "local")),
        None if runs.get("waits") == Some(&Value::Bool(true)) => value::string(&runs, "reason"),
        None => "no automatic backups are planned; see `larder settings`".into(),
    })
}

/// The number of automations. Empty if there are none.
fn automations(service: &mut Service) -> String {
    match service.driver().list().as_array().map_or(0, Vec::len) {
        0 => String::new(),
        count => format!("; {}", automations_count(count as u64)),
    }
}

/// Opens the control socket. Without it, the service still does everything else.
fn open_control(service: &mut Service, requests: &Requests, log: &Log) -> Option<Control> {
    let answer = requests.clone().answering(service.host().bus.clone());
    let opened = Control::open(&service.host().places.state, answer);
    opened.map_err(|error| log.error(format!("{error}; other commands cannot reach this service"))).ok()
}

/// Logs messages, and other events if they were subscribed to.
fn follow(events: &Listener, log: &Log) {
    for event in events.iter() {
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        match event.topic.as_str() {
            LOG => log.log(Level::of(&data), data.get("message").and_then(Value::as_str).unwrap_or_default()),
            MISSED => {
                let count = value::number(&data, "count");
                log.warn(format!("{count} messages are missing here: more was logged than could be written"));
            }
            topic => log.log(Level::Debug, &format!("{topic}: {}", event.data)),
        }
    }
}
