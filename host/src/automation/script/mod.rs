//! Executes the actions of one run, as a state machine that neither sleeps nor calls. It receives what happened and
//! returns effects; `next` says when it needs the time.
//!
//! Owns the position of the run, which has several threads while branches run in parallel. Knows no mode and no other
//! run.

mod actions;
mod calls;
mod context;
mod ending;
mod frame;
mod outcome;
mod sequences;
mod thread;
mod wait;
mod waiting;

use std::collections::BTreeMap;

use chrono::TimeDelta;

use self::frame::Frame;
use self::outcome::Halt;
use self::thread::Thread;
use self::wait::Wait;
use super::clock_history::ClockHistory;
use super::home::{Event, Home};
use super::model::Sequence;
use super::templates::Variables;
use crate::model::Timestamp;
use crate::tunables::automations::MAX_STEPS;
pub use context::{Input, StepContext};
pub use outcome::{Effect, End, Failure};

/// The execution state of one run.
#[derive(Debug)]
pub struct Script {
    threads: BTreeMap<usize, Thread>,
    next_thread: usize,
    next_call: u64,
    end: Option<End>,
}

impl Script {
    pub fn new(actions: &Sequence) -> Self {
        let frame = Frame::new(actions.clone(), "action".into());
        let thread = Thread::new(None, Variables::new(), frame);
        Self { threads: BTreeMap::from([(0, thread)]), next_thread: 1, next_call: 1, end: None }
    }

    /// Lets an event end the waits of this run. True if it can advance.
    pub fn wake(&mut self, event: &Event, context: &mut StepContext) -> bool {
        if self.end.is_some() {
            return false;
        }
        let ids: Vec<usize> = self.threads.keys().copied().collect();
        for id in ids {
            let woken = self.threads.get_mut(&id).map(|thread| thread.hear(event, context));
            if let Some(Err(halt)) = woken {
                self.halt(id, halt, context);
            }
        }
        self.end.is_some() || self.threads.values().any(|thread| matches!(thread.wait, Wait::Ready))
    }

    /// Advances as far as possible. Returns nothing after an `End`.
    pub fn step(&mut self, input: &Input, context: &mut StepContext) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.threads.is_empty() {
            return effects;
        }
        if let Input::Answer { call, result } = input {
            let ids: Vec<usize> = self.threads.keys().copied().collect();
            for id in ids {
                let answered = self.threads.get_mut(&id).map(|thread| thread.take(*call, result, context));
                if let Some(Err(halt)) = answered {
                    self.halt(id, halt, context);
                }
            }
        }
        self.run(context, &mut effects);
        if let Some(end) = &self.end {
            self.threads.clear();
            effects.push(Effect::End(end.clone()));
        }
        effects
    }

    /// Cancels the run.
    pub fn cancel(&mut self) {
        self.threads.clear();
        self.end.get_or_insert(End::Cancelled);
    }

    /// When it needs `Event::Time`, unless another event comes first.
    pub fn next(&self) -> Option<Timestamp> {
        self.threads.values().filter_map(|thread| thread.wait.next()).min()
    }

    /// The clock or the time zone changed. `by` is how far the clock was set.
    pub fn clock_changed(&mut self, by: TimeDelta, home: &Home, history: &ClockHistory) {
        self.threads.values_mut().for_each(|thread| thread.wait.clock_changed(by, home, history));
    }

    /// Whether it waits for an event of this name.
    pub fn hears(&self, name: &str) -> bool {
        self.threads.values().any(|thread| thread.wait.hears(name))
    }

    fn run(&mut self, context: &mut StepContext, effects: &mut Vec<Effect>) {
        for _ in 0..MAX_STEPS {
            let ready = self.threads.iter().find(|(_, thread)| matches!(thread.wait, Wait::Ready));
            let Some(id) = ready.map(|(id, _)| *id).filter(|_| self.end.is_none()) else { return };
            let advanced = self.advance(id, context, effects);
            effects.extend(context.problems.drain(..).map(Effect::Notice));
            if let Err(halt) = advanced {
                self.halt(id, halt, context);
            }
        }
        let text = format!("{MAX_STEPS} steps ran without a wait; end the loop or add a delay to it");
        self.end.get_or_insert(End::Failed(text));
    }

    /// Executes one step of one thread.
    fn advance(
        &mut self,
        id: usize,
        context: &mut StepContext,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Halt> {
        let Some(thread) = self.threads.get_mut(&id) else { return Ok(()) };
        let Some(frame) = thread.frames.last_mut() else {
            self.finish_thread(id, None, context);
            return Ok(());
        };
        match frame.take() {
            Some((action, path)) => self.act(id, &action, path, context, effects),
            None => thread.leave(context),
        }
    }
}
