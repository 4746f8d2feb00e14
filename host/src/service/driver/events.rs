//! From the host's bus to the engine's events, and the home as automations see it.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;

use super::Driver;
use crate::assemble::Host;
use crate::automation::home::{Entity, Event, Home};
use crate::home::bus;
use crate::home::bus::{Level, MISSED};
use crate::home::states::STATE_CHANGED;
use crate::model::Timestamp;
use crate::options::MAX_UNHEARD;

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
        new.for_each(|problem| host.bus.log(Level::Warning, problem));
        if found.zone != self.zone.zone {
            host.bus.log(Level::Info, &format!("the time zone is {} now", found.described()));
            self.home.zone = found.zone;
            self.home.now = host.clock().now();
            self.engine.set_zone(&self.home);
            host.scheduler().make_all_due(self.home.now);
        }
        self.zone = found;
    }

    /// The clock was set: forward by `by`, or back. Everybody reckons anew.
    pub fn set_clock(&mut self, host: &Host, by: TimeDelta) {
        host.states().set_clock(by);
        self.home = home(host);
        self.engine.set_clock(by, &self.home);
        self.memory.set_clock(by);
        let (direction, rest) = match by < TimeDelta::zero() {
            true => ("back", "what is planned is reckoned anew, and nothing that was done is done again"),
            false => ("forward", "what was missed is made up where it should be"),
        };
        if by < TimeDelta::zero() {
            host.scheduler().make_all_due(self.home.now);
        }
        host.bus.log(Level::Warning, &format!("the clock was set {direction} by {}: {rest}", span(by)));
    }

    pub(super) fn heard(&mut self, host: &mut Host, event: &bus::Event) {
        let Ok(data) = serde_json::from_str::<Value>(&event.data) else { return };
        if event.topic == MISSED {
            return self.catch_up(host, &data);
        }
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

    /// More happened than may wait: what was missed is missed, and said.
    fn catch_up(&mut self, host: &Host, missed: &Value) {
        self.home = home(host);
        let count = missed.get("count").and_then(Value::as_u64).unwrap_or_default();
        host.bus.log(
            Level::Warning,
            &format!(
                "{count} events came while {MAX_UNHEARD} waited for the automations, and fired no trigger; find out what \
                 changes so often with `larder serve -vv`"
            ),
        );
    }
}

/// How far, for people: the two largest units.
fn span(by: TimeDelta) -> String {
    let seconds = by.num_seconds().unsigned_abs();
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, _, _) => format!("{days} d {hours} h"),
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
