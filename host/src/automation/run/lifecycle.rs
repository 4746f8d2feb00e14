//! The life cycle of a run: it starts or is queued, advances, ends, and starts the next one in the queue.

use serde_json::Value;

use super::active_run::Run;
use super::effect::Effect;
use super::engine::Engine;
use super::instance::Admission;
use crate::automation::home::Home;
use crate::automation::script::{self, End, Input, Script, StepContext};
use crate::automation::trace::Trace;

impl Engine {
    /// A trigger fired: checks the loop guard, the conditions and the mode, then starts a run or queues it.
    pub fn trigger(
        &mut self,
        key: usize,
        trigger: Value,
        cause: Option<u64>,
        is_forced: bool,
        home: &Home,
    ) -> Vec<Effect> {
        let Some(instance) = self.instances.get_mut(&key) else { return Vec::new() };
        let name = instance.automation.name();
        let notice = |message: String| vec![Effect::Notice { automation: name.clone(), message }];
        if let Err(message) = self.loop_guard.check(key, cause, instance, home.now) {
            return notice(message);
        }
        let run = self.next_run;
        self.next_run += 1;
        let mut trace = Trace::new(run, home.now, &trigger, self.secrets.clone());
        let begun = instance.begin(&trigger, is_forced, home, &self.templates, &mut trace);
        let variables = match begun {
            Ok(Some(variables)) => variables,
            Ok(None) => {
                trace.finish(home.now, "not run: a condition does not hold");
                instance.store_trace(trace);
                return Vec::new();
            }
            Err(problem) => {
                trace.finish(home.now, &format!("failed: {problem}"));
                instance.store_trace(trace);
                return notice(problem);
            }
        };
        self.loop_guard.record_start(run, key, cause, home.now);
        instance.starts.push_back(home.now);
        let mut effects = Vec::new();
        let running: Vec<u64> =
            self.runs.iter().filter(|(_, it)| it.automation == key).map(|(id, _)| *id).collect();
        let script = Script::new(&instance.automation.actions);
        let started = Run { automation: key, script, variables, trace };
        let admission = instance.admission(running.len());
        if !matches!(admission, Admission::Refuse { .. }) {
            instance.last_triggered = Some(home.now);
            self.changed.insert(key);
        }
        match admission {
            Admission::Start => effects.extend(self.begin(run, started, home)),
            Admission::Replace => {
                running.into_iter().for_each(|old| effects.extend(self.cancel(old, home)));
                effects.extend(self.begin(run, started, home));
            }
            Admission::Queue => instance.queue.push_back((run, started)),
            Admission::Refuse { message } => {
                let mut trace = started.trace;
                trace.finish(home.now, &format!("not run: {message}"));
                let warns = instance.automation.warns;
                instance.store_trace(trace);
                if warns {
                    effects.extend(notice(message));
                }
            }
        }
        effects
    }

    fn begin(&mut self, id: u64, run: Run, home: &Home) -> Vec<Effect> {
        self.runs.insert(id, run);
        self.step(id, &Input::Begin, home)
    }

    /// Advances one run.
    pub fn step(&mut self, id: u64, input: &Input, home: &Home) -> Vec<Effect> {
        let Some(run) = self.runs.get_mut(&id) else { return Vec::new() };
        let Run { automation: of, script, variables, trace } = run;
        let mut context =
            StepContext { home, templates: &self.templates, trace, variables, problems: Vec::new() };
        let found = script.step(input, &mut context);
        let automation =
            self.instances.get(of).map(|instance| instance.automation.name()).unwrap_or_default();
        let mut effects = Vec::new();
        for effect in found {
            match effect {
                script::Effect::Call { call, action, data, target, wants_response } => {
                    effects.push(Effect::Call { run: id, call, action, data, target, wants_response });
                }
                script::Effect::Fire { name, data } => effects.push(Effect::Fire { run: id, name, data }),
                script::Effect::Notice(message) => {
                    effects.push(Effect::Notice { automation: automation.clone(), message });
                }
                script::Effect::End(end) => effects.extend(self.ended(id, end, home)),
            }
        }
        effects
    }

    /// Cancels one run.
    pub fn cancel(&mut self, id: u64, home: &Home) -> Vec<Effect> {
        if let Some(run) = self.runs.get_mut(&id) {
            run.script.cancel();
        }
        self.ended(id, End::Cancelled, home)
    }

    /// A run has ended: stores its trace and starts the next run in the queue.
    fn ended(&mut self, id: u64, end: End, home: &Home) -> Vec<Effect> {
        let Some(mut run) = self.runs.remove(&id) else { return Vec::new() };
        run.trace.finish(home.now, &end.to_string());
        self.changed.insert(run.automation);
        let Some(instance) = self.instances.get_mut(&run.automation) else { return Vec::new() };
        instance.store_trace(run.trace);
        let automation = instance.automation.name();
        let mut effects = Vec::new();
        if let End::Failed(message) = &end {
            effects.push(Effect::Notice { automation: automation.clone(), message: message.clone() });
        }
        effects.push(Effect::Ended { run: id, automation, end });
        if let Some((next, waiting)) = instance.queue.pop_front() {
            effects.extend(self.begin(next, Run { automation: run.automation, ..waiting }, home));
        }
        effects
    }
}
