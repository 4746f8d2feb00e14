//! Sequences within sequences: where each stands, and loops that come back.

use serde_json::{Value, json};

use super::{Halt, Thread, World};
use crate::automation::conditions::{self, Asked, Verdict};
use crate::automation::model::{Action, Condition, Repeat, Sequence};
use crate::automation::templates::Variables;

/// A sequence that is being done.
#[derive(Debug)]
pub struct Frame {
    steps: Sequence,
    at: usize,
    path: String,
    pub scope: Variables,
    /// Whether the run goes on when the step at work fails.
    pub step_continues: bool,
    repeat: Option<Loop>,
}

#[derive(Debug)]
struct Loop {
    how: Repeat,
    /// How often it was done.
    done: usize,
    /// How often it will be, when that is known.
    times: Option<usize>,
    items: Vec<Value>,
}

impl Frame {
    pub fn new(steps: Sequence, path: String) -> Self {
        let scope = Variables::new();
        Self { steps, at: 0, path, scope, step_continues: false, repeat: None }
    }

    /// The next step and its path.
    pub fn take(&mut self) -> Option<(Action, String)> {
        let action = self.steps.get(self.at)?.clone();
        let path = format!("{}/{}", self.path, self.at);
        self.at += 1;
        self.step_continues = action.continues_on_error;
        Some((action, path))
    }

    /// The path of the step at work.
    pub fn current(&self) -> String {
        format!("{}/{}", self.path, self.at.saturating_sub(1))
    }

    pub fn finish(&mut self) {
        self.at = self.steps.len();
    }
}

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
        world: &mut World,
    ) -> Result<(), Halt> {
        let variables = self.variables(world);
        let fill = |data| world.templates.fill(data, world.home, &variables).map_err(Halt::wrong);
        let place = || format!("the repeat at {path}");
        let (times, items) = match how {
            Repeat::Count(data) => {
                let count = fill(data)?;
                let number = count.as_u64().and_then(|count| usize::try_from(count).ok());
                let wrong = || Halt::wrong(format!("{}: {count} is no count; give a whole number", place()));
                (Some(number.ok_or_else(wrong)?), Vec::new())
            }
            Repeat::ForEach(data) => match fill(data)? {
                Value::Array(items) => (Some(items.len()), items),
                value => return Err(Halt::wrong(format!("{}: {value} is no list; give one", place()))),
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
    pub fn leave(&mut self, world: &mut World) -> Result<(), Halt> {
        if !self.goes_round(world)? {
            self.frames.pop();
        }
        Ok(())
    }

    fn goes_round(&mut self, world: &mut World) -> Result<bool, Halt> {
        let Some(Frame { repeat: Some(round), .. }) = self.frames.last() else { return Ok(false) };
        let (done, times) = (round.done, round.times);
        let (how, item) = (round.how.clone(), round.items.get(done).cloned());
        let again = match &how {
            Repeat::Count(_) | Repeat::ForEach(_) => times.is_some_and(|times| done < times),
            Repeat::While(conditions) => {
                self.show_round(done, times, item.clone());
                self.all(conditions, "while", world) == Some(true)
            }
            Repeat::Until(conditions) => done == 0 || self.all(conditions, "until", world) == Some(false),
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
    pub fn all(&self, conditions: &[Condition], name: &str, world: &mut World) -> Option<bool> {
        let path = format!("{}/{name}", self.path());
        self.ask(&path, world, |asked| conditions::all(conditions, asked))
    }

    /// Asks, with a line in the trace. What cannot be told is told people, and the run goes on.
    pub fn ask(
        &self,
        path: &str,
        world: &mut World,
        ask: impl FnOnce(&Asked) -> Result<Verdict, String>,
    ) -> Option<bool> {
        let variables = self.variables(world);
        match ask(&Asked { home: world.home, templates: world.templates, variables: &variables }) {
            Ok(Verdict { holds, seen }) => {
                world.trace.note(path, world.home.now, &json!({"result": holds, "seen": seen}));
                Some(holds)
            }
            Err(problem) => {
                world.trace.note(path, world.home.now, &json!({"result": null, "problem": problem}));
                world.told.push(problem);
                None
            }
        }
    }

    /// After a failure: goes on behind the innermost step that continues on errors, if there is one.
    pub fn recover(&mut self) -> bool {
        while let Some(frame) = self.frames.last_mut() {
            if frame.step_continues {
                frame.step_continues = false;
                self.wait = super::Wait::Ready;
                return true;
            }
            self.frames.pop();
        }
        false
    }
}
