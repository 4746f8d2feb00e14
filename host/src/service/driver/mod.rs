//! The driver: the automations at work on the host. What happens becomes events of the engine, what the engine wants done is done.
//!
//! Decides nothing: the engine does (`automation`). Runs on the service's thread and never waits.

mod actions;
mod events;
mod inventory;
mod memory;
mod notifications;
mod requests;

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use crate::assemble::Host;
use crate::automation::files::Loaded;
use crate::automation::home::{Event, Home};
use crate::automation::run::{Effect, Engine};
use crate::automation::script::Failure;
use crate::home::bus;
use crate::home::bus::Level;
use crate::model::Timestamp;
use crate::options::automations::TOLD_AT_ONCE;
use crate::options::{MAX_ROUNDS, MAX_UNHEARD};
use crate::runtime;
use crate::time::timezone::HomeZone;
use actions::{Answer, Calls};
pub use inventory::inventory;
use memory::Memory;
pub use notifications::{Notification, Notifications};
use requests::{BY_HAND, Reply, Waiting};
pub use requests::{Request, Requests};

pub struct Driver {
    engine: Engine,
    home: Home,
    zone: HomeZone,
    events: bus::Listener,
    calls: Calls,
    answers: Receiver<Answer>,
    memory: Memory,
    requests: Receiver<Request>,
    asking: Requests,
    waiting: Vec<Waiting>,
    /// Actions that people asked for, and who waits for each.
    by_hand: Vec<(u64, Reply)>,
    next_by_hand: u64,
    is_started: bool,
}

/// What a reload did, for people.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Reloaded {
    /// Automations that are at work now.
    pub automations: usize,
    /// What is wrong in the files, with the place: those automations are left out.
    pub problems: Vec<String>,
    /// What is doubtful.
    pub warnings: Vec<String>,
}

impl Driver {
    /// Loads the automations of the host. Nothing is heard before the first `tick`.
    pub fn new(host: &mut Host) -> Self {
        let events = host.bus.subscribe_waking(host.scheduler().clone(), MAX_UNHEARD);
        let (answered, answers) = channel();
        let (asking, requests) = Requests::new(host.scheduler().clone());
        let mut driver = Self {
            engine: Engine::default(),
            home: events::home(host),
            zone: host.time_zone().get(),
            events,
            calls: Calls::new(host, answered),
            answers,
            memory: Memory::default(),
            requests,
            asking,
            waiting: Vec::new(),
            by_hand: Vec::new(),
            next_by_hand: 0,
            is_started: false,
        };
        let reloaded = driver.load(host);
        let said = reloaded.map_or_else(
            |problems| problems,
            |reloaded| reloaded.said().into_iter().map(|(_, line)| line).collect(),
        );
        for said in said {
            if !host.notices.contains(&said) {
                host.notices.push(said);
            }
        }
        driver.recall(host);
        driver.show_all(host);
        driver
    }

    /// Where other threads ask.
    pub fn requests(&self) -> Requests {
        self.asking.clone()
    }

    /// When `tick` has something to do, if nothing happens before.
    pub fn next(&self) -> Option<Timestamp> {
        self.engine.next().into_iter().chain(self.memory.due()).min()
    }

    /// Whether an action is under way that an automation waits for.
    pub fn is_busy(&self) -> bool {
        self.calls.are_under_way()
    }

    /// Deals with everything that happened and is due.
    pub fn tick(&mut self, host: &mut Host) {
        if !std::mem::replace(&mut self.is_started, true) {
            self.hear(host, &Event::Start, None);
        }
        self.follow_zone(host);
        for _ in 0..MAX_ROUNDS {
            if self.round(host) {
                continue;
            }
            self.show(host);
            // What it showed is heard, too.
            if !self.round(host) {
                self.save_if_due(host);
                return;
            }
        }
        // The rest comes next: others have to live, too.
        host.scheduler().wake();
    }

    /// The program is about to end: automations hear of it.
    pub fn shut_down(&mut self, host: &mut Host) {
        if self.is_started {
            self.hear(host, &Event::Shutdown, None);
        }
    }

    /// Ends every run and remembers what was.
    pub fn close(&mut self, host: &mut Host) {
        self.home.now = host.clock().now();
        let effects = self.engine.stop(&self.home);
        self.perform(host, effects);
        self.calls.close();
        self.give_up();
        self.save(host);
    }

    /// Reads the files anew. What did not change goes on. When nothing of them can be used, everything stays as it is.
    pub fn reload(&mut self, host: &mut Host) -> Result<Reloaded, Vec<String>> {
        let reloaded = self.load(host)?;
        self.show_all(host);
        Ok(reloaded)
    }

    fn load(&mut self, host: &mut Host) -> Result<Reloaded, Vec<String>> {
        let Some(sources) = &host.sources else {
            return Ok(Reloaded::default());
        };
        let configuration = match self.is_started {
            true => sources.configuration(),
            false => sources.configuration_at_start(),
        };
        let configuration = configuration.map_err(|problem| vec![problem])?;
        let mut loaded = sources.automations(&configuration);
        inventory(host, Some((sources, &configuration)), &sources.automations_file(&configuration))
            .check(&mut loaded);
        let Loaded { automations, problems, warnings, mut secrets, .. } = loaded;
        let [mut problems, warnings] =
            [problems, warnings].map(|told| told.iter().map(ToString::to_string).collect::<Vec<_>>());
        if automations.is_empty() && !problems.is_empty() && !self.engine.list().is_empty() {
            return Err(problems);
        }
        problems.extend(configuration.ignored.iter().cloned());
        secrets.extend(configuration.secrets.iter().cloned());
        if let Err(error) = self.calls.notify(host, configuration) {
            // At the start there is nothing else that could go on.
            if self.is_started {
                return Err(vec![error.to_string()]);
            }
            problems.push(format!("{error}; until then notify.NAME does not work"));
        }
        self.home.now = host.clock().now();
        let effects = self.engine.load(automations, secrets, &self.home);
        self.perform(host, effects);
        Ok(Reloaded { automations: self.engine.list().len(), problems, warnings })
    }

    /// One event, instant, answer or request; whether there was any.
    fn round(&mut self, host: &mut Host) -> bool {
        self.home.now = host.clock().now();
        if let Ok(event) = self.events.try_recv() {
            self.heard(host, &event);
            return true;
        }
        if self.engine.next().is_some_and(|at| at <= self.home.now) {
            self.hear(host, &Event::Time, None);
            return true;
        }
        self.calls.poll(host);
        // What was told before an answer is heard before it.
        if let Ok(event) = self.events.try_recv() {
            self.heard(host, &event);
            return true;
        }
        if let Ok(Answer { run, call, result, code }) = self.answers.try_recv() {
            self.calls.over(run, call);
            match run {
                BY_HAND => {
                    let result =
                        result.map_err(|failure| runtime::Failure { code, message: failure.message });
                    self.answered_by_hand(call, &result);
                }
                run => self.answered(host, run, call, result),
            }
            return true;
        }
        match self.requests.try_recv() {
            Ok(request) => {
                self.asked(host, request);
                true
            }
            Err(_) => false,
        }
    }

    fn hear(&mut self, host: &mut Host, event: &Event, cause: Option<u64>) {
        self.home.now = host.clock().now();
        let effects = self.engine.handle(event, cause, &self.home);
        self.perform(host, effects);
    }

    fn answered(&mut self, host: &mut Host, run: u64, call: u64, result: Result<Value, Failure>) {
        let effects = self.engine.answer(run, call, result, &self.home);
        self.perform(host, effects);
    }

    fn perform(&mut self, host: &mut Host, effects: Vec<Effect>) {
        let mut queue = VecDeque::from(effects);
        while let Some(effect) = queue.pop_front() {
            match effect {
                Effect::Call { run, call, action, data, target, .. } => {
                    self.call(host, (run, call), &action, data, target);
                }
                Effect::Fire { run, name, data } => {
                    host.bus
                        .emit(&bus::Event { cause: Some(run), ..bus::Event::new(name, data.to_string()) });
                }
                Effect::Notice { message, .. } => host.bus.log(bus::Level::Warning, &message),
                Effect::Ended { run, .. } => self.ended(host, run),
            }
        }
    }
}

impl Reloaded {
    /// What people should know: the first problems and warnings, and where the others are.
    fn said(&self) -> Vec<(Level, String)> {
        let mut said = Vec::new();
        for (lines, level, what) in
            [(&self.problems, Level::Error, "problems"), (&self.warnings, Level::Warning, "warnings")]
        {
            said.extend(lines.iter().take(TOLD_AT_ONCE).map(|line| (level, line.clone())));
            let more = lines.len().saturating_sub(TOLD_AT_ONCE);
            said.extend((more > 0).then(|| {
                (
                    level,
                    format!(
                        "{more} more {} in the automations: `larder automations check` shows all",
                        if more == 1 { what.trim_end_matches('s') } else { what }
                    ),
                )
            }));
        }
        said
    }
}
