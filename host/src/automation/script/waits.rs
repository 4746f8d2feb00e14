//! What a thread waits for, and what ends the wait.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Halt, Input, Thread, World};
use crate::automation::conditions::says_true;
use crate::automation::home::{Event, Home};
use crate::automation::model::{Every, Template};
use crate::automation::past::Past;
use crate::automation::templates::{Reads, is_true};
use crate::automation::triggers::{Interest, Watch};
use crate::automation::zone;
use crate::model::Timestamp;

/// Why a thread does not go on now.
#[derive(Debug)]
pub enum Wait {
    Ready,
    Until(Timestamp),
    Call {
        call: u64,
        action: String,
        response: Option<String>,
    },
    Template {
        value: Template,
        reads: Reads,
        again: Option<Timestamp>,
        limit: Limit,
    },
    Trigger {
        watch: Watch,
        limit: Limit,
    },
    /// For its branches.
    Branches,
}

/// How long a wait may take, and whether the run goes on then.
#[derive(Debug, Clone)]
pub struct Limit {
    pub due: Option<Timestamp>,
    pub goes_on: bool,
}

impl Limit {
    fn is_over(&self, home: &Home) -> bool {
        self.due.is_some_and(|due| due <= home.now)
    }

    fn shift(&mut self, by: TimeDelta) {
        self.due = self.due.map(|due| zone::plus(due, by));
    }

    pub fn remaining(&self, home: &Home) -> Value {
        self.due.map_or(Value::Null, |due| {
            let left = zone::utc(due).signed_duration_since(zone::utc(home.now));
            json!(left.num_milliseconds().max(0) as f64 / 1000.0)
        })
    }
}

impl Wait {
    pub fn next(&self) -> Option<Timestamp> {
        match self {
            Self::Until(due) => Some(*due),
            Self::Template { again, limit, .. } => again.iter().chain(&limit.due).min().copied(),
            Self::Trigger { watch, limit } => watch.next().into_iter().chain(limit.due).min(),
            Self::Ready | Self::Call { .. } | Self::Branches => None,
        }
    }

    /// The home's clocks show something else: `by` is how far they were set.
    pub fn reckon(&mut self, by: TimeDelta, home: &Home, past: &Past) {
        match self {
            Self::Until(due) => *due = zone::plus(*due, by),
            Self::Template { again, limit, .. } => {
                *again = again.and_then(|_| {
                    zone::next_pattern(home.zone, home.now, Every::Any, Every::Any, Every::Is(0))
                });
                limit.shift(by);
            }
            Self::Trigger { watch, limit } => {
                watch.reckon(home, past);
                watch.shift(by);
                limit.shift(by);
            }
            Self::Ready | Self::Call { .. } | Self::Branches => {}
        }
    }

    pub fn add_interest(&self, interest: &mut Interest) {
        let more = match self {
            Self::Template { reads, .. } => {
                Interest { entities: reads.entities.clone(), all_states: reads.all, ..Interest::default() }
            }
            Self::Trigger { watch, .. } => watch.interest(),
            _ => return,
        };
        interest.entities.extend(more.entities);
        interest.events.extend(more.events);
        interest.all_states |= more.all_states;
    }
}

/// Whether a template is true now, or how to wait until it is.
pub fn until_true(
    value: &Template,
    is_first: bool,
    limit: Limit,
    thread: &Thread,
    world: &World,
) -> Result<Option<Wait>, Halt> {
    let rendered =
        world.templates.render(value, world.home, &thread.variables(world)).map_err(Halt::wrong)?;
    // At first as in a condition, later as in a trigger: so does Home Assistant.
    let is_so = if is_first { says_true(&rendered.text) } else { is_true(&rendered.value) };
    if is_so {
        return Ok(None);
    }
    let home = world.home;
    let again = rendered
        .reads
        .time
        .then(|| zone::next_pattern(home.zone, home.now, Every::Any, Every::Any, Every::Is(0)));
    Ok(Some(Wait::Template { value: value.clone(), reads: rendered.reads, again: again.flatten(), limit }))
}

impl Thread {
    /// Takes what happened; the thread is ready when it was what it waited for.
    pub fn wake(&mut self, input: &Input, world: &mut World) -> Result<(), Halt> {
        let home = world.home;
        match (std::mem::replace(&mut self.wait, Wait::Ready), input) {
            (Wait::Until(due), _) if due <= home.now => Ok(()),
            (Wait::Call { call, action, response }, Input::Answer { call: answered, result })
                if call == *answered =>
            {
                self.answered(&action, response.as_deref(), result, world)
            }
            (Wait::Template { value, reads, again, limit }, Input::Event(event)) => {
                let is_concerned = match event {
                    Event::State { id, .. } => reads.all || reads.entities.contains(id),
                    _ => again.is_some_and(|again| again <= home.now),
                };
                let waits = match is_concerned {
                    false => Some(Wait::Template { value, reads, again, limit: limit.clone() }),
                    true => until_true(&value, false, limit.clone(), self, world)?,
                };
                let remaining = limit.remaining(home);
                match waits {
                    None => self.waited(json!({"completed": true, "remaining": remaining}), world),
                    Some(_) if limit.is_over(home) => {
                        self.late(&limit, json!({"completed": false}), world)?
                    }
                    Some(wait) => self.wait = wait,
                }
                Ok(())
            }
            (Wait::Trigger { mut watch, limit }, Input::Event(event)) => {
                let (firings, problems) = watch.hear(event, home, world.templates, &self.variables(world));
                for problem in problems {
                    world.trace.note(&self.path(), home.now, &json!({"problem": problem}));
                }
                match firings.into_iter().next() {
                    Some(firing) => {
                        let remaining = limit.remaining(home);
                        let wait =
                            json!({"completed": true, "remaining": remaining, "trigger": firing.trigger});
                        self.waited(wait, world);
                    }
                    None if limit.is_over(home) => self.late(&limit, json!({"trigger": null}), world)?,
                    None => self.wait = Wait::Trigger { watch, limit },
                }
                Ok(())
            }
            (wait, _) => {
                self.wait = wait;
                Ok(())
            }
        }
    }

    fn answered(
        &mut self,
        action: &str,
        response: Option<&str>,
        result: &Result<Value, super::Failure>,
        world: &mut World,
    ) -> Result<(), Halt> {
        let path = self.path();
        match result {
            Ok(value) => {
                world.trace.note(&path, world.home.now, &json!({"answer": value}));
                if let Some(name) = response {
                    self.assign(name, value.clone(), world);
                }
                Ok(())
            }
            Err(failure) => {
                world.trace.note(&path, world.home.now, &json!({"error": failure.message}));
                // Whoever answers may have named it.
                let reason = failure.message.strip_prefix(&format!("{action}: ")).unwrap_or(&failure.message);
                let reason = format!("{action}: {reason}");
                Err(Halt::Failed { reason, is_final: failure.is_final })
            }
        }
    }

    pub fn waited(&mut self, wait: Value, world: &mut World) {
        world.trace.note(&self.path(), world.home.now, &json!({"wait": wait}));
        self.assign_wait(wait, world);
    }

    /// The time is over.
    fn late(&mut self, limit: &Limit, mut wait: Value, world: &mut World) -> Result<(), Halt> {
        if let Some(fields) = wait.as_object_mut() {
            fields.insert("completed".into(), false.into());
            fields.insert("remaining".into(), json!(0.0));
        }
        self.waited(wait, world);
        match limit.goes_on {
            true => Ok(()),
            false => {
                let message = format!("the wait at {} was not over in time", self.path());
                Err(Halt::End(super::End::Stopped { message, response: Value::Null }))
            }
        }
    }
}
