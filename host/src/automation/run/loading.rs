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
    ///
    /// As in Home Assistant, a reload first takes away the entities of removed and changed automations, then adds the
    /// new ones, each after its triggers are watched. Triggers see both. The first load fires nothing.
    pub fn load(
        &mut self,
        automations: Vec<Automation>,
        secrets: Vec<String>,
        home: &mut Home,
    ) -> Vec<Effect> {
        self.secrets = secrets.into();
        let mut before = std::mem::take(&mut self.instances);
        let mut renamed = BTreeMap::new();
        let mut added = Vec::new();
        for automation in automations {
            let key = self.next_key;
            self.next_key += 1;
            let same = before.iter().find(|(_, instance)| instance.automation.source == automation.source);
            let same = same.map(|(key, _)| *key).and_then(|old| Some((old, before.remove(&old)?)));
            match same {
                Some((old, mut instance)) => {
                    renamed.insert(old, key);
                    instance.automation.place = automation.place;
                    // A reload restarts an automation that the loop guard halted.
                    if instance.resume() && !self.is_held {
                        self.effects.extend(instance.watch(home, &self.templates));
                    }
                    self.instances.insert(key, instance);
                }
                None => added.push((key, Instance::new(automation))),
            }
        }
        self.heard = None;
        self.end_removed(&mut before, &renamed, home);
        let mut effects = Vec::new();
        if self.is_loaded {
            for gone in before.values() {
                self.withdraw(gone, home);
                effects.extend(self.work(home));
            }
            for (key, mut instance) in added {
                // Changed, but with the same ID or alias.
                if let Some(old) = before.values().find(|old| old.stable_key() == instance.stable_key()) {
                    instance.take_over(old);
                }
                self.instances.insert(key, instance);
                self.start_watching(key, home);
                self.write(key, None, home);
                effects.extend(self.work(home));
            }
            self.announce_reload();
        } else {
            let keys: Vec<usize> = added.iter().map(|(key, _)| *key).collect();
            self.instances.extend(added);
            // All entities exist before the first template is rendered.
            keys.iter().for_each(|key| self.write(*key, None, home));
            keys.iter().for_each(|key| self.start_watching(*key, home));
            self.is_loaded = true;
        }
        effects.extend(self.taken());
        effects
    }

    fn start_watching(&mut self, key: usize, home: &Home) {
        if let Some(instance) = self.instances.get_mut(&key).filter(|_| !self.is_held) {
            self.effects.extend(instance.watch(home, &self.templates));
            self.heard = None;
        }
    }

    /// Ends the runs of removed automations and moves the others to their new keys.
    fn end_removed(
        &mut self,
        gone: &mut BTreeMap<usize, Instance>,
        renamed: &BTreeMap<usize, usize>,
        home: &Home,
    ) {
        self.loop_guard.rename(renamed);
        let mut ended: Vec<u64> = gone.values().flat_map(|it| it.queue.iter().map(|(run, _)| *run)).collect();
        for (id, mut run) in std::mem::take(&mut self.runs) {
            if let Some(key) = renamed.get(&run.automation) {
                run.automation = *key;
                self.runs.insert(id, run);
                continue;
            }
            let Some(old) = gone.get_mut(&run.automation) else { continue };
            run.trace.finish(home.now, &End::Cancelled.to_string());
            old.store_trace(run.trace);
            ended.push(id);
            let automation = old.automation.name();
            self.effects.push(Effect::Ended { run: id, automation, end: End::Cancelled });
        }
        ended.into_iter().for_each(|run| self.finish_callers(run));
    }
}
