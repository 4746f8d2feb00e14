//! Executes each kind of action: returns an effect, starts a wait, enters a sequence, or sets variables.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::Script;
use super::calls;
use super::context::StepContext;
use super::frame::Frame;
use super::outcome::{Effect, End, Halt};
use super::thread::Thread;
use super::wait::{Limit, Wait};
use super::waiting::until_true;
use crate::automation::conditions;
use crate::automation::model::{Action, ActionKind, Condition, Data, Sequence, VariableDefinitions};
use crate::automation::templates::to_json;
use crate::automation::triggers::Watch;
use crate::automation::{literals, zone};

impl Script {
    /// Executes one action of a thread.
    pub(super) fn act(
        &mut self,
        id: usize,
        action: &Action,
        path: String,
        context: &mut StepContext,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Halt> {
        if !self.is_enabled(id, action, context)? {
            context.trace.record(&path, context.home.now, &json!({"enabled": false}));
            return Ok(());
        }
        if let ActionKind::Parallel(branches) = &action.kind {
            self.branch(id, branches, &path, context);
            return Ok(());
        }
        let call = self.next_call;
        let Some(thread) = self.threads.get_mut(&id) else { return Ok(()) };
        let effect = thread.act(action, path, call, context)?;
        if matches!(effect, Some(Effect::Call { .. })) {
            self.next_call += 1;
        }
        effects.extend(effect);
        Ok(())
    }

    /// Whether a step is enabled. A template is rendered now, and counts as Python takes its value.
    fn is_enabled(&self, id: usize, action: &Action, context: &StepContext) -> Result<bool, Halt> {
        let (Some(template), Some(thread)) = (&action.enabled_if, self.threads.get(&id)) else {
            return Ok(action.is_enabled);
        };
        let rendered = context.templates.render(template, context.home, &thread.variables(context));
        rendered.map(|rendered| literals::is_truthy(&rendered.json())).map_err(Halt::failed)
    }

    fn branch(&mut self, id: usize, branches: &[Sequence], path: &str, context: &mut StepContext) {
        let Some(thread) = self.threads.get_mut(&id).filter(|_| !branches.is_empty()) else { return };
        context.trace.record(path, context.home.now, &json!({"branches": branches.len()}));
        thread.wait = Wait::Branches;
        let own = thread.locals();
        for (at, steps) in branches.iter().enumerate() {
            let frame = Frame::new(steps.clone(), format!("{path}/parallel/{at}/sequence"));
            self.threads.insert(self.next_thread, Thread::new(Some(id), own.clone(), frame));
            self.next_thread += 1;
        }
    }
}

impl Thread {
    fn act(
        &mut self,
        action: &Action,
        path: String,
        call: u64,
        context: &mut StepContext,
    ) -> Result<Option<Effect>, Halt> {
        let now = context.home.now;
        match &action.kind {
            ActionKind::Call { action: name, data, target, response, .. } => {
                let (name, data, target) = calls::rendered(self, name, data, target, context)?;
                context.trace.record(&path, now, &json!({"action": name, "data": data, "target": target}));
                let wants_response = response.is_some();
                self.wait = Wait::Call { call, action: name.clone(), response: response.clone() };
                return Ok(Some(Effect::Call { call, action: name, data, target, wants_response }));
            }
            ActionKind::Event { name, data } => {
                // Without its data, the event is fired all the same.
                let filled = context.templates.fill_json(data, context.home, &self.variables(context));
                let (data, problem) = match filled {
                    Ok(data) => (data, None),
                    Err(problem) => (json!({}), Some(problem)),
                };
                let mut seen = json!({"event": name, "data": data});
                if let (Some(problem), Some(seen)) = (&problem, seen.as_object_mut()) {
                    seen.insert("problem".into(), problem.as_str().into());
                }
                context.trace.record(&path, now, &seen);
                context.problems.extend(problem);
                return Ok(Some(Effect::Fire { name: name.clone(), data }));
            }
            ActionKind::Delay(span) => {
                let span = self.span(span, "delay", context, action)?;
                context.trace.record(&path, now, &json!({"delay": span.num_milliseconds() / 1000}));
                if !span.is_zero() {
                    self.wait = Wait::Until(zone::plus(now, span));
                }
            }
            ActionKind::WaitTemplate { value, timeout, continues_on_timeout } => {
                let limit = self.limit(timeout.as_ref(), *continues_on_timeout, context, action)?;
                let remaining = limit.remaining(context.home);
                match until_true(value, limit.clone(), self, context)? {
                    None => self.waited(json!({"remaining": remaining, "completed": true}), context),
                    Some(_) if limit.is_over(context.home) => {
                        self.late(&limit, json!({"remaining": 0.0, "completed": false}), context)?
                    }
                    Some(wait) => {
                        self.assign_wait(&json!({"remaining": remaining, "completed": false}), context);
                        self.wait = wait;
                    }
                }
            }
            ActionKind::WaitForTrigger { triggers, timeout, continues_on_timeout } => {
                let limit = self.limit(timeout.as_ref(), *continues_on_timeout, context, action)?;
                let (watch, problems) =
                    Watch::new(triggers, context.home, context.templates, &self.variables(context));
                context.trace.record(&path, now, &json!({"waits": true, "problems": problems}));
                let remaining = limit.remaining(context.home);
                self.assign_wait(
                    &json!({"remaining": remaining, "completed": false, "trigger": null}),
                    context,
                );
                if limit.is_over(context.home) {
                    self.late(
                        &limit,
                        json!({"remaining": 0.0, "completed": false, "trigger": null}),
                        context,
                    )?;
                } else if !watch.is_idle() {
                    self.wait = Wait::Trigger { watch, limit };
                }
            }
            ActionKind::Choose { options, default } => {
                for (at, (conditions, steps)) in options.iter().enumerate() {
                    if self.all(conditions, &format!("choose/{at}/conditions"), context) == Some(true) {
                        self.enter(steps, format!("{path}/choose/{at}/sequence"));
                        return Ok(None);
                    }
                }
                self.enter(default, format!("{path}/default"));
            }
            ActionKind::If { conditions, then, otherwise } => match self.all(conditions, "if", context) {
                Some(true) => self.enter(then, format!("{path}/then")),
                _ => self.enter(otherwise, format!("{path}/else")),
            },
            ActionKind::Repeat { how, sequence } => self.enter_loop(how, sequence, path, context)?,
            ActionKind::Variables(variables) => self.set(variables, &path, context)?,
            ActionKind::Sequence(steps) => self.enter(steps, format!("{path}/sequence")),
            ActionKind::Condition(condition) => self.require(condition, &path, context)?,
            ActionKind::Stop { message, is_error, response } => {
                let message = message.clone().unwrap_or_else(|| "None".into());
                context.trace.record(&path, now, &json!({"stop": message, "error": is_error}));
                if *is_error {
                    return Err(Halt::failed(message));
                }
                let response = match response {
                    None => Value::Null,
                    Some(name) => {
                        self.variables(context).get(name.as_str()).map(to_json).ok_or_else(|| {
                            Halt::failed(format!(
                                "{}: the response variable `{name}` is not set; set it before the stop",
                                action.place
                            ))
                        })?
                    }
                };
                return Err(Halt::End(End::Stopped { message, response }));
            }
            ActionKind::ConversationResponse(answer) => {
                let render =
                    |answer| context.templates.render(answer, context.home, &self.variables(context));
                let answer = answer.as_ref().map(render).transpose().map_err(Halt::failed)?;
                let answer = answer.map(|rendered| rendered.text);
                context.trace.record(&path, now, &json!({"conversation_response": answer}));
            }
            // Executed by `Script::act`, because it needs several threads.
            ActionKind::Parallel(_) => {}
        }
        Ok(None)
    }

    pub(super) fn fill(&self, data: &Data, context: &StepContext) -> Result<Value, Halt> {
        context.templates.fill_json(data, context.home, &self.variables(context)).map_err(Halt::failed)
    }

    fn span(
        &self,
        data: &Data,
        name: &str,
        context: &StepContext,
        action: &Action,
    ) -> Result<TimeDelta, Halt> {
        let value = self.fill(data, context)?;
        let place = &action.place;
        literals::period(&value)
            .map_err(|reason| Halt::failed(format!("{place}: the value of `{name}`, {value}, {reason}")))
    }

    fn limit(
        &self,
        timeout: Option<&Data>,
        continues_on_timeout: bool,
        context: &StepContext,
        action: &Action,
    ) -> Result<Limit, Halt> {
        let span = timeout.map(|data| self.span(data, "timeout", context, action)).transpose()?;
        Ok(Limit { due: span.map(|span| zone::plus(context.home.now, span)), continues_on_timeout })
    }

    fn set(
        &mut self,
        variables: &VariableDefinitions,
        path: &str,
        context: &mut StepContext,
    ) -> Result<(), Halt> {
        let mut seen = serde_json::Map::new();
        for (name, data) in variables {
            let variables = self.variables(context);
            let value = context.templates.fill(data, context.home, &variables).map_err(Halt::failed)?;
            seen.insert(name.clone(), to_json(&value));
            self.assign(name, value, context);
        }
        context.trace.record(path, context.home.now, &json!({"variables": seen}));
        Ok(())
    }

    /// A condition as an action: if it does not hold, the sequence ends.
    fn require(&mut self, condition: &Condition, path: &str, context: &mut StepContext) -> Result<(), Halt> {
        let verdict = self.ask(path, context, |it| conditions::holds(condition, it));
        if verdict == Some(true) { Ok(()) } else { Err(Halt::Sequence) }
    }
}
