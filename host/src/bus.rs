//! Events: what plugins say, to whoever listens. Nothing is kept: who subscribes later hears what comes later.
//!
//! A listener hears everything in order, or nothing more: one that does not keep up is given up, so that neither a slow listener
//! nor a talkative plugin costs memory or time.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use crate::options::MAX_PENDING;

/// The topic of what people should read: `{"message": …}`.
pub const LOG: &str = "larder/log";

#[derive(Debug, Clone)]
pub struct Event {
    pub topic: String,
    /// JSON text, checked.
    pub data: String,
}

/// Cheap to clone; every clone is the same bus.
#[derive(Clone, Default)]
pub struct Bus {
    listeners: Arc<Mutex<Vec<SyncSender<Event>>>>,
}

impl Bus {
    pub fn subscribe(&self) -> Receiver<Event> {
        let (sender, receiver) = sync_channel(MAX_PENDING);
        self.lock().push(sender);
        receiver
    }

    pub fn emit(&self, event: &Event) {
        self.lock().retain(|listener| listener.try_send(event.clone()).is_ok());
    }

    /// Lets every listener know that nothing more will come.
    pub fn close(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<SyncSender<Event>>> {
        self.listeners.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
