//! The actions of the automation domain: `automation.trigger`, `turn_on`, `turn_off` and `toggle`.
//!
//! `automation.reload` reads files, so the driver performs it: `files::load`, then `Engine::load`.

use serde_json::{Value, json};

use super::effect::Effect;
use super::engine::Engine;
use crate::automation::home::Home;

const ACTIONS: [&str; 4] =
    ["automation.trigger", "automation.turn_on", "automation.turn_off", "automation.toggle"];

impl Engine {
    /// Whether this module performs the action.
    pub fn has_action(action: &str) -> bool {
        ACTIONS.contains(&action)
    }

    /// Performs an action on the automations that `entity_id` names in the target or the data. `cause` is the run
    /// that calls it. The error says what to do.
    pub fn call(
        &mut self,
        action: &str,
        data: &Value,
        target: &Value,
        cause: Option<u64>,
        home: &Home,
    ) -> Result<Vec<Effect>, String> {
        if !Self::has_action(action) {
            return Err(format!("automations have no action `{action}`; use one of {}", ACTIONS.join(", ")));
        }
        let skips_conditions = flag(data, "skip_condition", true)?;
        let stops_runs = flag(data, "stop_actions", true)?;
        let mut effects = Vec::new();
        for key in self.selected(data, target)? {
            let is_on = self.instances.get(&key).is_some_and(|instance| instance.is_on());
            effects.extend(match action {
                "automation.trigger" => {
                    let trigger =
                        json!({"platform": null, "id": null, "idx": null, "description": "by an action"});
                    self.trigger(key, trigger, cause, skips_conditions, home)
                }
                "automation.turn_on" => self.set_enabled(key, true, stops_runs, home),
                "automation.turn_off" => self.set_enabled(key, false, stops_runs, home),
                _ => self.set_enabled(key, !is_on, stops_runs, home),
            });
        }
        Ok(self.redacted(effects))
    }

    fn set_enabled(&mut self, key: usize, is_on: bool, stops_runs: bool, home: &Home) -> Vec<Effect> {
        let Some(instance) = self.instances.get_mut(&key) else { return Vec::new() };
        let mut effects = instance.set_enabled(is_on, home, &self.templates);
        self.changed.insert(key);
        if !is_on && stops_runs {
            instance.queue.clear();
            let running: Vec<u64> =
                self.runs.iter().filter(|(_, run)| run.automation == key).map(|(id, _)| *id).collect();
            effects.extend(running.into_iter().flat_map(|run| self.cancel(run, home)));
        }
        effects
    }

    /// The automations that `entity_id` names.
    fn selected(&self, data: &Value, target: &Value) -> Result<Vec<usize>, String> {
        let named = [target, data].into_iter().find_map(|fields| fields.get("entity_id"));
        let names: Vec<&str> = match named {
            Some(Value::String(text)) => text.split(',').map(str::trim).collect(),
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        match names.as_slice() {
            [] => Err("no automation is given; add `entity_id: automation.name`".into()),
            ["all"] => Ok(self.instances.keys().copied().collect()),
            names => names.iter().map(|name| self.find(name)).collect(),
        }
    }
}

fn flag(data: &Value, name: &str, default: bool) -> Result<bool, String> {
    match data.get(name) {
        None | Some(Value::Null) => Ok(default),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(other) => Err(format!("`{name}`: expected true or false, found {other}")),
    }
}
