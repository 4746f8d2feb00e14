//! Home Assistant's own events that automations cause. They are built only while a trigger waits for them.

use serde_json::{Map, Value, json};

use super::effect::Effect;
use super::engine::Engine;
use super::variables::run_id;

impl Engine {
    /// Whether a trigger, or a run that waits for one, needs the events of this name.
    pub fn hears(&mut self, name: &str) -> bool {
        let instances = &self.instances;
        let heard = self
            .heard
            .get_or_insert_with(|| instances.values().flat_map(|it| it.events()).cloned().collect());
        heard.contains(name) || self.runs.values().any(|run| run.script.hears(name))
    }

    /// The event `call_service`, if it is needed. `data` has the target merged into it; `run` is 0 without a run.
    pub fn called(&mut self, run: u64, action: &str, data: &Value) -> Option<Effect> {
        let name = "call_service";
        let (domain, service) = action.split_once('.').filter(|_| self.hears(name))?;
        let data = json!({"domain": domain, "service": service, "service_data": data});
        Some(Effect::Fire { run, name: name.into(), data })
    }

    /// The event `automation_reloaded`.
    pub(super) fn announce_reload(&mut self) {
        let name = "automation_reloaded";
        if self.hears(name) {
            self.effects.push(Effect::Fire { run: 0, name: name.into(), data: json!({}) });
        }
    }

    /// The event `automation_triggered`.
    pub(super) fn announce_run(&mut self, run: u64, key: usize, trigger: &Value) {
        let name = "automation_triggered";
        if !self.hears(name) {
            return;
        }
        let Some(instance) = self.instances.get(&key) else { return };
        let mut data = Map::new();
        data.insert("name".into(), instance.automation.name().into());
        data.insert("entity_id".into(), instance.entity_id().into());
        data.extend(trigger.get("description").map(|source| ("source".to_owned(), source.clone())));
        if let Some(id) = &instance.automation.id {
            data.insert("item_id".into(), id.clone().into());
            data.insert("run_id".into(), run_id(run).into());
        }
        self.effects.push(Effect::Fire { run, name: name.into(), data: data.into() });
    }
}
