//! Ends the waits of a thread when their event or deadline comes.

use serde_json::{Value, json};

use super::context::{Input, StepContext};
use super::outcome::{End, Failure, Halt};
use super::thread::Thread;
use super::wait::{Limit, Wait};
use crate::automation::conditions::says_true;
use crate::automation::home::Event;
use crate::automation::model::Template;
use crate::automation::templates::is_true;
use crate::automation::zone::{self, Every};

/// `None` if the template is true now, else the wait until it is.
pub fn until_true(
    value: &Template,
    is_first: bool,
    limit: Limit,
    thread: &Thread,
    context: &StepContext,
) -> Result<Option<Wait>, Halt> {
    let rendered =
        context.templates.render(value, context.home, &thread.variables(context)).map_err(Halt::failed)?;
    // Home Assistant evaluates it first like a condition, later like a trigger.
    let is_so = if is_first { says_true(&rendered.text) } else { is_true(&rendered.value) };
    if is_so {
        return Ok(None);
    }
    let home = context.home;
    let again = rendered
        .reads
        .time
        .then(|| zone::next_pattern(home.zone, home.now, Every::Any, Every::Any, Every::Is(0)));
    Ok(Some(Wait::Template { value: value.clone(), reads: rendered.reads, again: again.flatten(), limit }))
}

impl Thread {
    /// Handles an input. The thread becomes ready if it was waiting for that.
    pub fn wake(&mut self, input: &Input, context: &mut StepContext) -> Result<(), Halt> {
        let home = context.home;
        match (std::mem::replace(&mut self.wait, Wait::Ready), input) {
            (Wait::Until(due), _) if due <= home.now => Ok(()),
            (Wait::Call { call, action, response }, Input::Answer { call: answered, result })
                if call == *answered =>
            {
                self.answered(&action, response.as_deref(), result, context)
            }
            (Wait::Template { value, reads, again, limit }, Input::Event(event)) => {
                let is_concerned = match event {
                    Event::State { id, .. } => reads.all || reads.entities.contains(id),
                    _ => again.is_some_and(|again| again <= home.now),
                };
                let waits = match is_concerned {
                    false => Some(Wait::Template { value, reads, again, limit: limit.clone() }),
                    true => until_true(&value, false, limit.clone(), self, context)?,
                };
                let remaining = limit.remaining(home);
                match waits {
                    None => self.waited(json!({"completed": true, "remaining": remaining}), context),
                    Some(_) if limit.is_over(home) => {
                        self.late(&limit, json!({"completed": false}), context)?
                    }
                    Some(wait) => self.wait = wait,
                }
                Ok(())
            }
            (Wait::Trigger { mut watch, limit }, Input::Event(event)) => {
                let (firings, problems) =
                    watch.handle(event, home, context.templates, &self.variables(context));
                for problem in problems {
                    context.trace.record(&self.path(), home.now, &json!({"problem": problem}));
                }
                match firings.into_iter().next() {
                    Some(firing) => {
                        let remaining = limit.remaining(home);
                        let wait =
                            json!({"completed": true, "remaining": remaining, "trigger": firing.trigger});
                        self.waited(wait, context);
                    }
                    None if limit.is_over(home) => self.late(&limit, json!({"trigger": null}), context)?,
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
        result: &Result<Value, Failure>,
        context: &mut StepContext,
    ) -> Result<(), Halt> {
        let path = self.path();
        match result {
            Ok(value) => {
                context.trace.record(&path, context.home.now, &json!({"answer": value}));
                if let Some(name) = response {
                    self.assign(name, value.clone(), context);
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
        self.assign_wait(wait, context);
    }

    /// The deadline has passed.
    fn late(&mut self, limit: &Limit, mut wait: Value, context: &mut StepContext) -> Result<(), Halt> {
        if let Some(fields) = wait.as_object_mut() {
            fields.insert("completed".into(), false.into());
            fields.insert("remaining".into(), json!(0.0));
        }
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
