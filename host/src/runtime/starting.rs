//! Starting a plugin: a manager instance that is being set up.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tokio::sync::mpsc;

use super::deadline::{ACTION_TIME, Deadline};
use super::event_loop::block_on;
use super::failure::Failure;
use super::grants::Grants;
use super::manager::{Manager, Watch, live};
use super::store::Runtime;
use super::threads::Who;
use super::watchdog::Watchdog;
use crate::model::Action;
use crate::tunables::POLL_INTERVAL;

/// A plugin that is being set up. Dropping it stops it.
pub struct Starting {
    pub(super) manager: Manager,
    pub(super) ready: Receiver<Vec<Action>>,
    pub(super) deadline: Deadline,
}

/// The state of a plugin that was being set up.
pub enum Started {
    Ready(Manager),
    NotYet(Starting),
}

impl Starting {
    /// Waits until it is set up, at most `most`.
    pub fn poll(self, most: Duration) -> Result<Started, Failure> {
        let Self { mut manager, ready, deadline } = self;
        Ok(match manager.watch.look(&deadline, &ready, most)? {
            Some(actions) => {
                manager.actions = actions;
                Started::Ready(manager)
            }
            None => Started::NotYet(Self { manager, ready, deadline }),
        })
    }
}

impl Manager {
    /// Starts the manager instance and waits until it is set up.
    pub fn start(runtime: &Runtime, grants: Grants) -> Result<Self, Failure> {
        let mut starting = Self::launch(runtime, grants, None)?;
        loop {
            match starting.poll(POLL_INTERVAL)? {
                Started::Ready(manager) => return Ok(manager),
                Started::NotYet(still) => starting = still,
            }
        }
    }

    /// Starts the manager instance without waiting. Its set-up may take as long as an action, or at most `most`.
    pub fn launch(runtime: &Runtime, grants: Grants, most: Option<Duration>) -> Result<Starting, Failure> {
        let (requests, inbox) = mpsc::unbounded_channel();
        let (ready_in, ready) = channel();
        let (end_in, end) = channel();
        let watchdog = Arc::new(Watchdog::new(runtime.limits().clone(), false));
        let watch = Watch { watchdog, end, threads: Arc::default() };
        let (runtime, watchdog, threads) = (runtime.clone(), watch.watchdog.clone(), watch.threads.clone());
        let deadline = Deadline::new("it was set up".into(), runtime.limits().action_time, ACTION_TIME);
        let deadline = most.map_or(deadline, |most| Deadline::new("it was set up".into(), most, ""));
        let scheduler = grants.scheduler.clone();
        let store = runtime.store(grants, watchdog, threads, None);
        let work = move || {
            if let Err(failure) = block_on(live(&runtime, store, inbox, ready_in)) {
                // Sending fails when the manager was dropped.
                let _ = end_in.send(failure);
            }
            scheduler.wake();
        };
        let spawned = watch.threads.spawn(Who::Manager, work);
        spawned
            .map_err(|error| Failure::stopped(format!("cannot start a thread for the plugin: {error}")))?;
        let manager = Self { requests, actions: Vec::new(), watch, end: None };
        Ok(Starting { manager, ready, deadline })
    }
}
