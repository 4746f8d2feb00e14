//! The actions of the automation domain: `automation.trigger`, `turn_on`, `turn_off` and `toggle`.
//!
//! `automation.reload` reads files, so the driver performs it: `files::load`, then `Engine::load`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::active_run::Caller;
use super::effect::Effect;
use super::engine::Engine;
use super::instance::{Firing, Instance};
use super::work::Work;
use crate::automation::home::Home;
use crate::automation::literals;
use crate::automation::model::Mode;
use crate::automation::templates::{Variables, from_json};

const ACTIONS: [&str; 4] =
    ["automation.trigger", "automation.turn_on", "automation.turn_off", "automation.toggle"];

impl Engine {
    /// Whether this module performs the action.
    pub fn has_action(action: &str) -> bool {
        ACTIONS.contains(&action)
    }

    /// Performs an action on the automations that `entity_id` names in the target or the data. `caller` is the run and
    /// the call; run 0 stands for a user. `Effect::Answer` follows at once, or when the triggered runs have ended. The
    /// error says what to do.
    pub fn call(
        &mut self,
        action: &str,
        data: &Value,
        target: &Value,
        caller: (u64, u64),
        home: &mut Home,
    ) -> Result<Vec<Effect>, String> {
        if !Self::has_action(action) {
            return Err(format!("automations have no action `{action}`; use one of {}", ACTIONS.join(", ")));
        }
        let skips_conditions = flag(data, "skip_condition", true)?;
        let stops_runs = flag(data, "stop_actions", true)?;
        let variables = match data.get("variables") {
            None | Some(Value::Null) => Variables::new(),
            Some(Value::Object(fields)) => {
                fields.iter().map(|(name, value)| (name.as_str().into(), from_json(value))).collect()
            }
            Some(other) => return Err(format!("`variables`: expected a mapping, found {other}")),
        };
        let (run, call) = caller;
        let cause = Some(run).filter(|run| *run > 0);
        let mut waits_for = BTreeSet::new();
        let keys = self.selected(data, target)?;
        let is_trigger = action == "automation.trigger";
        if !is_trigger {
            self.stack.push(Work::Answer { run, call });
        }
        let base = self.stack.len();
        for key in keys {
            let before = self.stack.len();
            let is_on = self.instances.get(&key).is_some_and(|instance| instance.is_on());
            match action {
                "automation.trigger" if self.restarts(key, run) => {
                    self.cancel(run, home);
                    self.write(key, cause, home);
                }
                "automation.trigger" => {
                    let firing = Firing {
                        cause,
                        is_forced: skips_conditions,
                        variables: variables.clone(),
                        ..Firing::by_hand("by an action")
                    };
                    waits_for.extend(self.trigger(key, firing.caused_by(cause), home));
                }
                "automation.turn_on" => self.set_enabled(key, true, stops_runs, cause, home),
                "automation.turn_off" => self.set_enabled(key, false, stops_runs, cause, home),
                _ => self.set_enabled(key, !is_on, stops_runs, cause, home),
            }
            // What the first entity sets off comes first.
            let more = self.stack.split_off(before.max(base));
            drop(self.stack.splice(base..base, more));
        }
        if is_trigger {
            self.callers.push(Caller { run, call, waits_for });
            self.finish_callers(0);
        }
        Ok(self.work(home))
    }

    /// Whether a run would restart its own automation. In Home Assistant that ends the run and starts no other.
    fn restarts(&self, key: usize, run: u64) -> bool {
        let is_restarted = |it: &Instance| it.automation.mode == Mode::Restart;
        self.instances.get(&key).is_some_and(is_restarted)
            && self.runs.get(&run).is_some_and(|run| run.automation == key)
    }

    fn set_enabled(
        &mut self,
        key: usize,
        is_on: bool,
        stops_runs: bool,
        cause: Option<u64>,
        home: &mut Home,
    ) {
        let Some(instance) = self.instances.get_mut(&key) else { return };
        if instance.set_enabled(is_on) && !self.is_held {
            self.effects.extend(instance.watch(home, &self.templates));
        }
        self.heard = None;
        if !is_on && stops_runs {
            let queued: Vec<u64> = instance.queue.drain(..).map(|(run, _)| run).collect();
            queued.into_iter().for_each(|run| self.finish_callers(run));
            let running: Vec<u64> =
                self.runs.iter().filter(|(_, run)| run.automation == key).map(|(id, _)| *id).collect();
            running.into_iter().for_each(|run| self.cancel(run, home));
        }
        self.write(key, cause, home);
    }

    /// The automations that `entity_id` names, each once. An entity that does not exist is reported and skipped.
    fn selected(&mut self, data: &Value, target: &Value) -> Result<BTreeSet<usize>, String> {
        let named = [target, data].into_iter().find_map(|fields| fields.get("entity_id"));
        let names: Vec<&str> = match named {
            Some(Value::String(text)) => text.split(',').map(str::trim).collect(),
            Some(Value::Array(items)) => {
                let wrong = || "`entity_id`: expected a list of entities".to_owned();
                let names = items.iter().map(|item| item.as_str().map(str::trim).ok_or_else(wrong));
                names.collect::<Result<_, _>>()?
            }
            Some(Value::Null) | None => {
                return Err("no automation is given; add `entity_id: automation.name`".into());
            }
            Some(other) => return Err(format!("`entity_id`: expected an entity or a list, found {other}")),
        };
        if names.len() == 1 && names.first().is_some_and(|name| name.eq_ignore_ascii_case("all")) {
            return Ok(self.instances.keys().copied().collect());
        }
        if names.len() == 1 && names.first().is_some_and(|name| name.eq_ignore_ascii_case("none")) {
            return Ok(BTreeSet::new());
        }
        let mut found = BTreeSet::new();
        for name in names {
            let id = name.to_lowercase();
            match self.find(name).or_else(|problem| self.find(&id).map_err(|_| problem)) {
                Ok(key) => drop(found.insert(key)),
                Err(_) if literals::is_entity(&id) => self.effects.push(Effect::Notice {
                    automation: id.clone(),
                    message: format!(
                        "there is no automation {id}, so the action skips it; correct the entity"
                    ),
                }),
                Err(problem) => return Err(problem),
            }
        }
        Ok(found)
    }
}

fn flag(data: &Value, name: &str, default: bool) -> Result<bool, String> {
    match data.get(name) {
        None | Some(Value::Null) => Ok(default),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(other) => Err(format!("`{name}`: expected true or false, found {other}")),
    }
}
