//! Events: what plugins say, to whoever listens. Nothing is kept: who subscribes later hears what comes later.
//!
//! A listener hears everything in order, or nothing more: one that does not keep up is given up, so that neither a slow listener
//! nor a talkative plugin costs memory or time.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use crate::model::tamed;
use crate::options::{MAX_MESSAGE, MAX_PENDING};
use crate::scheduler::Scheduler;

/// The topic of what people should read: `{"message": …}`.
pub const LOG: &str = "larder/log";

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
pub struct Bus {
    listeners: Arc<Mutex<Vec<Listener>>>,
}

struct Listener {
    sender: SyncSender<Event>,
    /// Told when something came.
    wake: Option<Scheduler>,
}

impl Bus {
    pub fn subscribe(&self) -> Receiver<Event> {
        self.listen(MAX_PENDING, None)
    }

    /// For a listener that waits for timers, too: every event ends such a wait. Up to `pending` may wait for it.
    pub fn subscribe_waking(&self, wake: Scheduler, pending: usize) -> Receiver<Event> {
        self.listen(pending, Some(wake))
    }

    pub fn emit(&self, event: &Event) {
        self.lock().retain(|listener| {
            let is_heard = listener.sender.try_send(event.clone()).is_ok();
            listener.wake.iter().for_each(Scheduler::wake);
            is_heard
        });
    }

    fn listen(&self, pending: usize, wake: Option<Scheduler>) -> Receiver<Event> {
        let (sender, receiver) = sync_channel(pending);
        self.lock().push(Listener { sender, wake });
        receiver
    }

    /// Tells people something: what anybody says is made fit for them here.
    pub fn say(&self, message: &str) {
        let message = tamed(message, MAX_MESSAGE);
        self.emit(&Event::new(LOG, serde_json::json!({"message": message}).to_string()));
    }

    /// Lets every listener know that nothing more will come.
    pub fn close(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Listener>> {
        self.listeners.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
