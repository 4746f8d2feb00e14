//! Ends the waits of a thread when their event or deadline comes.

use serde_json::{Value, json};

use super::context::StepContext;
use super::outcome::{End, Failure, Halt};
use super::thread::Thread;
use super::wait::{Limit, Wait};
use crate::automation::conditions::says_true;
use crate::automation::home::Event;
use crate::automation::model::Template;
use crate::automation::templates::{Reads, from_json, is_true};
use crate::automation::zone::{self, Every};
use crate::model::Timestamp;

/// `None` if the template is true now, else the wait until it is.
pub fn until_true(
    value: &Template,
    limit: Limit,
    thread: &Thread,
    context: &StepContext,
) -> Result<Option<Wait>, Halt> {
    let rendered =
        context.templates.render(value, context.home, &thread.variables(context)).map_err(Halt::failed)?;
    // Home Assistant evaluates it first like a condition, later like a trigger.
    if says_true(&rendered.text) {
        return Ok(None);
    }
    let again = again(&rendered.reads, context);
    Ok(Some(Wait::Template { value: value.clone(), reads: rendered.reads, again, limit }))
}

/// When a template that reads the time is rendered again.
fn again(reads: &Reads, context: &StepContext) -> Option<Timestamp> {
    let home = context.home;
    let minute = || zone::next_pattern(home.zone, home.now, Every::Any, Every::Any, Every::Is(0));
    reads.time.then(minute).flatten()
}

impl Thread {
    /// Handles an event. The thread becomes ready if it was waiting for that.
    pub fn hear(&mut self, event: &Event, context: &mut StepContext) -> Result<(), Halt> {
        let home = context.home;
        match std::mem::replace(&mut self.wait, Wait::Ready) {
            Wait::Until(due) if due <= home.now => Ok(()),
            Wait::Template { value, reads, again, limit } => {
                let is_concerned = match event {
                    Event::State { id, .. } => reads.all || reads.entities.contains(id),
                    _ => again.is_some_and(|again| again <= home.now),
                };
                let waits = match is_concerned {
                    false => Some(Wait::Template { value, reads, again, limit: limit.clone() }),
                    true => self.rendered_again(&value, limit.clone(), context),
                };
                let remaining = limit.remaining(home);
                match waits {
                    None => self.waited(json!({"remaining": remaining, "completed": true}), context),
                    Some(_) if limit.is_over(home) => {
                        self.late(&limit, json!({"remaining": 0.0, "completed": false}), context)?
                    }
                    Some(wait) => self.wait = wait,
                }
                Ok(())
            }
            Wait::Trigger { mut watch, limit } => {
                let (firings, problems) =
                    watch.handle(event, home, context.templates, &self.variables(context));
                for problem in problems {
                    context.trace.record(&self.path(), home.now, &json!({"problem": problem}));
                }
                match firings.into_iter().next() {
                    Some(firing) => {
                        let remaining = limit.remaining(home);
                        let wait =
                            json!({"remaining": remaining, "completed": true, "trigger": firing.trigger});
                        self.waited(wait, context);
                    }
                    None if limit.is_over(home) => self.late(
                        &limit,
                        json!({"remaining": 0.0, "completed": false, "trigger": null}),
                        context,
                    )?,
                    None => self.wait = Wait::Trigger { watch, limit },
                }
                Ok(())
            }
            wait => {
                self.wait = wait;
                Ok(())
            }
        }
    }

    /// `None` if the template is true now. An error is reported, and the wait continues.
    fn rendered_again(&self, value: &Template, limit: Limit, context: &mut StepContext) -> Option<Wait> {
        let (rendered, reads) = context.templates.attempt(value, context.home, &self.variables(context));
        match rendered {
            Ok(rendered) if is_true(&rendered.value) => return None,
            Ok(_) => {}
            Err(problem) => {
                context.trace.record(&self.path(), context.home.now, &json!({"problem": problem}));
                context.problems.push(problem);
            }
        }
        let again = again(&reads, context);
        Some(Wait::Template { value: value.clone(), reads, again, limit })
    }

    /// Handles the result of a call. The thread becomes ready if it was waiting for that.
    pub fn take(
        &mut self,
        answered: u64,
        result: &Result<Value, Failure>,
        context: &mut StepContext,
    ) -> Result<(), Halt> {
        match std::mem::replace(&mut self.wait, Wait::Ready) {
            Wait::Call { call, action, response } if call == answered => {
                self.answered(&action, response.as_deref(), result, context)
            }
            wait => {
                self.wait = wait;
                Ok(())
            }
        }
    }

    fn answered(
        &mut self,
        action: &str,
        response: Option<&str>,
        result: &Result<Value, Failure>,
        context: &mut StepContext,
    ) -> Result<(), Halt> {
        let path = self.path();
        match result {
            Ok(value) => {
                context.trace.record(&path, context.home.now, &json!({"answer": value}));
                if let Some(name) = response {
                    self.assign(name, from_json(value), context);
                }
                Ok(())
            }
            Err(failure) => {
                context.trace.record(&path, context.home.now, &json!({"error": failure.message}));
                // The message may already begin with the action.
                let reason = failure.message.strip_prefix(&format!("{action}: ")).unwrap_or(&failure.message);
                let reason = format!("{action}: {reason}");
                Err(Halt::Failed { reason, is_final: failure.is_final })
            }
        }
    }

    /// Sets the variable `wait` and records it.
    pub fn waited(&mut self, wait: Value, context: &mut StepContext) {
        context.trace.record(&self.path(), context.home.now, &json!({"wait": wait}));
        self.assign_wait(&wait, context);
    }

    /// The deadline has passed: sets `wait`, and ends the run unless it continues.
    pub fn late(&mut self, limit: &Limit, wait: Value, context: &mut StepContext) -> Result<(), Halt> {
        self.waited(wait, context);
        match limit.continues_on_timeout {
            true => Ok(()),
            false => {
                let message = format!("the wait at {} timed out", self.path());
                Err(Halt::End(End::Stopped { message, response: Value::Null }))
            }
        }
    }
}
