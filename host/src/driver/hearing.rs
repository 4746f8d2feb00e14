//! From the host's bus to the engine's events, and the home as automations see it.

use std::sync::Arc;

use serde_json::Value;

use super::Driver;
use crate::assemble::Host;
use crate::automation::home::{Entity, Event, Home};
use crate::bus;
use crate::model::Timestamp;
use crate::options::MAX_UNHEARD;
use crate::states::STATE_CHANGED;

/// The home as the host shows it now.
pub(super) fn home(host: &Host) -> Home {
    let states = host.states().all().into_iter().map(|(id, state)| (id, Arc::new(state))).collect();
    Home { now: host.clock().now(), zone: host.time_zone().get().zone, states: Arc::new(states) }
}

impl Driver {
    /// Looks whether the home's clocks go by another zone now; then everybody reckons anew.
    pub(super) fn follow_zone(&mut self, host: &Host) {
        let found = host.time_zone().get();
        if found == self.zone {
            return;
        }
        let new = found.problems.iter().filter(|problem| !self.zone.problems.contains(problem));
        new.for_each(|problem| host.bus.say(problem));
        if found.zone != self.zone.zone {
            host.bus.say(&format!("the time zone is {} now", found.described()));
            self.home.zone = found.zone;
            self.home.now = host.clock().now();
            self.engine.rezone(&self.home);
            host.scheduler().make_all_due(self.home.now);
        }
        self.zone = found;
    }

    pub(super) fn heard(&mut self, host: &mut Host, event: &bus::Event) {
        let Ok(data) = serde_json::from_str::<Value>(&event.data) else { return };
        let mut cause = event.cause;
        if event.topic == STATE_CHANGED
            && let Some(id) = data.get("entity_id").and_then(Value::as_str)
        {
            // What a plugin shows while it does what a run asked for, that run causes.
            cause = cause.or_else(|| self.calls.run_of(&host.states().owner(id)?));
            let [old, new] =
                ["old_state", "new_state"].map(|key| data.get(key).and_then(entity).map(Arc::new));
            let states = Arc::make_mut(&mut self.home.states);
            match &new {
                Some(new) => states.insert(id.to_owned(), new.clone()),
                None => states.remove(id),
            };
            self.hear(host, &Event::State { id: id.to_owned(), old, new }, cause);
        }
        self.hear(host, &Event::Named { name: event.topic.clone(), data }, cause);
    }

    /// So much happened that the bus gave this listener up: what was missed is missed, and said.
    pub(super) fn listen_again(&mut self, host: &mut Host) {
        self.events = host.bus.subscribe_waking(host.scheduler().clone(), MAX_UNHEARD);
        self.home = home(host);
        host.bus.say(&format!(
            "more than {MAX_UNHEARD} events waited for the automations: what happened meanwhile fired no trigger; find out what \
             changes so often with `larder serve --verbose`"
        ));
    }
}

/// A state as it stands in an event.
fn entity(shown: &Value) -> Option<Entity> {
    let time = |key: &str| {
        let time = chrono::DateTime::parse_from_rfc3339(shown.get(key)?.as_str()?).ok()?;
        Some(Timestamp { seconds: time.timestamp(), nanoseconds: time.timestamp_subsec_nanos() })
    };
    Some(Entity {
        state: shown.get("state")?.as_str()?.to_owned(),
        attributes: shown.get("attributes")?.clone(),
        last_changed: time("last_changed")?,
        last_updated: time("last_updated")?,
    })
}
