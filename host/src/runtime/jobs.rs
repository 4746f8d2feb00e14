//! Jobs: one piece of heavy work in a fresh instance, on a thread of its own.

use std::sync::Arc;

use tokio::sync::{Mutex, oneshot, watch};
use wasmtime::Store;

use super::bindings::larder::automation::types;
use super::engine::{Runtime, explain};
use super::store_data::{Grants, StoreData};
use super::threads::{Threads, Who};
use super::watchdog::{Vitals, watched};
use super::{Failure, instance};
use crate::error::{Doing, Error, Result};
use crate::model::sanitized;
use crate::options::{MAX_WORD, POLL_INTERVAL};

#[derive(Debug, Clone)]
pub(crate) struct Progress {
    pub(crate) stage: String,
    pub(crate) done: u64,
    pub(crate) total: Option<u64>,
}

pub(crate) enum JobEvent {
    Progress(Progress),
    Finished(Result<String, Failure>),
}

/// A started job, as its starter holds it. Dropping it stops the job.
pub struct Job(Arc<Waiting>);

/// The starter's end: shared, so that waiting does not hold the store.
pub(crate) struct Waiting {
    kind: String,
    vitals: Arc<Vitals>,
    channels: Mutex<Channels>,
}

struct Channels {
    progress: watch::Receiver<Option<Progress>>,
    /// None once it came.
    outcome: Option<oneshot::Receiver<Result<String, Failure>>>,
}

impl Job {
    /// `Limit` when too many are running already, dropped ones that have not ended yet included.
    pub(crate) fn start(
        runtime: &Runtime,
        grants: Grants,
        threads: &Arc<Threads>,
        kind: String,
        input: String,
    ) -> Result<Self> {
        let most = runtime.limits().jobs;
        // Its starter is a thread, too.
        if threads.count() > most {
            return Err(Error::Limit(format!("{most} jobs are running already (limit jobs)")));
        }
        let vitals = Arc::new(Vitals::new(runtime.limits().clone(), true));
        let (progress_in, progress) = watch::channel(None);
        let (outcome_in, outcome) = oneshot::channel();
        let store = runtime.store(grants, vitals.clone(), threads.clone(), Some(progress_in));
        let (runtime, shown) = (runtime.clone(), sanitized(&kind, MAX_WORD));
        let work = move || {
            let result = instance::block_on(run(&runtime, store, &kind, &input));
            // Nobody waits any more: the outcome is of no use to anybody.
            let _ = outcome_in.send(result);
        };
        threads.spawn(Who::Job, work).doing(|| "cannot start a thread for a job")?;
        let channels = Mutex::new(Channels { progress, outcome: Some(outcome) });
        Ok(Self(Arc::new(Waiting { kind: shown, vitals, channels })))
    }

    pub(crate) fn waiting(&self) -> Arc<Waiting> {
        self.0.clone()
    }
}

impl Waiting {
    /// What happens next: newer progress, or the outcome, once and last.
    pub(crate) async fn next(&self) -> wasmtime::Result<JobEvent> {
        let mut channels = self.channels.lock().await;
        let Channels { progress, outcome } = &mut *channels;
        let Some(receiver) = outcome else {
            return Err(wasmtime::Error::msg(format!(
                "it waited for the job {}, which had finished",
                self.kind
            )));
        };
        let result = loop {
            tokio::select! {
                biased;
                Ok(()) = progress.changed() => {
                    let latest = progress.borrow_and_update().clone();
                    if let Some(latest) = latest {
                        return Ok(JobEvent::Progress(latest));
                    }
                }
                result = &mut *receiver => {
                    let lost = |_| Err(Failure::stopped(format!("the job {} ended without an answer", self.kind)));
                    break result.unwrap_or_else(lost);
                }
                // Its own thread stops it in time, unless that is held up by the host.
                () = tokio::time::sleep(POLL_INTERVAL) => {
                    if let Some(reason) = self.vitals.overdue() {
                        self.vitals.cancel(reason.as_str());
                        break Err(Failure::stopped(format!("the job {} was given up: {reason}", self.kind)));
                    }
                }
            }
        };
        *outcome = None;
        Ok(JobEvent::Finished(result))
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.0.vitals.cancel("its starter stopped it");
    }
}

async fn run(
    runtime: &Runtime,
    mut store: Store<StoreData>,
    kind: &str,
    input: &String,
) -> Result<String, Failure> {
    let vitals = store.data().vitals.clone();
    let outcome = watched(&vitals, async {
        let plugin = runtime.instantiate(&mut store).await?;
        plugin.larder_automation_job().call_run(&mut store, kind, input).await
    })
    .await;
    let shown = sanitized(kind, MAX_WORD);
    match outcome {
        Ok(result) => instance::checked(&format!("the job {shown}"), result),
        Err(error) => Err(explain(&format!("it ran the job {shown}"), &error, store.data())),
    }
}

impl From<types::Failure> for Failure {
    fn from(failure: types::Failure) -> Self {
        Self::new(&failure.code, &failure.message)
    }
}

impl From<Failure> for types::Failure {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code, message: failure.message }
    }
}
