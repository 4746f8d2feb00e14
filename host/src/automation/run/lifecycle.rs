//! The life cycle of a run: it starts or is queued, ends, and starts the next one in the queue.

use super::active_run::Run;
use super::effect::Effect;
use super::engine::Engine;
use super::instance::{Admission, Firing};
use super::work::Work;
use crate::automation::home::Home;
use crate::automation::script::{End, Input, Script};
use crate::automation::trace::Trace;

impl Engine {
    /// A trigger fired: checks the loop guard, the conditions and the mode, then starts a run or queues it. Returns the
    /// number of the run.
    pub(super) fn trigger(&mut self, key: usize, firing: Firing, home: &mut Home) -> Option<u64> {
        let cause = firing.cause;
        let instance = self.instances.get_mut(&key)?;
        let queued: Vec<u64> = instance.queue.iter().map(|(run, _)| *run).collect();
        if let Err(message) = self.loop_guard.check(key, cause, instance, home.now) {
            self.heard = None;
            queued.into_iter().for_each(|run| self.finish_callers(run));
            self.notice(key, message);
            return None;
        }
        let run = self.next_run;
        self.next_run += 1;
        let mut trace = Trace::new(run, home.now, &firing.shown(), self.secrets.clone());
        let variables = match instance.begin(&firing, home, &self.templates, &mut trace) {
            Ok(Some(variables)) => variables,
            Ok(None) => {
                trace.finish(home.now, "not run: a condition does not hold");
                instance.store_trace(trace);
                return None;
            }
            Err(problem) => {
                trace.finish(home.now, &format!("failed: {problem}"));
                instance.store_trace(trace);
                self.notice(key, problem);
                return None;
            }
        };
        self.loop_guard.record_start(run, key, cause, home.now);
        instance.starts.push_back(home.now);
        let running: Vec<u64> =
            self.runs.iter().filter(|(_, it)| it.automation == key).map(|(id, _)| *id).collect();
        let script = Script::new(&instance.automation.actions);
        let started = Run { automation: key, script, variables, trace };
        match instance.admission(running.len()) {
            Admission::Refuse { message } => {
                let mut trace = started.trace;
                trace.finish(home.now, &format!("not run: {message}"));
                let warns = instance.automation.warns;
                instance.store_trace(trace);
                if warns {
                    self.notice(key, message);
                }
                return None;
            }
            Admission::Queue => instance.queue.push_back((run, started)),
            admission => {
                self.runs.insert(run, started);
                if matches!(admission, Admission::Replace) {
                    running.into_iter().for_each(|old| self.cancel(old, home));
                }
                // It begins after the others have seen that it is running.
                self.stack.push(Work::Step { run, input: Input::Begin });
            }
        }
        if let Some(instance) = self.instances.get_mut(&key) {
            instance.last_triggered = Some(home.now);
        }
        self.announce_run(run, key, &firing.trigger);
        self.write(key, Some(run), home);
        Some(run)
    }

    /// Cancels one run. Its entity is written by the caller.
    pub(super) fn cancel(&mut self, id: u64, home: &mut Home) {
        if let Some(run) = self.runs.get_mut(&id) {
            run.script.cancel();
        }
        self.end(id, End::Cancelled, home);
        // Runs that it waited for end with it.
        let waiting: Vec<u64> = self
            .callers
            .extract_if(.., |caller| caller.run == id)
            .flat_map(|caller| caller.waits_for)
            .collect();
        for run in waiting {
            self.instances.values_mut().for_each(|it| it.queue.retain(|(queued, _)| *queued != run));
            let key = self.runs.get(&run).map(|run| run.automation);
            self.cancel(run, home);
            key.into_iter().for_each(|key| self.write(key, Some(id), home));
        }
    }

    /// A run has ended: writes its entity and starts the next run in the queue.
    pub(super) fn ended(&mut self, id: u64, end: End, home: &mut Home) {
        if let Some(key) = self.end(id, end, home) {
            self.write(key, Some(id), home);
        }
    }

    /// Stores the trace of a run and schedules the next run in the queue. Returns the key of the automation.
    fn end(&mut self, id: u64, end: End, home: &Home) -> Option<usize> {
        let mut run = self.runs.remove(&id)?;
        let key = run.automation;
        run.trace.finish(home.now, &end.to_string());
        let instance = self.instances.get_mut(&key)?;
        instance.store_trace(run.trace);
        let automation = instance.automation.name();
        let next = instance.queue.pop_front();
        if let End::Failed(message) = &end {
            self.effects.push(Effect::Notice { automation: automation.clone(), message: message.clone() });
        }
        self.effects.push(Effect::Ended { run: id, automation, end });
        self.finish_callers(id);
        if let Some((next, waiting)) = next {
            self.runs.insert(next, Run { automation: key, ..waiting });
            self.stack.push(Work::Step { run: next, input: Input::Begin });
        }
        Some(key)
    }

    /// Answers the calls that waited for this run and for no other.
    pub(super) fn finish_callers(&mut self, ended: u64) {
        for caller in &mut self.callers {
            caller.waits_for.remove(&ended);
        }
        for caller in self.callers.extract_if(.., |caller| caller.waits_for.is_empty()) {
            self.effects.push(Effect::Answer { run: caller.run, call: caller.call });
        }
    }
}
