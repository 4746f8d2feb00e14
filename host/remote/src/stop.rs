//! A token that stops work from another thread. Cheap to clone; clones share it.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use crate::error::{Error, Kind, Result};

/// Stops work. Long calls look at it between two steps.
#[derive(Clone, Default)]
pub struct Stop(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_stopped: bool,
    children: Vec<Weak<Shared>>,
    watchers: BTreeMap<u64, Box<dyn FnOnce() + Send>>,
    last_watcher: u64,
}

/// Something that is done once work is stopped, unless this is dropped before.
pub struct Watch {
    shared: Weak<Shared>,
    number: u64,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let removed = self.shared.upgrade().and_then(|shared| shared.lock().watchers.remove(&self.number));
        drop(removed);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stop {
    /// Stops everything that holds this token or a child of it. Cannot be undone.
    pub fn stop(&self) {
        let (children, watchers) = {
            let mut state = self.0.lock();
            state.is_stopped = true;
            (std::mem::take(&mut state.children), std::mem::take(&mut state.watchers))
        };
        self.0.changed.notify_all();
        watchers.into_values().for_each(|act| act());
        for child in children.iter().filter_map(Weak::upgrade) {
            Self(child).stop();
        }
    }

    /// A token for a piece of the work: it can be stopped by itself, and stops with this one.
    pub fn child(&self) -> Self {
        let child = Self::default();
        let mut state = self.0.lock();
        if state.is_stopped {
            drop(state);
            child.stop();
        } else {
            state.children.retain(|child| child.strong_count() > 0);
            state.children.push(Arc::downgrade(&child.0));
        }
        child
    }

    /// Does something as soon as the work is stopped, which may be now. It must not wait.
    pub fn watch(&self, act: impl FnOnce() + Send + 'static) -> Watch {
        let mut state = self.0.lock();
        state.last_watcher = state.last_watcher.wrapping_add(1);
        let number = state.last_watcher;
        match state.is_stopped {
            true => {
                drop(state);
                act();
            }
            false => drop(state.watchers.insert(number, Box::new(act))),
        }
        Watch { shared: Arc::downgrade(&self.0), number }
    }

    pub fn is_stopped(&self) -> bool {
        self.0.lock().is_stopped
    }

    /// An error of the kind `Stopped` once the work is to stop.
    pub fn check(&self) -> Result<()> {
        match self.is_stopped() {
            true => Err(Error::new(Kind::Stopped, "stopped")),
            false => Ok(()),
        }
    }

    /// Waits. Returns early, with an error, once the work is to stop.
    pub fn wait(&self, time: Duration) -> Result<()> {
        let waited = self.0.changed.wait_timeout_while(self.0.lock(), time, |state| !state.is_stopped);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.check()
    }
}
