//! The manager: one instance that lives as long as the host, on its own thread, with many calls in progress at once.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::sync::mpsc;
use wasmtime::Store;
use wasmtime::component::{Accessor, AccessorTask, HasSelf};

use super::answers::{action, checked};
use super::bindings::Plugin;
use super::deadline::{ACTION_TIME, Deadline};
use super::explain::explain;
use super::failure::Failure;
use super::store::{Runtime, StoreData};
use super::threads::Threads;
use super::watchdog::{Watchdog, watched};
use crate::model::{Action, sanitized};
use crate::tunables::{LAST_WAIT, MAX_WORD, POLL_INTERVAL};

pub(super) struct Request {
    what: Call,
    reply: Sender<Result<String, Failure>>,
}

enum Call {
    Action {
        name: String,
        data: String,
    },
    /// The answer is empty.
    Timer {
        name: String,
    },
}

impl Call {
    fn shown(&self) -> String {
        match self {
            Self::Action { name, .. } => format!("it answered {}", sanitized(name, MAX_WORD)),
            Self::Timer { name } => format!("its timer {} fired", sanitized(name, MAX_WORD)),
        }
    }
}

/// An answer that has not arrived yet; see [`Manager::poll`].
pub struct Pending {
    deadline: Deadline,
    answer: Receiver<Result<String, Failure>>,
}

/// A running plugin. Dropping it stops the plugin and all its jobs.
pub struct Manager {
    pub(super) requests: mpsc::UnboundedSender<Request>,
    pub(super) actions: Vec<Action>,
    pub(super) watch: Watch,
    /// Why it no longer answers.
    pub(super) end: Option<Failure>,
}

impl Manager {
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// Calls an action and waits for its answer, JSON text.
    pub fn call(&mut self, name: &str, data: &str) -> Result<String, Failure> {
        let mut pending = self.begin(name, data);
        loop {
            if let Some(answer) = self.poll(&mut pending, POLL_INTERVAL) {
                return answer;
            }
        }
    }

    /// Calls an action without waiting.
    pub fn begin(&mut self, name: &str, data: &str) -> Pending {
        self.ask(Call::Action { name: name.into(), data: data.into() })
    }

    /// Calls the plugin because its timer fired.
    pub fn fire(&mut self, timer: &str) -> Pending {
        self.ask(Call::Timer { name: timer.into() })
    }

    fn ask(&self, what: Call) -> Pending {
        let (reply, answer) = channel();
        let deadline = Deadline::new(what.shown(), self.watch.watchdog.limits.action_time, ACTION_TIME);
        // When the manager has ended, there is no answer; `poll` notices.
        let _ = self.requests.send(Request { what, reply });
        Pending { deadline, answer }
    }

    /// Waits for an answer, at most `most`; `None` when it has not arrived.
    pub fn poll(&mut self, pending: &mut Pending, most: Duration) -> Option<Result<String, Failure>> {
        if let Some(end) = &self.end {
            return Some(Err(end.clone()));
        }
        match self.watch.look(&pending.deadline, &pending.answer, most) {
            Ok(answer) => answer,
            Err(end) => Some(Err(self.end.insert(end).clone())),
        }
    }

    /// Stops the plugin and all its jobs, and waits for their threads, though not forever.
    pub fn finish(&self) {
        self.watch.finish();
    }

    /// Why the plugin has ended, if it has.
    pub fn end(&mut self) -> Option<Failure> {
        if self.end.is_none() {
            self.end = self.watch.end.try_recv().ok();
        }
        self.end.clone()
    }
}

/// Watches the manager's thread from another one. Dropping it stops the manager.
pub(super) struct Watch {
    pub(super) watchdog: Arc<Watchdog>,
    pub(super) end: Receiver<Failure>,
    pub(super) threads: Arc<Threads>,
}

impl Watch {
    /// Waits for the manager's answer, at most `most`; `None` when it has not arrived. An error when the manager has ended or has to be
    /// given up.
    pub(super) fn look<T>(
        &self,
        deadline: &Deadline,
        answer: &Receiver<T>,
        most: Duration,
    ) -> Result<Option<T>, Failure> {
        match answer.recv_timeout(most) {
            Ok(answer) => return Ok(Some(answer)),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(self.end.recv().unwrap_or_else(|_| Failure::stopped("the plugin has ended")));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        match deadline.is_late().or_else(|| self.watchdog.overdue()) {
            None => Ok(None),
            Some(reason) => {
                self.watchdog.cancel(reason.as_str());
                Err(Failure::stopped(format!("the plugin was stopped while {}: {reason}", deadline.what)))
            }
        }
    }
}

impl Watch {
    /// The threads get time to release what they hold.
    fn finish(&self) {
        self.watchdog.cancel("the host no longer needs it");
        self.threads.wait(LAST_WAIT);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.finish();
    }
}

pub(super) async fn live(
    runtime: &Runtime,
    mut store: Store<StoreData>,
    inbox: mpsc::UnboundedReceiver<Request>,
    ready: Sender<Vec<Action>>,
) -> Result<(), Failure> {
    let watchdog = store.data().watchdog.clone();
    let set_up = watched(&watchdog, async {
        let plugin = runtime.instantiate(&mut store).await?;
        let outcome = plugin.larder_automation_lifecycle().call_set_up(&mut store).await?;
        let actions = plugin.larder_automation_actions().call_describe(&mut store).await?;
        Ok((plugin, outcome, actions))
    })
    .await;
    let (plugin, outcome, actions) =
        set_up.map_err(|error| explain("it was set up", &error, store.data()))?;
    outcome.map_err(Failure::from)?;
    // Sending fails when the starter is gone; then there will be no calls.
    let _ = ready.send(actions.into_iter().map(action).collect());
    store.data().grants.scheduler.wake();
    let served = store.run_concurrent(async |accessor| serve(accessor, plugin, inbox).await);
    match watched(&watchdog, async { served.await? }).await {
        Ok(()) => Ok(()),
        Err(error) => Err(explain("it answered an action", &error, store.data())),
    }
}

/// Takes requests until the manager is dropped. Each runs as its own task, so that none waits for another.
async fn serve(
    accessor: &Accessor<StoreData>,
    plugin: Plugin,
    mut inbox: mpsc::UnboundedReceiver<Request>,
) -> wasmtime::Result<()> {
    let plugin = Arc::new(plugin);
    while let Some(request) = inbox.recv().await {
        accessor.spawn(RunningCall { plugin: plugin.clone(), request })?;
    }
    Ok(())
}

struct RunningCall {
    plugin: Arc<Plugin>,
    request: Request,
}

impl AccessorTask<StoreData, HasSelf<StoreData>> for RunningCall {
    async fn run(self, accessor: &Accessor<StoreData>) -> wasmtime::Result<()> {
        let Request { what, reply } = self.request;
        let answer = match what {
            Call::Action { name, data } => {
                let actions = self.plugin.larder_automation_actions();
                checked(&name, actions.call_call(accessor, name.clone(), data).await?)
            }
            Call::Timer { name } => {
                let lifecycle = self.plugin.larder_automation_lifecycle();
                let done = lifecycle.call_timer(accessor, name).await?;
                done.map(|()| String::new()).map_err(Failure::from)
            }
        };
        // Sending fails when the caller is gone.
        let _ = reply.send(answer);
        accessor.with(|mut access| access.get().grants.scheduler.wake());
        Ok(())
    }
}
