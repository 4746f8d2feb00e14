//! Starting jobs: each runs its task in a fresh instance, on its own thread.

use std::sync::Arc;

use tokio::sync::{oneshot, watch};
use wasmtime::Store;

use super::answers::checked;
use super::event_loop::block_on;
use super::explain::explain;
use super::failure::Failure;
use super::grants::Grants;
use super::job::Job;
use super::store::{Runtime, StoreData};
use super::threads::{Threads, Who};
use super::watchdog::{Watchdog, watched};
use crate::error::{Doing, Error, Result};
use crate::model::sanitized;
use crate::tunables::MAX_WORD;

impl Job {
    /// `Limit` when too many jobs are running. Dropped jobs count until they have ended.
    pub(crate) fn start(
        runtime: &Runtime,
        grants: Grants,
        threads: &Arc<Threads>,
        kind: String,
        input: String,
    ) -> Result<Self> {
        let most = runtime.limits().jobs;
        // The manager is one of the threads.
        if threads.count() > most {
            return Err(Error::Limit(format!("{most} jobs are running already (limit jobs)")));
        }
        let watchdog = Arc::new(Watchdog::new(runtime.limits().clone(), true));
        let (progress_in, progress) = watch::channel(None);
        let (outcome_in, outcome) = oneshot::channel();
        let store = runtime.store(grants, watchdog.clone(), threads.clone(), Some(progress_in));
        let (runtime, shown) = (runtime.clone(), sanitized(&kind, MAX_WORD));
        let work = move || {
            let result = block_on(run(&runtime, store, &kind, &input));
            // Sending fails when the starter has dropped the job.
            let _ = outcome_in.send(result);
        };
        threads.spawn(Who::Job, work).doing(|| "cannot start a thread for a job")?;
        Ok(Self::new(shown, watchdog, progress, outcome))
    }
}

async fn run(
    runtime: &Runtime,
    mut store: Store<StoreData>,
    kind: &str,
    input: &String,
) -> Result<String, Failure> {
    let watchdog = store.data().watchdog.clone();
    let outcome = watched(&watchdog, async {
        let plugin = runtime.instantiate(&mut store).await?;
        plugin.larder_automation_task().call_run(&mut store, kind, input).await
    })
    .await;
    let shown = sanitized(kind, MAX_WORD);
    match outcome {
        Ok(result) => checked(&format!("the job {shown}"), result),
        Err(error) => Err(explain(&format!("it ran the job {shown}"), &error, store.data())),
    }
}
