//! The manager: one instance that lives as long as the host, on a thread of its own, with many calls under way at once.

use std::future::Future;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::sync::mpsc;
use wasmtime::Store;
use wasmtime::component::{Accessor, AccessorTask, HasSelf};

use super::Failure;
use super::bindings::Plugin;
use super::bindings::larder::automation::types;
use super::engine::{Runtime, explain};
use super::set_up::{ACTION_TIME, Started, Starting, Wanted};
use super::store_data::{Grants, StoreData};
use super::threads::{Threads, Who};
use super::watchdog::{Vitals, watched};
use crate::model::{Action, Field, sanitized};
use crate::options::http::MAX_REQUESTS;
use crate::options::{LAST_WAIT, MAX_JSON, MAX_MESSAGE, MAX_WORD, POLL_INTERVAL};

struct Request {
    what: Asked,
    reply: Sender<Result<String, Failure>>,
}

enum Asked {
    Action {
        name: String,
        data: String,
    },
    /// Its answer is empty.
    Timer {
        name: String,
    },
}

impl Asked {
    fn shown(&self) -> String {
        match self {
            Self::Action { name, .. } => format!("it answered {}", sanitized(name, MAX_WORD)),
            Self::Timer { name } => format!("its timer {} fired", sanitized(name, MAX_WORD)),
        }
    }
}

/// An answer that is still to come: [`Manager::poll`].
pub struct Pending {
    wanted: Wanted,
    answer: Receiver<Result<String, Failure>>,
}

/// A running plugin. Dropping it ends the plugin with all its jobs.
pub struct Manager {
    requests: mpsc::UnboundedSender<Request>,
    pub(super) actions: Vec<Action>,
    pub(super) watch: Watch,
    /// Why it does not answer any more.
    end: Option<Failure>,
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

    /// The same without waiting. It may take as long as an action, or at most `most`.
    pub fn launch(runtime: &Runtime, grants: Grants, most: Option<Duration>) -> Result<Starting, Failure> {
        let (requests, inbox) = mpsc::unbounded_channel();
        let (ready_in, ready) = channel();
        let (end_in, end) = channel();
        let vitals = Arc::new(Vitals::new(runtime.limits().clone(), false));
        let watch = Watch { vitals, end, threads: Arc::default() };
        let (runtime, vitals, threads) = (runtime.clone(), watch.vitals.clone(), watch.threads.clone());
        let wanted = Wanted::new("it was set up".into(), runtime.limits().action_time, ACTION_TIME);
        let wanted = most.map_or(wanted, |most| Wanted::new("it was set up".into(), most, ""));
        let scheduler = grants.scheduler.clone();
        let store = runtime.store(grants, vitals, threads, None);
        let work = move || {
            if let Err(failure) = block_on(live(&runtime, store, inbox, ready_in)) {
                // Nobody asks any more.
                let _ = end_in.send(failure);
            }
            scheduler.wake();
        };
        let spawned = watch.threads.spawn(Who::Manager, work);
        spawned.map_err(|error| Failure::stopped(format!("no thread for the plugin: {error}")))?;
        let manager = Self { requests, actions: Vec::new(), watch, end: None };
        Ok(Starting { manager, ready, wanted })
    }

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

    /// The same without waiting.
    pub fn begin(&mut self, name: &str, data: &str) -> Pending {
        self.ask(Asked::Action { name: name.into(), data: data.into() })
    }

    /// Tells the plugin that a timer fired.
    pub fn fire(&mut self, timer: &str) -> Pending {
        self.ask(Asked::Timer { name: timer.into() })
    }

    fn ask(&self, what: Asked) -> Pending {
        let (reply, answer) = channel();
        let wanted = Wanted::new(what.shown(), self.watch.vitals.limits.action_time, ACTION_TIME);
        // When nobody takes it, nobody answers: `poll` finds out.
        let _ = self.requests.send(Request { what, reply });
        Pending { wanted, answer }
    }

    /// Waits for an answer for at most so long; none when it has not come yet.
    pub fn poll(&mut self, pending: &mut Pending, most: Duration) -> Option<Result<String, Failure>> {
        if let Some(end) = &self.end {
            return Some(Err(end.clone()));
        }
        match self.watch.look(&pending.wanted, &pending.answer, most) {
            Ok(answer) => answer,
            Err(end) => Some(Err(self.end.insert(end).clone())),
        }
    }

    /// Ends the plugin with all its jobs, and waits until nothing of it is left, though not for ever.
    pub fn finish(&self) {
        self.watch.finish();
    }

    /// Why the plugin has ended, when it has.
    pub fn end(&mut self) -> Option<Failure> {
        if self.end.is_none() {
            self.end = self.watch.end.try_recv().ok();
        }
        self.end.clone()
    }
}

/// An eye on the manager's thread, from another. Dropping it ends the manager.
pub(super) struct Watch {
    vitals: Arc<Vitals>,
    end: Receiver<Failure>,
    threads: Arc<Threads>,
}

impl Watch {
    /// Waits for what the manager was asked for, at most so long; none when there is no answer yet. An error when it has ended or
    /// has to be given up.
    pub(super) fn look<T>(
        &self,
        wanted: &Wanted,
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
        match wanted.is_late().or_else(|| self.vitals.overdue()) {
            None => Ok(None),
            Some(reason) => {
                self.vitals.cancel(reason.as_str());
                Err(Failure::stopped(format!("the plugin was stopped while {}: {reason}", wanted.what)))
            }
        }
    }
}

impl Watch {
    /// The threads get the time to clear away what they hold.
    fn finish(&self) {
        self.vitals.cancel("the host has no more use for it");
        self.threads.wait(LAST_WAIT);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.finish();
    }
}

async fn live(
    runtime: &Runtime,
    mut store: Store<StoreData>,
    inbox: mpsc::UnboundedReceiver<Request>,
    ready: Sender<Vec<Action>>,
) -> Result<(), Failure> {
    let vitals = store.data().vitals.clone();
    let set_up = watched(&vitals, async {
        let plugin = runtime.instantiate(&mut store).await?;
        let outcome = plugin.larder_automation_lifecycle().call_set_up(&mut store).await?;
        let actions = plugin.larder_automation_actions().call_describe(&mut store).await?;
        Ok((plugin, outcome, actions))
    })
    .await;
    let (plugin, outcome, actions) =
        set_up.map_err(|error| explain("it was set up", &error, store.data()))?;
    outcome.map_err(Failure::from)?;
    // The starter is gone: nobody will call.
    let _ = ready.send(actions.into_iter().map(action).collect());
    store.data().grants.scheduler.wake();
    let served = store.run_concurrent(async |accessor| serve(accessor, plugin, inbox).await);
    match watched(&vitals, async { served.await? }).await {
        Ok(()) => Ok(()),
        Err(error) => Err(explain("it answered an action", &error, store.data())),
    }
}

/// Takes requests until the manager is dropped. Each runs as a task of its own, so that none waits for another.
async fn serve(
    accessor: &Accessor<StoreData>,
    plugin: Plugin,
    mut inbox: mpsc::UnboundedReceiver<Request>,
) -> wasmtime::Result<()> {
    let plugin = Arc::new(plugin);
    while let Some(request) = inbox.recv().await {
        accessor.spawn(Call { plugin: plugin.clone(), request })?;
    }
    Ok(())
}

struct Call {
    plugin: Arc<Plugin>,
    request: Request,
}

impl AccessorTask<StoreData, HasSelf<StoreData>> for Call {
    async fn run(self, accessor: &Accessor<StoreData>) -> wasmtime::Result<()> {
        let Request { what, reply } = self.request;
        let answer = match what {
            Asked::Action { name, data } => {
                let actions = self.plugin.larder_automation_actions();
                checked(&name, actions.call_call(accessor, name.clone(), data).await?)
            }
            Asked::Timer { name } => {
                let lifecycle = self.plugin.larder_automation_lifecycle();
                let done = lifecycle.call_timer(accessor, name).await?;
                done.map(|()| String::new()).map_err(Failure::from)
            }
        };
        // A caller that went away does not need the answer.
        let _ = reply.send(answer);
        accessor.with(|mut access| access.get().grants.scheduler.wake());
        Ok(())
    }
}

fn action(action: super::bindings::exports::larder::automation::actions::Action) -> Action {
    let fields = action.fields.into_iter().map(|field| Field {
        name: sanitized(&field.name, MAX_WORD),
        type_name: sanitized(&field.type_name, MAX_WORD),
        required: field.required,
        description: sanitized(&field.description, MAX_MESSAGE),
    });
    Action {
        fields: fields.collect(),
        name: sanitized(&action.name, MAX_WORD),
        description: sanitized(&action.description, MAX_MESSAGE),
        public: action.public,
    }
}

/// An answer is JSON and of a sane size, or it is the plugin's failure.
pub(super) fn checked(what: &str, result: Result<String, types::Failure>) -> Result<String, Failure> {
    let text = result.map_err(Failure::from)?;
    if text.len() > MAX_JSON {
        let size = text.len();
        return Err(Failure::stopped(format!(
            "the plugin answered {what} with {size} bytes, more than {MAX_JSON}"
        )));
    }
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::stopped(format!(
            "the plugin answered {what} with text that is no usable JSON: {error}"
        ))),
    }
}

/// Runs a future to its end on this thread.
pub(super) fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .max_blocking_threads(MAX_REQUESTS)
        .build();
    match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(future);
            // A request that nobody waits for any more must not hold up the end.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(Failure::stopped(format!("no event loop for the plugin: {error}"))),
    }
}
