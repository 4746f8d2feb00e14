//! Nested sequences and loops.

use larder_templates::Dict;
use serde_json::{Value as Json, json};

use super::context::StepContext;
use super::frame::{Frame, Loop};
use super::outcome::Halt;
use super::thread::Thread;
use super::wait::Wait;
use crate::automation::conditions::{self, Verdict};
use crate::automation::model::{Condition, Repeat, Sequence};
use crate::automation::templates::{Value, to_json};

impl Thread {
    /// Enters a sequence. An empty one is skipped.
    pub fn enter(&mut self, steps: &Sequence, path: String) {
        if !steps.is_empty() {
            self.frames.push(Frame::new(steps.clone(), path));
        }
    }

    /// Starts a loop. Whether it has a first iteration is decided in `leave`.
    pub fn enter_loop(
        &mut self,
        how: &Repeat,
        steps: &Sequence,
        path: String,
        context: &mut StepContext,
    ) -> Result<(), Halt> {
        let variables = self.variables(context);
        let fill = |data| context.templates.fill(data, context.home, &variables).map_err(Halt::failed);
        let place = || format!("the repeat at {path}");
        let (times, items) = match how {
            Repeat::Count(data) => {
                let count = to_json(&fill(data)?);
                let wrong =
                    || Halt::failed(format!("{}: {count} is not a count; use a whole number", place()));
                (Some(times(&count).ok_or_else(wrong)?), Vec::new())
            }
            Repeat::ForEach(data) => match fill(data)? {
                Value::List(items) => (Some(items.items.len()), items.items.clone()),
                value => {
                    let value = to_json(&value);
                    return Err(Halt::failed(format!("{}: {value} is not a list; use one", place())));
                }
            },
            Repeat::While(_) | Repeat::Until(_) => (None, Vec::new()),
        };
        let mut frame = Frame::new(steps.clone(), format!("{path}/repeat/sequence"));
        frame.finish();
        frame.repeat = Some(Loop { how: how.clone(), done: 0, times, items });
        self.frames.push(frame);
        Ok(())
    }

    /// The current sequence has ended: a loop may repeat it.
    pub fn leave(&mut self, context: &mut StepContext) -> Result<(), Halt> {
        if !self.start_iteration(context)? {
            self.frames.pop();
        }
        Ok(())
    }

    fn start_iteration(&mut self, context: &mut StepContext) -> Result<bool, Halt> {
        let Some(Frame { repeat: Some(iteration), .. }) = self.frames.last() else { return Ok(false) };
        let (done, times) = (iteration.done, iteration.times);
        let (how, item) = (iteration.how.clone(), iteration.items.get(done).cloned());
        let again = match &how {
            Repeat::Count(_) | Repeat::ForEach(_) => times.is_some_and(|times| done < times),
            Repeat::While(conditions) => {
                self.set_repeat(done, times, item.clone());
                self.all(conditions, "while", context) == Some(true)
            }
            Repeat::Until(conditions) => done == 0 || self.all(conditions, "until", context) == Some(false),
        };
        if again {
            self.set_repeat(done, times, item);
            if let Some(frame) = self.frames.last_mut() {
                frame.at = 0;
                if let Some(iteration) = &mut frame.repeat {
                    iteration.done += 1;
                }
            }
        }
        Ok(again)
    }

    /// Sets the variable `repeat` for the next iteration.
    fn set_repeat(&mut self, done: usize, times: Option<usize>, item: Option<Value>) {
        let mut repeat = Dict::new();
        repeat.insert_text("first", done == 0);
        repeat.insert_text("index", done + 1);
        if let Some(times) = times {
            repeat.insert_text("last", done + 1 == times);
        }
        if let Some(item) = item.filter(|item| !item.is_none()) {
            repeat.insert_text("item", item);
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.scope.insert("repeat".into(), Value::dict(repeat));
        }
    }

    /// Whether all conditions hold. `None` if the first that does not hold fails.
    pub fn all(&self, conditions: &[Condition], name: &str, context: &mut StepContext) -> Option<bool> {
        let path = format!("{}/{name}", self.path());
        self.ask(&path, context, |it| conditions::in_order(conditions, it))
    }

    /// Evaluates a condition and records it in the trace. An error is reported, and the run continues.
    pub fn ask(
        &self,
        path: &str,
        context: &mut StepContext,
        ask: impl FnOnce(&conditions::Context) -> Result<Verdict, String>,
    ) -> Option<bool> {
        let variables = self.variables(context);
        match ask(&conditions::Context {
            home: context.home,
            templates: context.templates,
            variables: &variables,
        }) {
            Ok(Verdict { holds, seen }) => {
                context.trace.record(path, context.home.now, &json!({"result": holds, "seen": seen}));
                Some(holds)
            }
            Err(problem) => {
                context.trace.record(path, context.home.now, &json!({"result": null, "problem": problem}));
                context.problems.push(problem);
                None
            }
        }
    }

    /// After an error: continues after the innermost step with `continue_on_error`, if there is one.
    pub fn recover(&mut self) -> bool {
        while let Some(frame) = self.frames.last_mut() {
            if frame.step_continues {
                frame.step_continues = false;
                self.wait = Wait::Ready;
                return true;
            }
            self.frames.pop();
        }
        false
    }
}

/// The number of iterations that a rendered count stands for: as `int()` in Python, and none if it is negative.
fn times(count: &Json) -> Option<usize> {
    let number = match count {
        Json::Bool(flag) => i64::from(*flag),
        Json::Number(number) => match number.as_i64() {
            Some(number) => number,
            None => number.as_f64().filter(|it| it.is_finite()).map(whole)?,
        },
        Json::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    Some(usize::try_from(number.max(0)).unwrap_or(usize::MAX))
}

#[allow(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn whole(number: f64) -> i64 {
    number.trunc() as i64
}
