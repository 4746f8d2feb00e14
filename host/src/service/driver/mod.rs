//! The driver: connects the automation engine to the host. It passes bus events and the time to the engine, and carries out
//! the effects that the engine returns.
//!
//! Decides nothing: the engine does (`automation`). Runs on the service's thread and never blocks.

mod actions;
mod begun;
mod calls;
mod effects;
mod events;
mod handlers;
mod inventory;
mod notifications;
mod remembered;
mod requests;

use std::sync::mpsc::{Receiver, channel};

use serde_json::{Value, json};

use crate::automation::files::Loaded;
use crate::automation::home::{Event, Home};
use crate::automation::run::{Effect, Engine};
use crate::automation::script::Failure;
use crate::home::bus;
use crate::home::bus::Level;
use crate::model::Timestamp;
use crate::plugin::Plugin;
use crate::runtime;
use crate::service::host::Host;
use crate::time::timezone::HomeZone;
use crate::tunables::automations::TOLD_AT_ONCE;
use crate::tunables::{MAX_ROUNDS, MAX_UNHEARD};
use calls::{Answer, BY_HAND, Calls};
use inventory::home;
pub use inventory::inventory;
pub use notifications::{Notification, Notifications};
use requests::{Reply, RunWaiter};
pub use requests::{Request, Requests};

/// Home Assistant's event at its start.
const STARTED: &str = "homeassistant_started";
/// Home Assistant's event at its end.
const STOPPING: &str = "homeassistant_stop";

/// The automation engine at work on a host.
pub struct Driver {
    engine: Engine,
    home: Home,
    zone: HomeZone,
    events: bus::Listener,
    calls: Calls,
    answers: Receiver<Answer>,
    /// When what changed has to be saved.
    save_due: Option<Timestamp>,
    requests: Receiver<Request>,
    /// The sending end of `requests`.
    request_sender: Requests,
    run_waiters: Vec<RunWaiter>,
    /// Numbers of actions that users called, and where the answers go.
    manual_calls: Vec<(u64, Reply)>,
    /// The number of the next such call.
    next_call: u64,
    is_started: bool,
}

/// The outcome of a reload.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Reloaded {
    /// The number of automations that are loaded now.
    pub automations: usize,
    /// Errors in the files, each with its place. These automations are left out.
    pub problems: Vec<String>,
    /// Warnings about the files, each with its place.
    pub warnings: Vec<String>,
}

impl Driver {
    /// Loads the automations of the host. No event is processed before the first `tick`.
    pub fn new(host: &mut Host) -> Self {
        let events = host.bus.subscribe_waking(host.scheduler().clone(), MAX_UNHEARD);
        let (answer_sender, answers) = channel();
        let (request_sender, requests) = Requests::new(host.scheduler().clone());
        let mut driver = Self {
            engine: Engine::held(),
            home: home(host),
            zone: host.time_zone().get(),
            events,
            calls: Calls::new(host, answer_sender),
            answers,
            save_due: None,
            requests,
            request_sender,
            run_waiters: Vec::new(),
            manual_calls: Vec::new(),
            next_call: 0,
            is_started: false,
        };
        let (lines, effects) = match driver.load(host) {
            Ok((reloaded, effects)) => {
                (reloaded.log_lines().into_iter().map(|(_, line)| line).collect(), effects)
            }
            Err(problems) => (problems, Vec::new()),
        };
        driver.perform(host, effects);
        for line in lines {
            if !host.notices.contains(&line) {
                host.notices.push(line);
            }
        }
        driver.recall(host);
        // So far, there is nothing to save.
        driver.save_due = None;
        driver
    }

    /// The sending end for other threads.
    pub fn requests(&self) -> Requests {
        self.request_sender.clone()
    }

    /// When `tick` has something to do, unless an event comes earlier.
    pub fn next(&self) -> Option<Timestamp> {
        self.engine.next().into_iter().chain(self.save_due).min()
    }

    /// Whether a run or a user is waiting for an action in progress.
    pub fn is_busy(&self) -> bool {
        self.calls.are_under_way()
    }

    /// Processes everything that happened or is due.
    pub fn tick(&mut self, host: &mut Host) {
        if !self.is_started {
            self.read_events(host);
            // Home Assistant starts its automations when all integrations are set up.
            if !host.plugins().iter().any(Plugin::is_starting) {
                self.begin_watching(host);
            }
        }
        self.follow_zone(host);
        for _ in 0..MAX_ROUNDS {
            if !self.step(host) {
                self.save_if_due(host);
                return;
            }
        }
        // The rest waits for the next tick, so that the host's other work is not starved.
        host.scheduler().wake();
    }

    /// Starts watching, and fires the start trigger. What happened before fires nothing.
    fn begin_watching(&mut self, host: &mut Host) {
        self.is_started = true;
        self.home.now = host.clock().now();
        let effects = self.engine.watch(&self.home);
        self.perform(host, effects);
        self.handle(host, &Event::Start, None);
        self.handle(host, &Event::Named { name: STARTED.into(), data: json!({}) }, None);
    }

    /// Fires the shutdown trigger: the program is about to end.
    pub fn shut_down(&mut self, host: &mut Host) {
        if self.is_started {
            self.handle(host, &Event::Shutdown, None);
            self.handle(host, &Event::Named { name: STOPPING.into(), data: json!({}) }, None);
        }
    }

    /// Stops every run and saves the state of the automations.
    pub fn close(&mut self, host: &mut Host) {
        self.home.now = host.clock().now();
        let effects = self.engine.stop(&mut self.home);
        self.perform(host, effects);
        self.calls.close();
        self.fail_pending();
        self.save(host);
    }

    /// Reads the files again. Runs of unchanged automations continue. If no automation in the files is usable, nothing changes.
    fn reload(&mut self, host: &mut Host) -> Result<(Reloaded, Vec<Effect>), Vec<String>> {
        self.load(host)
    }

    fn load(&mut self, host: &mut Host) -> Result<(Reloaded, Vec<Effect>), Vec<String>> {
        let Some(sources) = &host.sources else {
            return Ok(Default::default());
        };
        let configuration = match self.is_started {
            true => sources.configuration(),
            false => sources.configuration_at_start(),
        };
        let configuration = configuration.map_err(|problem| vec![problem])?;
        let mut loaded = sources.automations(&configuration);
        inventory(host, Some((sources, &configuration)), &sources.automations_file(&configuration))
            .check(&mut loaded);
        let Loaded { automations, problems, warnings, custom_templates, mut secrets, .. } = loaded;
        let [mut problems, warnings] =
            [problems, warnings].map(|lines| lines.iter().map(ToString::to_string).collect::<Vec<_>>());
        if automations.is_empty() && !problems.is_empty() && !self.engine.list().is_empty() {
            return Err(problems);
        }
        problems.extend(configuration.ignored.iter().cloned());
        secrets.extend(configuration.secrets.iter().cloned());
        if let Err(error) = self.calls.configure_notifications(host, configuration) {
            // At the start there is no earlier configuration to keep.
            if self.is_started {
                return Err(vec![error.to_string()]);
            }
            problems.push(format!("{error}; until that is fixed, notify.NAME does not work"));
        }
        self.home.now = host.clock().now();
        self.engine.set_custom_templates(custom_templates);
        let effects = self.engine.load(automations, secrets, &mut self.home);
        Ok((Reloaded { automations: self.engine.list().len(), problems, warnings }, effects))
    }

    /// Processes one event, timer, answer or request. False if there was none.
    fn step(&mut self, host: &mut Host) -> bool {
        self.home.now = host.clock().now();
        if let Ok(event) = self.events.try_recv() {
            self.on_event(host, &event);
            return true;
        }
        if self.engine.next().is_some_and(|at| at <= self.home.now) {
            self.handle(host, &Event::Time, None);
            return true;
        }
        self.calls.poll(host);
        // Events that were emitted before an answer are processed before it.
        if let Ok(event) = self.events.try_recv() {
            self.on_event(host, &event);
            return true;
        }
        if let Ok(Answer { run, call, result, code }) = self.answers.try_recv() {
            self.calls.remove(run, call);
            match run {
                BY_HAND => {
                    let result =
                        result.map_err(|failure| runtime::Failure { code, message: failure.message });
                    self.finish_manual_call(call, &result);
                }
                run => self.finish_call(host, run, call, result),
            }
            return true;
        }
        match self.requests.try_recv() {
            Ok(request) => {
                self.handle_request(host, request);
                true
            }
            Err(_) => false,
        }
    }

    /// Passes an event to the engine and carries out the effects.
    fn handle(&mut self, host: &mut Host, event: &Event, cause: Option<u64>) {
        self.home.now = host.clock().now();
        let effects = self.engine.handle(event, cause, &mut self.home);
        self.perform(host, effects);
    }

    fn finish_call(&mut self, host: &mut Host, run: u64, call: u64, result: Result<Value, Failure>) {
        let effects = self.engine.answer(run, call, result, &mut self.home);
        self.perform(host, effects);
    }
}

impl Reloaded {
    /// Lines for the log: the first problems and warnings, and how to see the rest.
    fn log_lines(&self) -> Vec<(Level, String)> {
        let mut log = Vec::new();
        for (lines, level, what) in
            [(&self.problems, Level::Error, "problems"), (&self.warnings, Level::Warning, "warnings")]
        {
            log.extend(lines.iter().take(TOLD_AT_ONCE).map(|line| (level, line.clone())));
            let more = lines.len().saturating_sub(TOLD_AT_ONCE);
            log.extend((more > 0).then(|| {
                (
                    level,
                    format!(
                        "{more} more {} in the automations: `larder automations check` shows all",
                        if more == 1 { what.trim_end_matches('s') } else { what }
                    ),
                )
            }));
        }
        log
    }
}
