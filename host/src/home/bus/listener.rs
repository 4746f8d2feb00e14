//! A listener's queue: the events that wait for it, and the number of those that it missed.

use std::collections::VecDeque;
use std::fmt;
use std::sync::mpsc::{RecvError, TryRecvError};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use serde_json::json;

use super::event::{Event, MISSED};
use crate::time::scheduler::Scheduler;

/// Receives the events of a bus until it is dropped.
pub struct Listener(pub(super) Arc<Queue>);

/// Shows no pending events, which may contain anything.
impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").finish_non_exhaustive()
    }
}

pub(super) struct Queue {
    pending: Mutex<Pending>,
    arrived: Condvar,
    /// The largest number of pending events.
    capacity: usize,
    /// The only topic that is queued; all topics when absent.
    topic: Option<&'static str>,
    /// Woken for every event.
    scheduler: Option<Scheduler>,
}

#[derive(Default)]
struct Pending {
    events: VecDeque<Event>,
    /// Events that came after the pending ones and were dropped.
    missed: u64,
    is_closed: bool,
}

impl Pending {
    /// Reports missed events once everything before them has been taken.
    fn take(&mut self) -> Option<Event> {
        self.events.pop_front().or_else(|| match std::mem::take(&mut self.missed) {
            0 => None,
            count => Some(Event::new(MISSED, json!({"count": count}).to_string())),
        })
    }
}

impl Queue {
    pub fn new(capacity: usize, topic: Option<&'static str>, scheduler: Option<Scheduler>) -> Self {
        Self { pending: Mutex::default(), arrived: Condvar::new(), capacity, topic, scheduler }
    }

    pub fn push(&self, event: &Event) {
        if self.topic.is_some_and(|topic| topic != event.topic) {
            return;
        }
        let mut pending = self.pending();
        // While events are missing, later ones are dropped too, so that the gap is reported once and at its position.
        match pending.missed == 0 && pending.events.len() < self.capacity {
            true => pending.events.push_back(event.clone()),
            false => pending.missed = pending.missed.saturating_add(1),
        }
        drop(pending);
        self.arrived.notify_all();
        self.scheduler.iter().for_each(Scheduler::wake);
    }

    pub fn close(&self) {
        self.pending().is_closed = true;
        self.arrived.notify_all();
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// Waits for the next event. An error means that the bus was closed.
    pub fn recv(&self) -> Result<Event, RecvError> {
        let is_idle = |it: &mut Pending| it.events.is_empty() && it.missed == 0 && !it.is_closed;
        let waited = self.0.arrived.wait_while(self.0.pending(), is_idle);
        waited.unwrap_or_else(PoisonError::into_inner).take().ok_or(RecvError)
    }

    /// The next event, without waiting.
    pub fn try_recv(&self) -> Result<Event, TryRecvError> {
        let mut pending = self.0.pending();
        let none = if pending.is_closed { TryRecvError::Disconnected } else { TryRecvError::Empty };
        pending.take().ok_or(none)
    }

    /// All events until the bus is closed.
    pub fn iter(&self) -> impl Iterator<Item = Event> {
        std::iter::from_fn(|| self.recv().ok())
    }

    /// All events that are pending now.
    pub fn try_iter(&self) -> impl Iterator<Item = Event> {
        std::iter::from_fn(|| self.try_recv().ok())
    }
}

#[cfg(test)]
mod tests {
    use crate::home::bus::{Bus, Event, MISSED};
    use crate::tunables::MAX_PENDING;

    fn number(number: usize) -> Event {
        Event::new("test", number.to_string())
    }

    #[test]
    fn a_listener_that_missed_events_learns_how_many_and_where_and_receives_later_ones() {
        let bus = Bus::default();
        let slow = bus.subscribe();
        (0..MAX_PENDING + 3).for_each(|n| bus.emit(&number(n)));
        let first: Vec<_> = slow.iter().take(MAX_PENDING).map(|event| event.data).collect();
        assert_eq!(first.last(), Some(&(MAX_PENDING - 1).to_string()));
        // Still part of the gap.
        bus.emit(&number(0));
        let event = slow.recv().unwrap();
        assert_eq!((event.topic.as_str(), event.data.as_str()), (MISSED, r#"{"count":4}"#));
        bus.emit(&number(7));
        assert_eq!(slow.recv().unwrap().data, "7");
    }

    #[test]
    fn other_topics_take_no_room_in_the_queue_of_one_topic() {
        let bus = Bus::default();
        let log = bus.subscribe_to("log");
        (0..10 * MAX_PENDING).for_each(|n| bus.emit(&number(n)));
        bus.emit(&Event::new("log", "1"));
        drop(bus);
        let topics: Vec<_> = log.iter().map(|event| event.topic).collect();
        assert_eq!(topics, ["log"]);
    }
}
