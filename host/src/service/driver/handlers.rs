//! Handling requests of other threads: the list of automations, their traces, a run by hand, a reload, a call, the states.

use std::path::Path;

use serde_json::{Value, json};

use super::calls::BY_HAND;
use super::requests::{Reply, Request, RunWaiter};
use super::{Driver, Notifications, Reloaded};
use crate::automation::run::Effect;
use crate::runtime::Failure;
use crate::service::host::Host;

/// The entities, and the notifications that were not dismissed.
fn states(host: &Host) -> Value {
    let states = host.states().all();
    let states: Vec<_> = states.iter().map(|(id, state)| state.to_json(id)).collect();
    json!({"states": states, "notifications": Notifications::new(host.memory.clone()).all()})
}

/// The refusal of a call that names another backup directory than this service's.
fn other_backups(host: &Host, data: &Value) -> Option<Failure> {
    let own = host.places.backups.as_deref().unwrap_or(Path::new(""));
    let asked = data.get("backups").and_then(Value::as_str).map(Path::new).filter(|asked| *asked != own)?;
    Some(failed(format!(
        "the running service keeps backups in {}, not in {}; use the same directory, or stop the service",
        own.display(),
        asked.display()
    )))
}

fn failed(message: String) -> Failure {
    Failure { code: "failed".into(), message }
}

impl Driver {
    /// Answers a request, or starts what will answer it.
    pub(super) fn handle_request(&mut self, host: &mut Host, request: Request) {
        let Request { command, data, reply } = request;
        let name = data.get("name").and_then(Value::as_str).unwrap_or_default();
        let answer = match command.as_str() {
            "list" => Ok(self.list()),
            "trace" => self.traces(name).map_err(failed),
            "states" => Ok(states(host)),
            "reload" => self.reload_by_hand(host),
            "call" if let Some(failure) = other_backups(host, &data) => Err(failure),
            "call" => {
                let action = data.get("action").and_then(Value::as_str).unwrap_or_default().to_owned();
                self.call_by_hand(host, &action, data.get("data").cloned().unwrap_or_default(), reply);
                return;
            }
            "trigger" => match self.trigger(host, name) {
                Ok(run) => {
                    self.run_waiters.push(RunWaiter { automation: name.into(), run, reply });
                    self.answer_run_waiters(run);
                    return;
                }
                Err(message) => Err(failed(message)),
            },
            _ => Err(failed(format!("unknown request {command}"))),
        };
        // The client may be gone.
        let _ = reply.send(answer);
    }

    fn reload_by_hand(&mut self, host: &mut Host) -> Result<Value, Failure> {
        match self.reload(host) {
            Ok((reloaded, effects)) => {
                self.perform(host, effects);
                // The client shows the problems.
                let warnings = Reloaded { problems: Vec::new(), ..reloaded.clone() };
                warnings.log_lines().iter().for_each(|(level, line)| host.bus.log(*level, line));
                Ok(json!(reloaded))
            }
            Err(problems) => {
                let problems = problems.join("\n");
                Err(failed(format!("nothing was reloaded; the automations are unchanged: {problems}")))
            }
        }
    }

    /// Every automation, as JSON.
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

    /// The last runs of one automation, the oldest first.
    pub fn traces(&self, name: &str) -> Result<Value, String> {
        self.engine.traces(name).map(|traces| json!(traces))
    }

    /// Starts a run by hand, without checking conditions. Returns its number.
    pub fn trigger(&mut self, host: &mut Host, name: &str) -> Result<u64, String> {
        self.home.now = host.clock().now();
        let effects = self.engine.start(name, false, &mut self.home)?;
        self.perform(host, effects);
        let last = self.engine.traces(name)?.into_iter().map(|trace| trace.run).max();
        last.ok_or_else(|| {
            format!(
                "{name} was not run: it is stopped, or it is still running; `larder automations` says which"
            )
        })
    }

    /// Begins an action that a user called. Actions reserved for clients are allowed.
    pub fn call_by_hand(&mut self, host: &mut Host, action: &str, data: Value, reply: Reply) {
        self.home.now = host.clock().now();
        let call = self.next_call;
        self.next_call += 1;
        self.manual_calls.push((call, reply));
        let (run, action, target) = (BY_HAND, action.to_owned(), Value::Null);
        self.perform(host, vec![Effect::Call { run, call, action, data, target, wants_response: false }]);
    }

    /// Sends the result of an action to the client that called it.
    pub(super) fn finish_manual_call(&mut self, call: u64, result: &Result<Value, Failure>) {
        for (_, reply) in self.manual_calls.extract_if(.., |(of, _)| *of == call) {
            // The client may be gone.
            let _ = reply.send(result.clone());
        }
    }

    /// Fails every request that is still waiting.
    pub(super) fn fail_pending(&mut self) {
        let runs = std::mem::take(&mut self.run_waiters).into_iter().map(|waiter| waiter.reply);
        let calls = std::mem::take(&mut self.manual_calls).into_iter().map(|(_, reply)| reply);
        for reply in runs.chain(calls) {
            // The client may be gone.
            let _ = reply.send(Err(failed("the service stopped before this was done; see its log".into())));
        }
    }

    /// Watches no triggers: automations run only by hand.
    pub fn sleep(&mut self) {
        self.is_started = true;
    }

    /// Watches the triggers, so that the list shows when they are due.
    pub fn plan(&mut self) {
        // Problems of templates are reported by the service.
        let _ = self.engine.watch(&self.home);
    }

    /// The trace of a run, once the run has ended.
    pub fn trace_of(&self, name: &str, run: u64) -> Option<Value> {
        let traces = self.engine.traces(name).ok()?;
        let trace = traces.into_iter().find(|trace| trace.run == run)?;
        trace.ended.map(|_| json!(trace))
    }

    pub(super) fn run_ended(&mut self, host: &Host, run: u64) {
        self.save_later(host.clock().now());
        self.answer_run_waiters(run);
    }

    fn answer_run_waiters(&mut self, run: u64) {
        let (ended, running) =
            std::mem::take(&mut self.run_waiters).into_iter().partition::<Vec<_>, _>(|waiter| {
                waiter.run == run && self.trace_of(&waiter.automation, run).is_some()
            });
        self.run_waiters = running;
        for RunWaiter { automation, run, reply } in ended {
            let trace = self.trace_of(&automation, run).unwrap_or_default();
            // The client may be gone.
            let _ = reply.send(Ok(trace));
        }
    }
}
