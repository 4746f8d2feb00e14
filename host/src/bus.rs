//! Events: what plugins say, to whoever listens. Nothing is kept: who subscribes later hears what comes later.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

#[derive(Debug, Clone)]
pub struct Event {
    pub topic: String,
    /// JSON text, checked.
    pub data: String,
}

/// Cheap to clone; every clone is the same bus.
#[derive(Clone, Default)]
pub struct Bus {
    listeners: Arc<Mutex<Vec<Sender<Event>>>>,
}

impl Bus {
    pub fn subscribe(&self) -> Receiver<Event> {
        let (sender, receiver) = channel();
        self.lock().push(sender);
        receiver
    }

    pub fn emit(&self, event: &Event) {
        self.lock().retain(|listener| listener.send(event.clone()).is_ok());
    }

    /// Lets every listener know that nothing more will come.
    pub fn close(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Sender<Event>>> {
        self.listeners.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
