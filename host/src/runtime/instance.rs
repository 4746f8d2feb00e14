//! The manager: one instance that lives as long as the host, on a thread of its own, with many calls under way at once.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use wasmtime::component::{Accessor, AccessorTask, HasSelf};

use super::Failure;
use super::bindings::Plugin;
use super::bindings::larder::automation::types;
use super::engine::{Runtime, explain};
use super::store_data::{Grants, StoreData};
use super::vitals::Vitals;
use crate::options::MAX_JSON;

type Reply = oneshot::Sender<Result<String, Failure>>;

struct Request {
    name: String,
    data: String,
    reply: Reply,
}

/// An action as the plugin describes it: `wit/actions.wit`.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Action {
    pub name: String,
    pub description: String,
    pub public: bool,
    pub fields: Vec<Field>,
}

#[derive(Debug, Clone, serde::Serialize)]
pub struct Field {
    pub name: String,
    #[serde(rename = "type")]
    pub type_name: String,
    pub required: bool,
    pub description: String,
}

/// A running plugin. Dropping it ends the plugin.
pub struct Manager {
    requests: mpsc::UnboundedSender<Request>,
    actions: Vec<Action>,
    end: Option<oneshot::Receiver<Failure>>,
    /// Why it does not live any more.
    cause: Failure,
}

impl Manager {
    /// Starts the manager instance and waits until it is set up.
    pub fn start(runtime: &Runtime, grants: Grants) -> Result<Self, Failure> {
        let (requests, inbox) = mpsc::unbounded_channel();
        let (ready_in, ready) = oneshot::channel();
        let (end_in, end) = oneshot::channel();
        let runtime = runtime.clone();
        let spawned = std::thread::Builder::new().name("manager".into()).spawn(move || {
            if let Err(failure) = block_on(live(&runtime, grants, inbox, ready_in)) {
                let _ = end_in.send(failure);
            }
        });
        spawned.map_err(|error| Failure::stopped(format!("no thread for the plugin: {error}")))?;
        match ready.blocking_recv() {
            Ok(actions) => {
                let cause = Failure::stopped("the plugin has ended");
                Ok(Self { requests, actions, end: Some(end), cause })
            }
            Err(_) => {
                Err(end.blocking_recv().unwrap_or_else(|_| Failure::stopped("the plugin ended at once")))
            }
        }
    }

    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// Calls an action and waits for its answer, JSON text.
    pub fn call(&mut self, name: &str, data: &str) -> Result<String, Failure> {
        let (reply, answer) = oneshot::channel();
        let request = Request { name: name.into(), data: data.into(), reply };
        let sent = self.requests.send(request).is_ok();
        match sent.then(|| answer.blocking_recv()) {
            Some(Ok(result)) => result,
            _ => Err(self.epitaph()),
        }
    }

    /// Why the manager does not answer any more.
    fn epitaph(&mut self) -> Failure {
        if let Some(Ok(cause)) = self.end.take().map(oneshot::Receiver::blocking_recv) {
            self.cause = cause;
        }
        self.cause.clone()
    }
}

async fn live(
    runtime: &Runtime,
    grants: Grants,
    inbox: mpsc::UnboundedReceiver<Request>,
    ready: oneshot::Sender<Vec<Action>>,
) -> Result<(), Failure> {
    let vitals = Arc::new(Vitals::new(runtime.limits().clone(), false));
    let mut store = runtime.store(grants, vitals, None);
    let set_up = async {
        let plugin = runtime.instantiate(&mut store).await?;
        let outcome = plugin.larder_automation_lifecycle().call_set_up(&mut store).await?;
        let actions = plugin.larder_automation_actions().call_describe(&mut store).await?;
        wasmtime::Result::Ok((plugin, outcome, actions))
    }
    .await;
    let (plugin, outcome, actions) =
        set_up.map_err(|error| explain("it was set up", &error, store.data()))?;
    outcome.map_err(Failure::from)?;
    // The starter is gone: nobody will call.
    let _ = ready.send(actions.into_iter().map(action).collect());
    let served = store.run_concurrent(async |accessor| serve(accessor, plugin, inbox).await).await;
    match served {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) | Err(error) => Err(explain("it answered an action", &error, store.data())),
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
        let Request { name, data, reply } = self.request;
        let actions = self.plugin.larder_automation_actions();
        let result = actions.call_call(accessor, name.clone(), data).await?;
        // A caller that went away does not need the answer.
        let _ = reply.send(checked(&name, result));
        Ok(())
    }
}

fn action(action: super::bindings::exports::larder::automation::actions::Action) -> Action {
    let fields = action.fields.into_iter().map(|field| Field {
        name: field.name,
        type_name: field.type_name,
        required: field.required,
        description: field.description,
    });
    Action {
        fields: fields.collect(),
        name: action.name,
        description: action.description,
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
    match serde_json::from_str::<serde::de::IgnoredAny>(&text) {
        Ok(_) => Ok(text),
        Err(error) => {
            Err(Failure::stopped(format!("the plugin answered {what} with text that is not JSON: {error}")))
        }
    }
}

/// Runs a future to its end on this thread.
pub(super) fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    match runtime {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => Err(Failure::stopped(format!("no event loop for the plugin: {error}"))),
    }
}
