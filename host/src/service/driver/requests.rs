//! What other threads ask about automations: the list, traces, a run by hand, a reload.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};

use serde_json::{Value, json};

use super::{Driver, Notifications, Reloaded};
use crate::assemble::Host;
use crate::home::bus::{Bus, Listener};
use crate::options::POLL_INTERVAL;
use crate::runtime::Failure;
use crate::service::control;
use crate::time::scheduler::Scheduler;

/// In place of a run's number: a person asked.
pub(super) const BY_HAND: u64 = 0;

/// Where the answer goes.
pub(super) type Reply = Sender<Result<Value, Failure>>;

/// Something asked, and where the answer goes.
pub struct Request {
    /// `list`, `trace`, `trigger`, `reload`, `call`, `states`.
    pub command: String,
    pub data: Value,
    pub reply: Reply,
}

/// Where to ask. Cheap to clone.
#[derive(Clone)]
pub struct Requests {
    sender: Sender<Request>,
    scheduler: Scheduler,
}

/// Somebody waits for the end of a run.
pub(super) struct Waiting {
    automation: String,
    run: u64,
    reply: Reply,
}

impl Requests {
    pub(super) fn new(scheduler: Scheduler) -> (Self, Receiver<Request>) {
        let (sender, receiver) = channel();
        (Self { sender, scheduler }, receiver)
    }

    /// Asks; the answer comes through what is returned, or its other end is dropped: nobody is there any more.
    pub fn ask(&self, command: &str, data: Value) -> Receiver<Result<Value, Failure>> {
        let (reply, answer) = channel();
        // Nobody there: the answer's other end goes with it.
        let _ = self.sender.send(Request { command: command.into(), data, reply });
        self.scheduler.wake();
        answer
    }

    /// Answers other commands: what the bus hears meanwhile is passed on to those that want it.
    pub fn answering(self, bus: Bus) -> control::Answer {
        Arc::new(move |request, listener| {
            let events = request.wants_events.then(|| bus.subscribe());
            let answer = self.ask(&request.command, request.data);
            loop {
                let answered = answer.recv_timeout(POLL_INTERVAL);
                events.iter().flat_map(Listener::try_iter).for_each(|event| listener(&event));
                match answered {
                    Ok(answer) => return answer,
                    Err(RecvTimeoutError::Disconnected) => {
                        return Err(control::not_begun());
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                }
            }
        })
    }
}

/// The entities, and the notifications in sight.
fn states(host: &Host) -> Value {
    let states = host.states().all();
    let states: Vec<_> = states.iter().map(|(id, state)| state.to_json(id)).collect();
    json!({"states": states, "notifications": Notifications::new(host.memory.clone()).all()})
}

/// Why an action that is meant for other backups than this service's must not be done by it.
fn elsewhere(host: &Host, data: &Value) -> Option<Failure> {
    let own = host.places.backups.as_deref().unwrap_or(Path::new(""));
    let asked = data.get("backups").and_then(Value::as_str).map(Path::new).filter(|asked| *asked != own)?;
    Some(failed(format!(
        "the running service keeps backups in {}, not in {}: name the same directory, or stop the service",
        own.display(),
        asked.display()
    )))
}

fn failed(message: String) -> Failure {
    Failure { code: "failed".into(), message }
}

impl Driver {
    pub(super) fn asked(&mut self, host: &mut Host, request: Request) {
        let Request { command, data, reply } = request;
        let name = data.get("name").and_then(Value::as_str).unwrap_or_default();
        let answer = match command.as_str() {
            "list" => Ok(self.list()),
            "trace" => self.traces(name).map_err(failed),
            "states" => Ok(states(host)),
            "reload" => self.reload_by_hand(host),
            "call" if let Some(failure) = elsewhere(host, &data) => Err(failure),
            "call" => {
                let action = data.get("action").and_then(Value::as_str).unwrap_or_default().to_owned();
                self.call_by_hand(host, &action, data.get("data").cloned().unwrap_or_default(), reply);
                return;
            }
            "trigger" => match self.trigger(host, name) {
                Ok(run) => {
                    self.waiting.push(Waiting { automation: name.into(), run, reply });
                    self.answer_waiting(run);
                    return;
                }
                Err(message) => Err(failed(message)),
            },
            _ => Err(failed(format!("there is no request {command}"))),
        };
        // Whoever asked may be gone.
        let _ = reply.send(answer);
    }

    fn reload_by_hand(&mut self, host: &mut Host) -> Result<Value, Failure> {
        match self.reload(host) {
            Ok(reloaded) => {
                // Whoever asked shows the problems.
                let warnings = Reloaded { problems: Vec::new(), ..reloaded.clone() };
                warnings.said().iter().for_each(|(level, line)| host.bus.log(*level, line));
                Ok(json!(reloaded))
            }
            Err(problems) => {
                let problems = problems.join("\n");
                Err(failed(format!("nothing was reloaded, everything goes on as before: {problems}")))
            }
        }
    }

    /// Every automation.
    pub fn list(&self) -> Value {
        let iso = |time: Option<crate::model::Timestamp>| time.map(crate::model::Timestamp::to_iso);
        let line = |listed: &crate::automation::run::Summary| {
            let mut line = json!(listed);
            if let Some(line) = line.as_object_mut() {
                line.insert("next".into(), json!(iso(listed.next)));
                line.insert("last_triggered".into(), json!(iso(listed.last_triggered)));
            }
            line
        };
        self.engine.list().iter().map(line).collect()
    }

    /// The last runs of one, the oldest first.
    pub fn traces(&self, name: &str) -> Result<Value, String> {
        self.engine.traces(name).map(|traces| json!(traces))
    }

    /// Begins a run by hand, without asking its conditions: its number.
    pub fn trigger(&mut self, host: &mut Host, name: &str) -> Result<u64, String> {
        self.home.now = host.clock().now();
        let effects = self.engine.start(name, false, &self.home)?;
        self.perform(host, effects);
        let last = self.engine.traces(name)?.into_iter().map(|trace| trace.run).max();
        last.ok_or_else(|| {
            format!("{name} was not run: it is stopped or waits for itself; `larder automations` says why")
        })
    }

    /// Begins an action that a person asks for: clients' actions, too.
    pub fn call_by_hand(&mut self, host: &mut Host, action: &str, data: Value, reply: Reply) {
        self.home.now = host.clock().now();
        let call = self.next_by_hand;
        self.next_by_hand += 1;
        self.by_hand.push((call, reply));
        self.call(host, (BY_HAND, call), action, data, Value::Null);
    }

    /// Gives the answer to whoever asked for the action.
    pub(super) fn answered_by_hand(&mut self, call: u64, result: &Result<Value, Failure>) {
        for (_, reply) in self.by_hand.extract_if(.., |(of, _)| *of == call) {
            // Whoever asked may be gone.
            let _ = reply.send(result.clone());
        }
    }

    /// Tells whoever waits that what was asked for does not come to its end.
    pub(super) fn give_up(&mut self) {
        let waiting = std::mem::take(&mut self.waiting).into_iter().map(|waiting| waiting.reply);
        let by_hand = std::mem::take(&mut self.by_hand).into_iter().map(|(_, reply)| reply);
        for reply in waiting.chain(by_hand) {
            // Whoever asked may be gone.
            let _ =
                reply.send(Err(failed("the service was stopped before this was done; see its log".into())));
        }
    }

    /// From now on automations run by hand only.
    pub fn sleep(&mut self) {
        self.engine.disable_triggers();
        self.is_started = true;
    }

    /// A run by hand and its trace, once it is over.
    pub fn trace_of(&self, name: &str, run: u64) -> Option<Value> {
        let traces = self.engine.traces(name).ok()?;
        let trace = traces.into_iter().find(|trace| trace.run == run)?;
        trace.ended.map(|_| json!(trace))
    }

    pub(super) fn ended(&mut self, host: &Host, run: u64) {
        self.memory.changed(host.clock().now());
        self.answer_waiting(run);
    }

    fn answer_waiting(&mut self, run: u64) {
        let (over, waiting) =
            std::mem::take(&mut self.waiting).into_iter().partition::<Vec<_>, _>(|waiting| {
                waiting.run == run && self.trace_of(&waiting.automation, run).is_some()
            });
        self.waiting = waiting;
        for Waiting { automation, run, reply } in over {
            let trace = self.trace_of(&automation, run).unwrap_or_default();
            // Whoever asked may be gone.
            let _ = reply.send(Ok(trace));
        }
    }
}
