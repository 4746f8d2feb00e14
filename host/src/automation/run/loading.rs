//! Loads and reloads automations: decides which continue, which inherit state, and which runs end.

use std::collections::BTreeMap;

use super::effect::Effect;
use super::engine::Engine;
use super::instance::Instance;
use crate::automation::home::Home;
use crate::automation::model::Automation;
use crate::automation::script::End;

impl Engine {
    /// Replaces all automations. Unchanged ones continue, including their runs; the runs of the others end.
    pub fn load(&mut self, automations: Vec<Automation>, secrets: Vec<String>, home: &Home) -> Vec<Effect> {
        self.secrets = secrets.into();
        let mut effects = Vec::new();
        let mut before = std::mem::take(&mut self.instances);
        let mut renamed = BTreeMap::new();
        for automation in automations {
            let key = self.next_key;
            self.next_key += 1;
            let same = before.iter().find(|(_, instance)| instance.automation.source == automation.source);
            let same = same.map(|(key, _)| *key).and_then(|old| Some((old, before.remove(&old)?)));
            let instance = match same {
                Some((old, mut instance)) => {
                    renamed.insert(old, key);
                    instance.automation.place = automation.place;
                    // A reload restarts an automation that the loop guard halted.
                    effects.extend(instance.resume(home, &self.templates));
                    instance
                }
                None => {
                    let (mut instance, notices) = Instance::new(automation, home, &self.templates);
                    // Changed, but with the same ID or alias.
                    if let Some(old) = before.values().find(|old| old.stable_key() == instance.stable_key()) {
                        instance.take_over(old);
                    }
                    effects.extend(notices);
                    instance
                }
            };
            self.changed.insert(key);
            self.instances.insert(key, instance);
        }
        effects.extend(self.end_removed(&before, &renamed, home));
        self.redacted(effects)
    }

    /// Ends the runs of removed automations and moves the others to their new keys.
    fn end_removed(
        &mut self,
        gone: &BTreeMap<usize, Instance>,
        renamed: &BTreeMap<usize, usize>,
        home: &Home,
    ) -> Vec<Effect> {
        self.loop_guard.rename(renamed);
        let mut effects = Vec::new();
        for (id, mut run) in std::mem::take(&mut self.runs) {
            if let Some(key) = renamed.get(&run.automation) {
                run.automation = *key;
                self.runs.insert(id, run);
                continue;
            }
            let Some(old) = gone.get(&run.automation) else { continue };
            run.trace.finish(home.now, &End::Cancelled.to_string());
            if let Some(instance) =
                self.instances.values_mut().find(|instance| instance.stable_key() == old.stable_key())
            {
                instance.store_trace(run.trace);
            }
            effects.push(Effect::Ended { run: id, automation: old.automation.name(), end: End::Cancelled });
        }
        effects
    }
}
