//! Starting a worker pool: several fresh instances that process pieces of one job's work, each on its own thread.

use std::sync::Arc;

use tokio::sync::watch;
use wasmtime::Store;

use super::address_space;
use super::event_loop::block_on;
use super::explain::explain;
use super::failure::Failure;
use super::grants::Grants;
use super::pool::{Pool, Worker};
use super::store::{Runtime, StoreData};
use super::threads::{Threads, Who};
use super::watchdog::{Watchdog, watched};
use super::work_queue::WorkQueue;
use crate::error::{Doing, Error, Result};
use crate::model::sanitized;
use crate::tunables::{BYTES_EACH, MAX_WORD, PIECES_EACH};

impl Pool {
    /// `Limit` when no more workers may be started. Dropped workers count until they have ended.
    pub(crate) fn start(
        runtime: &Runtime,
        grants: &Grants,
        threads: &Arc<Threads>,
        kind: &str,
        settings: &str,
        most: usize,
    ) -> Result<Self> {
        let limit = runtime.limits().workers;
        let count = limit.saturating_sub(threads.workers()).min(most);
        if count == 0 {
            return Err(Error::Limit(format!("{limit} workers are running already (limit workers)")));
        }
        let each = |most: usize| count.saturating_mul(most);
        let queue = Arc::new(WorkQueue::new(each(PIECES_EACH), each(BYTES_EACH)));
        let mut pool = Self { queue, watchdogs: Vec::new() };
        for _ in 0..count {
            match pool.add_worker(runtime, grants, threads, kind, settings) {
                // Fewer workers are enough.
                Err(_) if !pool.watchdogs.is_empty() => break,
                added => added?,
            }
        }
        Ok(pool)
    }

    fn add_worker(
        &mut self,
        runtime: &Runtime,
        grants: &Grants,
        threads: &Arc<Threads>,
        kind: &str,
        settings: &str,
    ) -> Result<()> {
        let watchdog = Arc::new(Watchdog::new(runtime.limits().clone(), true));
        let (progress, _) = watch::channel(None);
        let mut store =
            runtime.store(grants.of_a_worker(), watchdog.clone(), threads.clone(), Some(progress));
        store.data_mut().worker = Some(Worker::new(self.queue.clone()));
        let (runtime, queue) = (runtime.clone(), self.queue.clone());
        let (kind, settings) = (kind.to_owned(), settings.to_owned());
        let work = move || {
            // This applies to this thread only. If the system refuses, the thread keeps its priority.
            let _ = rustix::process::nice(runtime.limits().workers_nice);
            if let Err(failure) = block_on(run(&runtime, store, &kind, &settings, &queue)) {
                queue.fail(failure);
            }
        };
        self.queue.joins();
        let spawned = threads.spawn(Who::Worker, work).doing(|| "cannot start a thread for a worker");
        match spawned {
            Ok(()) => self.watchdogs.push(watchdog),
            Err(_) => _ = self.queue.leaves(),
        }
        spawned
    }
}

/// Runs a worker. It ends without a failure only when its job no longer needs it, or when there is no memory to start it and the pool has
/// other workers.
async fn run(
    runtime: &Runtime,
    mut store: Store<StoreData>,
    kind: &str,
    settings: &String,
    queue: &WorkQueue,
) -> Result<(), Failure> {
    let watchdog = store.data().watchdog.clone();
    let outcome = match watched(&watchdog, runtime.instantiate(&mut store)).await {
        Err(error) if address_space::is_refusal(&error) && queue.leaves() => return Ok(()),
        Err(error) => Err(error),
        Ok(plugin) => {
            watched(&watchdog, plugin.larder_automation_task().call_run(&mut store, kind, settings)).await
        }
    };
    let shown = sanitized(kind, MAX_WORD);
    match outcome {
        _ if queue.is_closed() => Ok(()),
        Ok(Err(failure)) => Err(failure.into()),
        Ok(Ok(_)) => Err(Failure::stopped(format!("a worker for {shown} ended before its work was done"))),
        Err(error) => Err(explain(&format!("it worked on {shown}"), &error, store.data())),
    }
}
