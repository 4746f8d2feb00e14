//! The order of work: what an event sets off, in Home Assistant's order.
//!
//! A changed entity is seen by every automation at once, before the run that changed it goes on. A run that waited
//! goes on after that. Work is a stack and a queue instead of calls, so that automations that set off each other
//! neither overflow the stack nor keep the driver busy without end.

use std::sync::Arc;

use super::effect::Effect;
use super::engine::Engine;
use super::instance::Firing;
use super::work::Work;
use crate::automation::home::{Event, Home};
use crate::automation::script::{self, Input};
use crate::tunables::automations::MAX_WORK;

impl Engine {
    /// Adds what an event sets off: it is done before anything that was added earlier.
    pub(super) fn publish(&mut self, event: &Event, cause: Option<u64>, home: &Home) {
        let mut shared = None;
        for (key, _) in self.instances.iter().rev().filter(|(_, it)| it.is_concerned(event, home)) {
            let event = shared.get_or_insert_with(|| Arc::new(event.clone())).clone();
            self.stack.push(Work::Offer { key: *key, event, cause });
        }
        for (id, run) in &mut self.runs {
            let (script, mut context) = run.parts(home, &self.templates);
            let is_ready = script.wake(event, &mut context);
            let problems = context.problems;
            if !problems.is_empty() {
                let instance = self.instances.get(&run.automation);
                let name = instance.map(|instance| instance.automation.name()).unwrap_or_default();
                let notice = |message| Effect::Notice { automation: name.clone(), message };
                self.effects.extend(problems.into_iter().map(notice));
            }
            if is_ready {
                self.later.push_back(Work::Step { run: *id, input: Input::Resume });
            }
        }
    }

    /// Whether some work was left for the next call.
    pub(super) fn has_work(&self) -> bool {
        !(self.stack.is_empty() && self.later.is_empty())
    }

    /// Does the work up to the next call of an action, and returns the results. An action that is done at once can be
    /// answered before anything else happens; then `proceed` does the rest.
    pub(super) fn work(&mut self, home: &mut Home) -> Vec<Effect> {
        for _ in 0..MAX_WORK {
            if let Some(Effect::Call { .. } | Effect::Answer { .. }) = self.effects.last() {
                break;
            }
            match self.stack.pop().or_else(|| self.later.pop_front()) {
                Some(Work::Offer { key, event, cause }) => self.offer(key, &event, cause, home),
                Some(Work::Fire { key, firing }) => drop(self.trigger(key, *firing, home)),
                Some(Work::Answer { run, call }) => self.effects.push(Effect::Answer { run, call }),
                Some(Work::Step { run, input }) => self.step(run, &input, home),
                None => break,
            }
        }
        self.taken()
    }

    /// Does the work that is left, up to the next call of an action. Returns nothing if there is none.
    pub fn proceed(&mut self, home: &mut Home) -> Vec<Effect> {
        self.work(home)
    }

    fn offer(&mut self, key: usize, event: &Event, cause: Option<u64>, home: &mut Home) {
        let Some(instance) = self.instances.get_mut(&key) else { return };
        let (triggers, problems) = instance.handle(event, home, &self.templates);
        problems.into_iter().for_each(|problem| self.notice(key, problem));
        // The first run goes as far as it can before the next trigger counts.
        for trigger in triggers.into_iter().rev() {
            let firing = Box::new(Firing::of(trigger, event, cause, home));
            self.stack.push(Work::Fire { key, firing });
        }
    }

    /// Advances one run.
    fn step(&mut self, id: u64, input: &Input, home: &mut Home) {
        let Some(run) = self.runs.get_mut(&id) else { return };
        let key = run.automation;
        let (script, mut context) = run.parts(home, &self.templates);
        for effect in script.step(input, &mut context) {
            match effect {
                script::Effect::Call { call, action, data, target, wants_response } => {
                    self.effects.push(Effect::Call { run: id, call, action, data, target, wants_response });
                }
                script::Effect::Fire { name, data } => {
                    self.effects.push(Effect::Fire { run: id, name, data });
                }
                script::Effect::Notice(message) => self.notice(key, message),
                script::Effect::End(end) => self.ended(id, end, home),
            }
        }
    }
}
