//! Sequences within sequences: where each stands, and loops that come back.

use serde_json::{Value, json};

use super::context::StepContext;
use super::frame::{Frame, Loop};
use super::outcome::Halt;
use super::thread::Thread;
use super::wait::Wait;
use crate::automation::conditions::{self, Verdict};
use crate::automation::model::{Condition, Repeat, Sequence};

impl Thread {
    pub fn enter(&mut self, steps: &Sequence, path: String) {
        if !steps.is_empty() {
            self.frames.push(Frame::new(steps.clone(), path));
        }
    }

    /// Begins a loop, if it is done at all.
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
                let count = fill(data)?;
                let number = count.as_u64().and_then(|count| usize::try_from(count).ok());
                let wrong =
                    || Halt::failed(format!("{}: {count} is not a count; use a whole number", place()));
                (Some(number.ok_or_else(wrong)?), Vec::new())
            }
            Repeat::ForEach(data) => match fill(data)? {
                Value::Array(items) => (Some(items.len()), items),
                value => return Err(Halt::failed(format!("{}: {value} is not a list; use one", place()))),
            },
            Repeat::While(_) | Repeat::Until(_) => (None, Vec::new()),
        };
        let mut frame = Frame::new(steps.clone(), format!("{path}/repeat/sequence"));
        frame.finish();
        frame.repeat = Some(Loop { how: how.clone(), done: 0, times, items });
        self.frames.push(frame);
        Ok(())
    }

    /// The sequence at work is at its end: a loop may do it again.
    pub fn leave(&mut self, context: &mut StepContext) -> Result<(), Halt> {
        if !self.goes_round(context)? {
            self.frames.pop();
        }
        Ok(())
    }

    fn goes_round(&mut self, context: &mut StepContext) -> Result<bool, Halt> {
        let Some(Frame { repeat: Some(round), .. }) = self.frames.last() else { return Ok(false) };
        let (done, times) = (round.done, round.times);
        let (how, item) = (round.how.clone(), round.items.get(done).cloned());
        let again = match &how {
            Repeat::Count(_) | Repeat::ForEach(_) => times.is_some_and(|times| done < times),
            Repeat::While(conditions) => {
                self.show_round(done, times, item.clone());
                self.all(conditions, "while", context) == Some(true)
            }
            Repeat::Until(conditions) => done == 0 || self.all(conditions, "until", context) == Some(false),
        };
        if again {
            self.show_round(done, times, item);
            if let Some(frame) = self.frames.last_mut() {
                frame.at = 0;
                if let Some(round) = &mut frame.repeat {
                    round.done += 1;
                }
            }
        }
        Ok(again)
    }

    /// The variable `repeat` of the round that comes.
    fn show_round(&mut self, done: usize, times: Option<usize>, item: Option<Value>) {
        let mut repeat = json!({"first": done == 0, "index": done + 1});
        if let Some(fields) = repeat.as_object_mut() {
            if let Some(times) = times {
                fields.insert("last".into(), (done + 1 == times).into());
            }
            if let Some(item) = item {
                fields.insert("item".into(), item);
            }
        }
        if let Some(frame) = self.frames.last_mut() {
            frame.scope.insert("repeat".into(), repeat);
        }
    }

    /// Whether conditions hold; none when that cannot be told.
    pub fn all(&self, conditions: &[Condition], name: &str, context: &mut StepContext) -> Option<bool> {
        let path = format!("{}/{name}", self.path());
        self.ask(&path, context, |it| conditions::all(conditions, it))
    }

    /// Asks, with a line in the trace. What cannot be told is told people, and the run goes on.
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

    /// After a failure: goes on behind the innermost step that continues on errors, if there is one.
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
