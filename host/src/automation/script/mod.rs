//! The runner of one run's actions: a state machine that neither sleeps nor calls. It is told what happened and answers with
//! effects; when it wants to be asked again, `next` says.
//!
//! Owns where the run stands, in several places at once when branches run beside each other. Knows no mode and no other run.

mod actions;
mod ends;
mod flow;
mod scope;
mod waits;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::Value;

use super::home::{Event, Home};
use super::model::Sequence;
use super::past::Past;
use super::templates::{Templates, Variables};
use super::trace::Trace;
use super::triggers::Interest;
use crate::model::Timestamp;
use crate::options::automations::MAX_STEPS;
use flow::Frame;
use waits::Wait;

/// What a run wants to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Call an action and hand over its answer as `Input::Answer` with the same number.
    Call { call: u64, action: String, data: Value, target: Value, wants_response: bool },
    /// Tell everybody of an event.
    Fire { name: String, data: Value },
    /// For the log: what went wrong without ending the run.
    Notice(String),
    /// The run is over.
    End(End),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    Done,
    /// By a `stop`, with what it says and gives back.
    Stopped {
        message: String,
        response: Value,
    },
    /// With what happened and what to do.
    Failed(String),
    /// By another run, a reload or the end of the program.
    Cancelled,
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Stopped { message, .. } => write!(f, "stopped: {message}"),
            Self::Failed(reason) => write!(f, "failed: {reason}"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

/// Why a called action gave no answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    pub message: String,
    /// Whether `continue_on_error` cannot help: there is no such action, or its data are wrong.
    pub is_final: bool,
}

/// What happened.
#[derive(Debug)]
pub enum Input<'a> {
    Begin,
    Event(&'a Event),
    Answer { call: u64, result: Result<Value, Failure> },
}

/// What a run is given with every step.
pub struct World<'a> {
    pub home: &'a Home,
    pub templates: &'a Templates,
    pub trace: &'a mut Trace,
    /// Those of the whole run.
    pub variables: &'a mut Variables,
    /// What went wrong without ending the run, since it was last looked at.
    pub told: Vec<String>,
}

/// One run.
#[derive(Debug)]
pub struct Script {
    threads: BTreeMap<usize, Thread>,
    next_thread: usize,
    next_call: u64,
    end: Option<End>,
}

/// One of the places where a run stands.
#[derive(Debug)]
struct Thread {
    parent: Option<usize>,
    /// Variables that only it has.
    own: Variables,
    frames: Vec<Frame>,
    wait: Wait,
    /// How branches of it ended, when not at their end.
    failed: BTreeMap<usize, Halt>,
}

/// Why a thread does not go on to the next step.
#[derive(Debug)]
enum Halt {
    /// A condition does not hold: this sequence is over.
    Sequence,
    /// Something failed; whether `continue_on_error` may help.
    Failed {
        reason: String,
        is_final: bool,
    },
    End(End),
}

impl Halt {
    fn wrong(reason: impl Into<String>) -> Self {
        Self::Failed { reason: reason.into(), is_final: true }
    }
}

impl Script {
    pub fn new(actions: &Sequence) -> Self {
        let frame = Frame::new(actions.clone(), "action".into());
        let thread = Thread::new(None, Variables::new(), frame);
        Self { threads: BTreeMap::from([(0, thread)]), next_thread: 1, next_call: 1, end: None }
    }

    /// Goes on as far as it can. After an `End` there is nothing more.
    pub fn step(&mut self, input: &Input, world: &mut World) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.end.is_some() {
            return effects;
        }
        let ids: Vec<usize> = self.threads.keys().copied().collect();
        for id in ids {
            let woken = match self.threads.get_mut(&id) {
                Some(thread) => thread.wake(input, world),
                None => Ok(()),
            };
            if let Err(halt) = woken {
                self.halt(id, halt, world);
            }
        }
        self.run(world, &mut effects);
        if let Some(end) = &self.end {
            self.threads.clear();
            effects.push(Effect::End(end.clone()));
        }
        effects
    }

    /// Ends it from outside.
    pub fn cancel(&mut self) {
        self.threads.clear();
        self.end.get_or_insert(End::Cancelled);
    }

    /// When it wants `Event::Time`, if nothing happens before.
    pub fn next(&self) -> Option<Timestamp> {
        self.threads.values().filter_map(|thread| thread.wait.next()).min()
    }

    /// The home's clocks show something else: `by` is how far they were set.
    pub fn reckon(&mut self, by: TimeDelta, home: &Home, past: &Past) {
        self.threads.values_mut().for_each(|thread| thread.wait.reckon(by, home, past));
    }

    /// What it wants to hear of.
    pub fn interest(&self) -> Interest {
        let mut interest = Interest::default();
        self.threads.values().for_each(|thread| thread.wait.add_interest(&mut interest));
        interest
    }

    fn run(&mut self, world: &mut World, effects: &mut Vec<Effect>) {
        for _ in 0..MAX_STEPS {
            let ready = self.threads.iter().find(|(_, thread)| matches!(thread.wait, Wait::Ready));
            let Some(id) = ready.map(|(id, _)| *id).filter(|_| self.end.is_none()) else { return };
            let advanced = self.advance(id, world, effects);
            effects.extend(world.told.drain(..).map(Effect::Notice));
            if let Err(halt) = advanced {
                self.halt(id, halt, world);
            }
        }
        let text = format!(
            "{MAX_STEPS} steps were done without a wait between them; end the loop, or put a delay into it"
        );
        self.end.get_or_insert(End::Failed(text));
    }

    /// One step of one thread.
    fn advance(&mut self, id: usize, world: &mut World, effects: &mut Vec<Effect>) -> Result<(), Halt> {
        let Some(thread) = self.threads.get_mut(&id) else { return Ok(()) };
        let Some(frame) = thread.frames.last_mut() else {
            self.close(id, None, world);
            return Ok(());
        };
        match frame.take() {
            Some((action, path)) => self.act(id, &action, path, world, effects),
            None => thread.leave(world),
        }
    }
}

impl Thread {
    fn new(parent: Option<usize>, own: Variables, frame: Frame) -> Self {
        Self { parent, own, frames: vec![frame], wait: Wait::Ready, failed: BTreeMap::new() }
    }
}
