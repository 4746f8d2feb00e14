//! Events: what plugins say, to whoever listens. Nothing is kept: who subscribes later hears what comes later.
//!
//! A listener hears everything in order. One that does not keep up misses what comes until it has taken what waits for it, is
//! told so, and hears on: neither a slow listener nor a talkative plugin costs memory or time, or silences anybody for good.

mod listener;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::{Value, json};

use crate::model::sanitized;
use crate::options::{MAX_MESSAGE, MAX_PENDING};
use crate::time::scheduler::Scheduler;
pub use listener::Listener;
use listener::Queue;

/// The topic of what people should read: `{"message": …, "level": …}`.
pub const LOG: &str = "larder/log";
/// How far a job is: `{"job", "stage", "done", "total"}`.
pub const PROGRESS: &str = "larder/progress";
/// An object was stored: `{"location", "name"}`. A restore was put in place.
pub const STORED: &str = "larder/stored";
pub const REPLACED: &str = "larder/replaced";
/// What a listener hears in place of events that it missed: `{"count": …}`. Only the bus says it.
pub const MISSED: &str = "larder/missed";

/// How much a sentence for people matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Error,
    Warning,
    #[default]
    Info,
    /// Said only to who asks for more.
    Debug,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }

    /// That of an event for people; `info` when it names none.
    pub fn of(data: &Value) -> Self {
        let name = data.get("level").and_then(Value::as_str);
        let known = [Self::Error, Self::Warning, Self::Info, Self::Debug];
        known.into_iter().find(|level| Some(level.name()) == name).unwrap_or_default()
    }
}

#[derive(Debug, Clone)]
pub struct Event {
    pub topic: String,
    /// JSON text, checked.
    pub data: String,
    /// The run of an automation that told it.
    pub cause: Option<u64>,
}

impl Event {
    pub fn new(topic: impl Into<String>, data: impl Into<String>) -> Self {
        Self { topic: topic.into(), data: data.into(), cause: None }
    }
}

/// Cheap to clone; every clone is the same bus.
#[derive(Clone, Default)]
pub struct Bus(Arc<Listeners>);

#[derive(Default)]
struct Listeners(Mutex<Vec<Weak<Queue>>>);

impl Bus {
    pub fn subscribe(&self) -> Listener {
        self.listen(Queue::new(MAX_PENDING, None, None))
    }

    /// For a listener of one topic: nothing else takes its room.
    pub fn subscribe_to(&self, topic: &'static str) -> Listener {
        self.listen(Queue::new(MAX_PENDING, Some(topic), None))
    }

    /// For a listener that waits for timers, too: every event ends such a wait. Up to `pending` may wait for it.
    pub fn subscribe_waking(&self, wake: Scheduler, pending: usize) -> Listener {
        self.listen(Queue::new(pending, None, Some(wake)))
    }

    pub fn emit(&self, event: &Event) {
        self.0.lock().retain(|listener| match listener.upgrade() {
            Some(queue) => {
                queue.put(event);
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

    /// Tells people something: what anybody says is made fit for them here.
    pub fn say(&self, level: Level, message: &str) {
        let data = json!({"message": sanitized(message, MAX_MESSAGE), "level": level.name()});
        self.emit(&Event::new(LOG, data.to_string()));
    }

    /// Lets every listener know that nothing more will come.
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

/// With the last clone of the bus everybody who could say something is gone.
impl Drop for Listeners {
    fn drop(&mut self) {
        self.close();
    }
}
