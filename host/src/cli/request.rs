//! Who does an action, and how it is asked: this process, or the service that runs for the home.

use std::time::Instant;

use serde_json::{Value, json};

use super::args::Global;
use super::commands::verify::remember;
use super::host::{need_home, say_notices, say_zone_problems};
use super::interrupt::{self, Interrupted, Working};
use super::is_interrupted;
use super::progress::Progress;
use crate::assemble::{Host, Setting};
use crate::error::Error;
use crate::home::bus::Bus;
use crate::options::{POLL_INTERVAL, SERVICE_START_WAIT};
use crate::process::terminal::say;
use crate::runtime::Failure;
use crate::service::control::{Connection, NOT_BEGUN};

/// Calls an action in this process while its progress is shown. The data may hold a password: nothing of it is left when this
/// returns.
pub(super) fn call(host: &mut Host, global: &Global, action: &str, data: Value) -> anyhow::Result<Value> {
    say_notices(host);
    let text = data.to_string();
    drop(data);
    let (events, mut done) = (host.bus.subscribe(), None);
    let mut progress = Progress::new(global);
    let _working = Working::here();
    let mut call = host.begin(action, &text)?;
    drop(text);
    let answer = loop {
        let answer = host.poll(&mut call, POLL_INTERVAL);
        for event in events.try_iter() {
            progress.heard(&event);
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
    say_notices(host);
    Ok(serde_json::from_str(&answer?)?)
}

/// Does an action that changes something: by the service that runs for this home, else here, alone, for `purpose`.
pub(super) fn change(
    setting: &Setting,
    global: &Global,
    purpose: &str,
    action: &str,
    data: Value,
) -> anyhow::Result<Value> {
    // Of several things to do, none is begun after a signal.
    if let Some(signal) = interrupt::signal() {
        return Err(Interrupted::new(signal, action, None, Bus::default().subscribe()).into());
    }
    for _ in 0..TRIES {
        match doer(setting, purpose)? {
            Doer::Service(connection) => match through(connection, setting, global, action, data.clone()) {
                // It was about to end.
                Err(error) if is_not_begun(&error) => {}
                answer => return answer,
            },
            Doer::Here(host) => return here(*host, setting, global, (purpose, action), data),
        }
    }
    Err(anyhow::anyhow!("the service ends and starts again and again; see its log"))
}

/// How often a service is asked that ends meanwhile.
const TRIES: u32 = 5;

fn is_not_begun(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Failure>().is_some_and(|failure| failure.code == NOT_BEGUN)
}

/// Does an action in this process.
pub(super) fn here(
    mut host: Host,
    setting: &Setting,
    global: &Global,
    (purpose, action): (&str, &str),
    data: Value,
) -> anyhow::Result<Value> {
    say_zone_problems(&host);
    let answer = call(&mut host, global, action, data);
    drop(host);
    // What a signal cut off is put on record at once, for whoever looks next: this command says what became of it.
    if answer.as_ref().is_err_and(is_interrupted) {
        // When that cannot be, the next command does it.
        let _ = setting.writer(purpose);
    }
    answer
}

pub(super) enum Doer {
    Service(Connection),
    Here(Box<Host>),
}

/// Who does what changes something. A service that is starting is waited for.
pub(super) fn doer(setting: &Setting, purpose: &str) -> anyhow::Result<Doer> {
    need_home(setting)?;
    let state = setting.places()?.state;
    let end = Instant::now() + SERVICE_START_WAIT;
    let mut is_told = false;
    loop {
        if let Some(connection) = Connection::open(&state) {
            return Ok(Doer::Service(connection));
        }
        match setting.writer(purpose) {
            Ok(host) => return Ok(Doer::Here(Box::new(host))),
            Err(Error::Served(_)) if Instant::now() < end => {
                if !std::mem::replace(&mut is_told, true) {
                    say("waiting for the service, which is starting");
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Stores objects: alone, for `purpose`, or beside the service, which then hears of what was found good.
pub(super) fn store(
    setting: &Setting,
    global: &Global,
    purpose: &str,
    action: &str,
    data: Value,
) -> anyhow::Result<Value> {
    match doer(setting, purpose)? {
        Doer::Here(host) => here(*host, setting, global, (purpose, action), data),
        Doer::Service(connection) => {
            drop(connection);
            let stored = call(&mut setting.storing()?, global, action, data)?;
            remember(setting, global, &stored);
            Ok(stored)
        }
    }
}

/// Has the service do an action, while its progress is shown.
pub(super) fn through(
    connection: Connection,
    setting: &Setting,
    global: &Global,
    action: &str,
    data: Value,
) -> anyhow::Result<Value> {
    if !global.limits.is_empty() || global.plugin.is_some() {
        say("note: the running service does this, with its own limits and plugin");
    }
    let request = json!({"action": action, "data": data, "backups": setting.places()?.backups});
    drop(data);
    let mut progress = Progress::new(global);
    let _working = Working::in_service();
    let mut listener = |event: &_| progress.heard(event);
    let listener = if global.json { None } else { Some(&mut listener as _) };
    Ok(connection.ask("call", &request, listener)?)
}

/// What the running service answers; none when there is none.
pub(super) fn asked(setting: &Setting, command: &str, data: &Value) -> anyhow::Result<Option<Value>> {
    need_home(setting)?;
    let connection = Connection::open(&setting.places()?.state);
    match connection.map(|it| it.ask(command, data, None)) {
        // It was about to end.
        Some(Err(failure)) if failure.code == NOT_BEGUN => Ok(None),
        answer => Ok(answer.transpose()?),
    }
}
