//! Crews: several fresh instances at once that do the pieces of one job's work, each on a thread of its own.

use std::sync::Arc;

use tokio::sync::watch;
use wasmtime::Store;

use super::engine::{Runtime, explain};
use super::store_data::{Grants, StoreData};
use super::threads::{Threads, Who};
use super::watchdog::{Vitals, watched};
use super::work_queue::Desk;
use super::{Failure, address_space, instance};
use crate::capabilities::Content;
use crate::error::{Doing, Error, Result};
use crate::model::sanitized;
use crate::options::{BYTES_EACH, MAX_PIECE, MAX_WORD, PIECES_EACH};

/// Started workers, as their job holds them. Dropping it stops them.
pub struct Crew {
    desk: Arc<Desk>,
    vitals: Vec<Arc<Vitals>>,
}

/// A worker's end of the desk.
pub(crate) struct Worker {
    desk: Arc<Desk>,
    /// The number of the piece that it has.
    piece: Option<u64>,
}

/// What a worker is handed: bytes, and what stands behind them elsewhere.
#[derive(Default)]
pub(crate) struct Piece {
    pub(crate) bytes: Vec<u8>,
    pub(crate) behind: Option<Behind>,
}

/// Bytes of a content that are read when a worker takes its piece.
pub(crate) struct Behind {
    pub(crate) content: Content,
    pub(crate) offset: u64,
    pub(crate) count: u32,
}

impl From<Vec<u8>> for Piece {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, behind: None }
    }
}

impl Crew {
    /// `Limit` when no more workers may be started now, those that were dropped and have not ended yet included.
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
        let desk = Arc::new(Desk::new(each(PIECES_EACH), each(BYTES_EACH)));
        let mut crew = Self { desk, vitals: Vec::new() };
        for _ in 0..count {
            match crew.hire(runtime, grants, threads, kind, settings) {
                // Fewer do it, too.
                Err(_) if !crew.vitals.is_empty() => break,
                hired => hired?,
            }
        }
        Ok(crew)
    }

    /// Starts one more.
    fn hire(
        &mut self,
        runtime: &Runtime,
        grants: &Grants,
        threads: &Arc<Threads>,
        kind: &str,
        settings: &str,
    ) -> Result<()> {
        let vitals = Arc::new(Vitals::new(runtime.limits().clone(), true));
        let (progress, _) = watch::channel(None);
        let mut store = runtime.store(grants.of_a_worker(), vitals.clone(), threads.clone(), Some(progress));
        store.data_mut().worker = Some(Worker { desk: self.desk.clone(), piece: None });
        let (runtime, desk) = (runtime.clone(), self.desk.clone());
        let (kind, settings) = (kind.to_owned(), settings.to_owned());
        let work = move || {
            // Of this thread only. Where it is refused it takes a little longer.
            let _ = rustix::process::nice(runtime.limits().workers_nice);
            if let Err(failure) = instance::block_on(run(&runtime, store, &kind, &settings, &desk)) {
                desk.fail(failure);
            }
        };
        self.desk.joins();
        let spawned = threads.spawn(Who::Worker, work).doing(|| "cannot start a thread for a worker");
        match spawned {
            Ok(()) => self.vitals.push(vitals),
            Err(_) => _ = self.desk.leaves(),
        }
        spawned
    }

    pub(crate) fn capacity(&self) -> usize {
        self.vitals.len().saturating_mul(PIECES_EACH)
    }

    pub(crate) fn put(&self, piece: Piece) -> Result<()> {
        let size = piece.bytes.len();
        if size > MAX_PIECE {
            return Err(Error::Limit(format!("a piece of {size} bytes is more than {MAX_PIECE}")));
        }
        match self.desk.put(piece) {
            true => Ok(()),
            false => Err(Error::Limit(format!(
                "{} pieces are under way already, or too many bytes of them wait",
                self.capacity()
            ))),
        }
    }

    /// `vitals` are those of the job that waits.
    pub(crate) fn take(&self, vitals: &Vitals) -> wasmtime::Result<Result<Option<Vec<u8>>, Failure>> {
        // Their own threads stop workers in time, unless they are held up by the host.
        if let Some(reason) = self.vitals.iter().find_map(|worker| worker.overdue()) {
            self.desk.fail(Failure::stopped(format!("a worker was given up: {reason}")));
        }
        self.desk.take(vitals)
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.desk.close();
        for worker in &self.vitals {
            worker.cancel("its job needs it no more");
        }
    }
}

impl Worker {
    pub(crate) fn next(&mut self, vitals: &Vitals) -> wasmtime::Result<Option<Piece>> {
        let next = self.desk.next(vitals, self.piece.take())?;
        Ok(next.map(|(number, piece)| {
            self.piece = Some(number);
            piece
        }))
    }

    pub(crate) fn give(&self, vitals: &Vitals, part: Vec<u8>) -> wasmtime::Result<()> {
        let size = part.len();
        match self.piece {
            None => Err(wasmtime::Error::msg("it gave an answer without having a piece")),
            Some(_) if size > MAX_PIECE => {
                Err(wasmtime::Error::msg(format!("it gave an answer of {size} bytes, more than {MAX_PIECE}")))
            }
            Some(number) => self.desk.give(vitals, number, part),
        }
    }
}

/// A worker's whole life. It ends well only when its job has no more use for it, or when there is no memory to begin it and others are
/// there.
async fn run(
    runtime: &Runtime,
    mut store: Store<StoreData>,
    kind: &str,
    settings: &String,
    desk: &Desk,
) -> Result<(), Failure> {
    let vitals = store.data().vitals.clone();
    let outcome = match watched(&vitals, runtime.instantiate(&mut store)).await {
        Err(error) if address_space::is_refusal(&error) && desk.leaves() => return Ok(()),
        Err(error) => Err(error),
        Ok(plugin) => {
            watched(&vitals, plugin.larder_automation_job().call_run(&mut store, kind, settings)).await
        }
    };
    let shown = sanitized(kind, MAX_WORD);
    match outcome {
        _ if desk.is_closed() => Ok(()),
        Ok(Err(failure)) => Err(failure.into()),
        Ok(Ok(_)) => Err(Failure::stopped(format!("a worker for {shown} left before its work was done"))),
        Err(error) => Err(explain(&format!("it worked on {shown}"), &error, store.data())),
    }
}
