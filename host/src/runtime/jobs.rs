//! Jobs: one piece of heavy work in a fresh instance, on a thread of its own.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, oneshot, watch};

use super::bindings::larder::automation::types;
use super::engine::{Runtime, explain};
use super::store_data::Grants;
use super::vitals::Vitals;
use super::{Failure, instance};

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

/// How often a waiting starter looks whether its job is stuck in the host.
const LOOK: Duration = Duration::from_secs(1);

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
    outcome: oneshot::Receiver<Result<String, Failure>>,
}

impl Job {
    pub(crate) fn start(
        runtime: &Runtime,
        grants: Grants,
        kind: String,
        input: String,
    ) -> std::io::Result<Self> {
        let vitals = Arc::new(Vitals::new(runtime.limits().clone(), true));
        let (progress_in, progress) = watch::channel(None);
        let (outcome_in, outcome) = oneshot::channel();
        let (runtime, vitals_in, kind_in) = (runtime.clone(), vitals.clone(), kind.clone());
        std::thread::Builder::new().name(format!("job {kind}")).spawn(move || {
            let result = instance::block_on(run(&runtime, grants, vitals_in, progress_in, &kind_in, &input));
            // Nobody waits any more: the outcome is of no use to anybody.
            let _ = outcome_in.send(result);
        })?;
        let channels = Mutex::new(Channels { progress, outcome });
        Ok(Self(Arc::new(Waiting { kind, vitals, channels })))
    }

    pub(crate) fn waiting(&self) -> Arc<Waiting> {
        self.0.clone()
    }
}

impl Waiting {
    /// What happens next: newer progress, or the outcome, once and last.
    pub(crate) async fn next(&self) -> JobEvent {
        let Channels { progress, outcome } = &mut *self.channels.lock().await;
        loop {
            tokio::select! {
                biased;
                Ok(()) = progress.changed() => {
                    let latest = progress.borrow_and_update().clone();
                    if let Some(latest) = latest {
                        return JobEvent::Progress(latest);
                    }
                }
                outcome = &mut *outcome => {
                    let lost = || Err(Failure::stopped(format!("the job {} ended without an answer", self.kind)));
                    return JobEvent::Finished(outcome.unwrap_or_else(|_| lost()));
                }
                () = tokio::time::sleep(LOOK) => {
                    if let Some(reason) = self.vitals.stuck() {
                        self.vitals.cancel();
                        let message = format!("the job {} was given up: {reason}", self.kind);
                        return JobEvent::Finished(Err(Failure::stopped(message)));
                    }
                }
            }
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.0.vitals.cancel();
    }
}

async fn run(
    runtime: &Runtime,
    grants: Grants,
    vitals: Arc<Vitals>,
    progress: watch::Sender<Option<Progress>>,
    kind: &String,
    input: &String,
) -> Result<String, Failure> {
    let mut store = runtime.store(grants, vitals, Some(progress));
    let outcome = async {
        let plugin = runtime.instantiate(&mut store).await?;
        plugin.larder_automation_job().call_run(&mut store, kind, input).await
    }
    .await;
    match outcome {
        Ok(result) => instance::checked(&format!("the job {kind}"), result),
        Err(error) => Err(explain(&format!("it ran the job {kind}"), &error, store.data())),
    }
}

impl From<types::Failure> for Failure {
    fn from(failure: types::Failure) -> Self {
        Self { code: failure.code, message: failure.message }
    }
}

impl From<Failure> for types::Failure {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code, message: failure.message }
    }
}
