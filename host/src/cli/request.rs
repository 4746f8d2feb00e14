//! Calling actions: in this process, or through the service that runs for the home.

use std::time::Instant;

use serde_json::{Value, json};

use super::global::Global;
use super::interrupt;
use super::interrupt::{Interrupted, Working, is_interrupted};
use super::progress::Progress;
use super::setup::{print_notices, print_zone_problems, require_home};
use crate::assemble::{Host, HostSetup};
use crate::error::Error;
use crate::home::bus::Bus;
use crate::process::terminal;
use crate::runtime::Failure;
use crate::service::control::{Connection, NOT_BEGUN};
use crate::tunables::{POLL_INTERVAL, SERVICE_START_WAIT};

/// Calls an action in this process while showing its progress. The data may hold a password: no copy is left when this returns.
pub(super) fn call(host: &mut Host, global: &Global, action: &str, data: Value) -> anyhow::Result<Value> {
    print_notices(host);
    let text = data.to_string();
    drop(data);
    let (events, mut done) = (host.bus.subscribe(), None);
    let mut progress = Progress::new(global);
    let _working = Working::in_process();
    let mut call = host.begin(action, &text)?;
    drop(text);
    let answer = loop {
        let answer = host.poll(&mut call, POLL_INTERVAL);
        for event in events.try_iter() {
            progress.on_event(&event);
            done = Some(event).filter(interrupt::is_done).or(done);
        }
        match (answer, interrupt::signal()) {
            (Some(answer), _) => break answer,
            (None, Some(signal)) => return Err(Interrupted::new(signal, action, done, events).into()),
            (None, None) => progress.tick(),
        }
    };
    drop(progress);
    host.steps.at("action: answered");
    host.notices.extend(host.plugins.iter().flat_map(|plugin| plugin.grants().documents.take_notices()));
    print_notices(host);
    Ok(serde_json::from_str(&answer?)?)
}

/// Calls an action that changes something: through the running service, or else in this process under the lock. `purpose` is one word,
/// shown to other processes.
pub(super) fn change(
    setup: &HostSetup,
    global: &Global,
    purpose: &str,
    action: &str,
    data: Value,
) -> anyhow::Result<Value> {
    // After a signal, the rest of several actions is not begun.
    if let Some(signal) = interrupt::signal() {
        return Err(Interrupted::new(signal, action, None, Bus::default().subscribe()).into());
    }
    for _ in 0..TRIES {
        match executor(setup, purpose)? {
            Executor::Service(connection) => {
                match call_service(connection, setup, global, action, data.clone()) {
                    // The service was stopping.
                    Err(error) if is_not_begun(&error) => {}
                    answer => return answer,
                }
            }
            Executor::InProcess(host) => {
                return call_in_process(*host, setup, global, (purpose, action), data);
            }
        }
    }
    Err(anyhow::anyhow!("the service keeps stopping and starting; see its log"))
}

/// How many times to try when the service stops before it begins.
const TRIES: u32 = 5;

fn is_not_begun(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Failure>().is_some_and(|failure| failure.code == NOT_BEGUN)
}

/// Calls an action in this process, on a host that holds the lock.
pub(super) fn call_in_process(
    mut host: Host,
    setup: &HostSetup,
    global: &Global,
    (purpose, action): (&str, &str),
    data: Value,
) -> anyhow::Result<Value> {
    print_zone_problems(&host);
    let answer = call(&mut host, global, action, data);
    drop(host);
    // After an interruption, clean up and record it now, so that the next command does not have to.
    if answer.as_ref().is_err_and(is_interrupted) {
        // If that fails, the next command does it.
        let _ = setup.writer(purpose);
    }
    answer
}

/// What carries out an action that changes something.
pub(super) enum Executor {
    Service(Connection),
    InProcess(Box<Host>),
}

/// The running service, or else a host of this process with the lock. Waits for a service that is starting.
pub(super) fn executor(setup: &HostSetup, purpose: &str) -> anyhow::Result<Executor> {
    require_home(setup)?;
    let state = setup.places()?.state;
    let end = Instant::now() + SERVICE_START_WAIT;
    let mut is_announced = false;
    loop {
        if let Some(connection) = Connection::open(&state) {
            return Ok(Executor::Service(connection));
        }
        match setup.writer(purpose) {
            Ok(host) => return Ok(Executor::InProcess(Box::new(host))),
            Err(Error::Served(_)) if Instant::now() < end => {
                if !std::mem::replace(&mut is_announced, true) {
                    terminal::message("waiting for the service to start");
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Calls an action in the service while showing its progress.
pub(super) fn call_service(
    connection: Connection,
    setup: &HostSetup,
    global: &Global,
    action: &str,
    data: Value,
) -> anyhow::Result<Value> {
    if !global.limits.is_empty() || global.plugin.is_some() {
        terminal::warn("the running service does this, with its own limits and plugin");
    }
    let request = json!({"action": action, "data": data, "backups": setup.places()?.backups});
    drop(data);
    let mut progress = Progress::new(global);
    let _working = Working::in_service();
    let mut listener = |event: &_| progress.on_event(event);
    let listener = if global.json { None } else { Some(&mut listener as _) };
    Ok(connection.ask("call", &request, listener)?)
}

/// The running service's answer to a request. `None` if no service is running.
pub(super) fn query_service(setup: &HostSetup, command: &str, data: &Value) -> anyhow::Result<Option<Value>> {
    require_home(setup)?;
    let connection = Connection::open(&setup.places()?.state);
    match connection.map(|it| it.ask(command, data, None)) {
        // The service was stopping.
        Some(Err(failure)) if failure.code == NOT_BEGUN => Ok(None),
        answer => Ok(answer.transpose()?),
    }
}
