//! Automations that take the place of others: what goes on, what is taken over, what ends.

use std::collections::BTreeMap;

use super::live::Live;
use super::{Effect, Engine};
use crate::automation::home::Home;
use crate::automation::model::Automation;
use crate::automation::script::End;

impl Engine {
    /// Takes these automations in place of those before. What did not change goes on, runs too; of others the runs end.
    pub fn load(&mut self, automations: Vec<Automation>, secrets: Vec<String>, home: &Home) -> Vec<Effect> {
        self.secrets = secrets.into();
        let mut effects = Vec::new();
        let mut before = std::mem::take(&mut self.live);
        let mut renamed = BTreeMap::new();
        for automation in automations {
            let key = self.next_key;
            self.next_key += 1;
            let same = before.iter().find(|(_, live)| live.automation.source == automation.source);
            let same = same.map(|(key, _)| *key).and_then(|old| Some((old, before.remove(&old)?)));
            let live = match same {
                Some((old, mut live)) => {
                    renamed.insert(old, key);
                    live.automation.place = automation.place;
                    // A reload is how a stopped one is started again.
                    effects.extend(live.resume(home, &self.templates));
                    live
                }
                None => {
                    let (mut live, notices) = Live::new(automation, home, &self.templates);
                    // Changed, but the same to people.
                    if let Some(old) = before.values().find(|old| old.key() == live.key()) {
                        live.take_over(old);
                    }
                    effects.extend(notices);
                    live
                }
            };
            self.changed.insert(key);
            self.live.insert(key, live);
        }
        effects.extend(self.leave(&before, &renamed, home));
        self.veiled(effects)
    }

    /// Ends the runs of what is not there any more; those of the others get their new keys.
    fn leave(
        &mut self,
        gone: &BTreeMap<usize, Live>,
        renamed: &BTreeMap<usize, usize>,
        home: &Home,
    ) -> Vec<Effect> {
        self.causes.rename(renamed);
        let mut effects = Vec::new();
        for (id, mut run) in std::mem::take(&mut self.runs) {
            if let Some(key) = renamed.get(&run.of) {
                run.of = *key;
                self.runs.insert(id, run);
                continue;
            }
            let Some(old) = gone.get(&run.of) else { continue };
            run.trace.finish(home.now, &End::Cancelled.to_string());
            if let Some(live) = self.live.values_mut().find(|live| live.key() == old.key()) {
                live.keep(run.trace);
            }
            effects.push(Effect::Ended { run: id, automation: old.automation.name(), end: End::Cancelled });
        }
        effects
    }
}
