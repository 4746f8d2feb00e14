//! A worker pool, seen from its job, and the worker's end of the work queue.

use std::sync::Arc;

use super::failure::Failure;
use super::piece::Piece;
use super::watchdog::Watchdog;
use super::work_queue::WorkQueue;
use crate::error::{Error, Result};
use crate::tunables::{MAX_PIECE, PIECES_EACH};

/// A running worker pool. Dropping it stops the workers.
pub struct Pool {
    pub(super) queue: Arc<WorkQueue>,
    /// One for each worker.
    pub(super) watchdogs: Vec<Arc<Watchdog>>,
}

impl Pool {
    pub(crate) fn capacity(&self) -> usize {
        self.watchdogs.len().saturating_mul(PIECES_EACH)
    }

    /// Queues a piece. `Limit` when it is too large, or when the queue is full.
    pub(crate) fn put(&self, piece: Piece) -> Result<()> {
        let size = piece.bytes.len();
        if size > MAX_PIECE {
            return Err(Error::Limit(format!("a piece of {size} bytes is more than {MAX_PIECE}")));
        }
        match self.queue.put(piece) {
            true => Ok(()),
            false => Err(Error::Limit(format!(
                "{} pieces are in progress already, or too many bytes of them are queued",
                self.capacity()
            ))),
        }
    }

    /// Waits for the next part of the earliest answer. `watchdog` is that of the waiting job.
    pub(crate) fn take(&self, watchdog: &Watchdog) -> wasmtime::Result<Result<Option<Vec<u8>>, Failure>> {
        // Workers' own threads stop them in time, unless a call to the host blocks them.
        if let Some(reason) = self.watchdogs.iter().find_map(|worker| worker.overdue()) {
            self.queue.fail(Failure::stopped(format!("a worker was given up: {reason}")));
        }
        self.queue.take(watchdog)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.close();
        for worker in &self.watchdogs {
            worker.cancel("its job no longer needs it");
        }
    }
}

/// A worker's end of the work queue.
pub(crate) struct Worker {
    queue: Arc<WorkQueue>,
    /// The number of the piece that it is working on.
    piece: Option<u64>,
}

impl Worker {
    pub(super) fn new(queue: Arc<WorkQueue>) -> Self {
        Self { queue, piece: None }
    }

    /// Completes the answer to the previous piece and waits for the next one.
    pub(crate) fn next(&mut self, watchdog: &Watchdog) -> wasmtime::Result<Option<Piece>> {
        let next = self.queue.next(watchdog, self.piece.take())?;
        Ok(next.map(|(number, piece)| {
            self.piece = Some(number);
            piece
        }))
    }

    /// Sends a part of the answer to the current piece.
    pub(crate) fn give(&self, watchdog: &Watchdog, part: Vec<u8>) -> wasmtime::Result<()> {
        let size = part.len();
        match self.piece {
            None => Err(wasmtime::Error::msg("it gave an answer without having a piece")),
            Some(_) if size > MAX_PIECE => {
                Err(wasmtime::Error::msg(format!("it gave an answer of {size} bytes, more than {MAX_PIECE}")))
            }
            Some(number) => self.queue.give(watchdog, number, part),
        }
    }
}
