//! The event bus between plugins and host. Events are not stored: a subscriber sees only what is emitted later.
//!
//! A listener receives all events in order. When its queue is full, it misses events until it has emptied the queue,
//! receives one event that says how many, and continues from there. So neither a slow listener nor a chatty plugin uses
//! unbounded memory, blocks others or is cut off for good.

mod event;
mod listener;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::json;

use crate::model::sanitized;
use crate::time::scheduler::Scheduler;
use crate::tunables::{MAX_MESSAGE, MAX_PENDING};
pub use event::{Event, LOG, Level, MISSED, PROGRESS, REPLACED, STORED};
pub use listener::Listener;
use listener::Queue;

/// Cheap to clone; all clones are the same bus.
#[derive(Clone, Default)]
pub struct Bus(Arc<Listeners>);

#[derive(Default)]
struct Listeners(Mutex<Vec<Weak<Queue>>>);

impl Bus {
    pub fn subscribe(&self) -> Listener {
        self.listen(Queue::new(MAX_PENDING, None, None))
    }

    /// Subscribes to one topic. Other events take no room in the queue.
    pub fn subscribe_to(&self, topic: &'static str) -> Listener {
        self.listen(Queue::new(MAX_PENDING, Some(topic), None))
    }

    /// For a listener that also waits for timers: every event wakes the scheduler. Holds up to `pending` events.
    pub fn subscribe_waking(&self, wake: Scheduler, pending: usize) -> Listener {
        self.listen(Queue::new(pending, None, Some(wake)))
    }

    pub fn emit(&self, event: &Event) {
        self.0.lock().retain(|listener| match listener.upgrade() {
            Some(queue) => {
                queue.push(event);
                true
            }
            None => false,
        });
    }

    fn listen(&self, queue: Queue) -> Listener {
        let queue = Arc::new(queue);
        self.0.lock().push(Arc::downgrade(&queue));
        Listener(queue)
    }

    /// Emits a log message of any origin. Escapes unprintable characters and limits the length.
    pub fn log(&self, level: Level, message: &str) {
        let data = json!({"message": sanitized(message, MAX_MESSAGE), "level": level.name()});
        self.emit(&Event::new(LOG, data.to_string()));
    }

    /// Notifies every listener that no more events will come.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Listeners {
    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Queue>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.lock().drain(..).filter_map(|listener| listener.upgrade()).for_each(|queue| queue.close());
    }
}

/// The last clone is gone, so no more events can be emitted.
impl Drop for Listeners {
    fn drop(&mut self) {
        self.close();
    }
}
