//! Carrying out what the engine wants done.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::Driver;
use super::begun::{Begun, no_response, returns_nothing};
use super::calls::BY_HAND;
use super::inventory::OWNER;
use crate::automation::run::Effect;
use crate::automation::script::Failure;
use crate::home::bus;
use crate::service::host::Host;
use crate::tunables::MAX_AT_ONCE;

impl Driver {
    /// Carries out what the engine wants done. Actions that are done at once are answered at once, up to a limit.
    pub(super) fn perform(&mut self, host: &mut Host, effects: Vec<Effect>) {
        let mut effects = VecDeque::from(effects);
        for round in 0_usize.. {
            let Some(effect) = effects.pop_front() else {
                // After too much of it, the rest is done in the next step of the driver.
                let more = if round < MAX_AT_ONCE { self.engine.proceed(&mut self.home) } else { Vec::new() };
                if more.is_empty() {
                    return;
                }
                effects.extend(more);
                continue;
            };
            let (run, call, result) = match self.carried_out(host, effect) {
                Carried::Out => continue,
                Carried::On(more) => {
                    more.into_iter().rev().for_each(|effect| effects.push_front(effect));
                    continue;
                }
                Carried::Answer(run, call, result) => (run, call, result),
            };
            if run == BY_HAND || round >= MAX_AT_ONCE {
                self.calls.answer(run, call, result);
                continue;
            }
            let more = self.engine.answer(run, call, result, &mut self.home);
            more.into_iter().rev().for_each(|effect| effects.push_front(effect));
        }
    }

    /// Carries out one effect.
    fn carried_out(&mut self, host: &mut Host, effect: Effect) -> Carried {
        match effect {
            Effect::Call { run, call, action, wants_response: true, .. }
                if returns_nothing(host, &action) =>
            {
                return Carried::Answer(run, call, Err(no_response(&action)));
            }
            Effect::Call { run, call, action, data, target, .. } => {
                return match self.call(host, (run, call), &action, data, target) {
                    Begun::Later => Carried::Out,
                    Begun::Goes(effects) => Carried::On(effects),
                    Begun::Done(result) => Carried::Answer(run, call, result),
                };
            }
            Effect::Answer { run, call } => return Carried::Answer(run, call, Ok(json!({}))),
            Effect::Fire { run, name, data } => {
                let cause = Some(run).filter(|run| *run != BY_HAND);
                host.bus.emit(&bus::Event { cause, ..bus::Event::new(name, data.to_string()) });
            }
            Effect::Show { id, entity, cause } => {
                host.states().for_owner(OWNER).put(&id, entity.as_deref(), cause);
                self.save_later(self.home.now);
            }
            Effect::Notice { message, .. } => host.bus.log(bus::Level::Warning, &message),
            Effect::Ended { run, .. } => self.run_ended(host, run),
        }
        Carried::Out
    }
}

/// What became of an effect.
enum Carried {
    Out,
    /// More is to be done, before anything else.
    On(Vec<Effect>),
    /// A call is done: the run, the call and the result.
    Answer(u64, u64, Result<Value, Failure>),
}
