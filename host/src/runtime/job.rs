//! A running job, seen from its starter.

use std::sync::Arc;

use tokio::sync::{Mutex, oneshot, watch};

use super::failure::Failure;
use super::watchdog::Watchdog;
use crate::tunables::POLL_INTERVAL;

/// `progress` of `wit/progress.wit`.
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

/// Dropping it stops the job.
pub struct Job(Arc<Waiting>);

/// What the starter waits on. It is shared, so that waiting does not borrow the store.
pub(crate) struct Waiting {
    kind: String,
    watchdog: Arc<Watchdog>,
    channels: Mutex<Channels>,
}

struct Channels {
    progress: watch::Receiver<Option<Progress>>,
    /// `None` after it has arrived.
    outcome: Option<oneshot::Receiver<Result<String, Failure>>>,
}

impl Job {
    pub(super) fn new(
        kind: String,
        watchdog: Arc<Watchdog>,
        progress: watch::Receiver<Option<Progress>>,
        outcome: oneshot::Receiver<Result<String, Failure>>,
    ) -> Self {
        let channels = Mutex::new(Channels { progress, outcome: Some(outcome) });
        Self(Arc::new(Waiting { kind, watchdog, channels }))
    }

    pub(crate) fn waiting(&self) -> Arc<Waiting> {
        self.0.clone()
    }
}

impl Waiting {
    /// Waits for newer progress, or for the outcome, which comes once and last.
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
                // The job's own thread stops it in time, unless a call to the host blocks it.
                () = tokio::time::sleep(POLL_INTERVAL) => {
                    if let Some(reason) = self.watchdog.overdue() {
                        self.watchdog.cancel(reason.as_str());
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
        self.0.watchdog.cancel("its starter stopped it");
    }
}
