//! Turning bus events into engine events, and following changes of the clock and the time zone.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;

use super::Driver;
use super::inventory::home;
use crate::automation::home::{Entity, Event};
use crate::automation::zone;
use crate::home::bus;
use crate::home::bus::{Level, MISSED};
use crate::home::states::STATE_CHANGED;
use crate::model::Timestamp;
use crate::service::host::Host;
use crate::tunables::MAX_UNHEARD;

impl Driver {
    /// Checks whether the home's time zone changed; if so, all times are calculated again.
    pub(super) fn follow_zone(&mut self, host: &Host) {
        let found = host.time_zone().get();
        if found == self.zone {
            return;
        }
        let new = found.problems.iter().filter(|problem| !self.zone.problems.contains(problem));
        new.for_each(|problem| host.bus.log(Level::Warning, problem));
        if found.zone != self.zone.zone {
            host.bus.log(Level::Info, &format!("the time zone is now {}", found.described()));
            self.home.zone = found.zone;
            self.home.now = host.clock().now();
            self.engine.set_zone(&self.home);
            host.scheduler().make_all_due(self.home.now);
        }
        self.zone = found;
    }

    /// The clock was set forward by `by`, or back if negative. All times are calculated again.
    pub fn set_clock(&mut self, host: &Host, by: TimeDelta) {
        host.states().set_clock(by);
        self.home = home(host);
        self.engine.set_clock(by, &self.home);
        self.save_due = self.save_due.map(|due| zone::plus(due, by));
        let (direction, rest) = match by < TimeDelta::zero() {
            true => ("back", "planned times were recalculated, and nothing is repeated"),
            false => ("forward", "missed runs that are to be made up run now"),
        };
        if by < TimeDelta::zero() {
            host.scheduler().make_all_due(self.home.now);
        }
        host.bus.log(Level::Warning, &format!("the clock was set {direction} by {}: {rest}", span(by)));
    }

    /// Updates the home and passes an event to the engine.
    pub(super) fn on_event(&mut self, host: &mut Host, event: &bus::Event) {
        let is_heard = self.engine.hears(&event.topic);
        // The engine wrote the states of automations to the home itself.
        let is_state = event.topic == STATE_CHANGED && !event.is_own;
        if !is_heard && !is_state && event.topic != MISSED {
            return;
        }
        let Ok(data) = serde_json::from_str::<Value>(&event.data) else { return };
        if event.topic == MISSED {
            return self.on_missed(host, &data);
        }
        let mut cause = event.cause;
        if let Some(change) = is_state.then(|| self.follow(&data)).flatten() {
            // A state that a plugin publishes while it works for a run is caused by that run.
            let id = data.get("entity_id").and_then(Value::as_str).unwrap_or_default();
            cause = cause.or_else(|| self.calls.run_of(&host.states().owner(id)?));
            self.handle(host, &change, cause);
        }
        if is_heard {
            self.handle(host, &Event::Named { name: event.topic.clone(), data }, cause);
        }
    }

    /// Takes the events so far into the home, without passing them to the engine.
    pub(super) fn read_events(&mut self, host: &Host) {
        while let Ok(event) = self.events.try_recv() {
            if event.topic == MISSED {
                self.home = home(host);
            } else if event.topic == STATE_CHANGED
                && !event.is_own
                && let Ok(data) = serde_json::from_str::<Value>(&event.data)
            {
                self.follow(&data);
            }
        }
    }

    /// Takes a changed state into the home. Returns the change as an event for the engine.
    fn follow(&mut self, data: &Value) -> Option<Event> {
        let id = data.get("entity_id").and_then(Value::as_str)?;
        let [old, new] = ["old_state", "new_state"].map(|key| data.get(key).and_then(entity).map(Arc::new));
        let states = Arc::make_mut(&mut self.home.states);
        match &new {
            Some(new) => states.insert(id.to_owned(), new.clone()),
            None => states.remove(id),
        };
        Some(Event::State { id: id.to_owned(), old, new })
    }

    /// The queue overflowed: the missed events are lost, which is logged.
    fn on_missed(&mut self, host: &Host, missed: &Value) {
        self.home = home(host);
        let count = missed.get("count").and_then(Value::as_u64).unwrap_or_default();
        host.bus.log(
            Level::Warning,
            &format!(
                "{count} events were dropped because {MAX_UNHEARD} were already waiting for the automations; they fired no \
                 trigger. Run `larder serve -vv` to see what changes so often"
            ),
        );
    }
}

/// A duration in its two largest units.
fn span(by: TimeDelta) -> String {
    let seconds = by.num_seconds().unsigned_abs();
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, _, _) => format!("{days} d {hours} h"),
    }
}

/// A state as events carry it.
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
