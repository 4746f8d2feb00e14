//! The work queue between a job and its workers: queued pieces, and their answers as ordered results.
//!
//! It knows nothing about the contents of a piece. Every waiting thread checks its own watchdog, so that a limit or a stop also ends the wait.
//! There is no deadlock: the job waits for workers only in `take`, workers wait only for `take`, and the worker with the earliest
//! answer never waits for other answers to be taken.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::failure::Failure;
use super::piece::Piece;
use super::watchdog::Watchdog;
use crate::tunables::{ANSWERS_AT_ONCE, MAX_UNTAKEN, POLL_INTERVAL};

pub(super) struct WorkQueue {
    /// The most pieces in progress, and the most bytes of queued pieces and of answers.
    pieces_most: usize,
    bytes_most: usize,
    state: Mutex<State>,
    /// Signals workers: there is a piece, or there will be no more.
    pieces: Condvar,
    /// Signals the job: there is an answer, or there will be no more.
    answers: Condvar,
    /// Signals workers: there is room for answers.
    room: Condvar,
}

#[derive(Default)]
struct State {
    /// Queued pieces with their numbers.
    waiting: VecDeque<(u64, Piece)>,
    waiting_bytes: usize,
    /// The answers to the pieces in progress, the earliest first.
    answers: VecDeque<Answer>,
    /// The number of the earliest piece in progress.
    first: u64,
    /// How many answers are complete.
    complete: usize,
    /// Bytes of all answers that have not been taken.
    untaken: usize,
    /// Workers that are running or being started.
    workers: usize,
    failure: Option<Failure>,
    is_closed: bool,
}

#[derive(Default)]
struct Answer {
    parts: VecDeque<Vec<u8>>,
    untaken: usize,
    is_complete: bool,
}

impl State {
    /// Whether the worker of this piece has to wait before it gives more.
    fn is_full(&self, number: u64, bytes_most: usize) -> bool {
        let own = number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        let own = own.and_then(|at| self.answers.get(at)).map_or(0, |answer| answer.untaken);
        own >= MAX_UNTAKEN || number > self.first && self.untaken >= bytes_most
    }

    /// Whether to wake the job: the earliest answer is complete, and either many answers are or the queue is less than half full. An answer
    /// that does not wake the job now is taken along with a later one, at the latest with the last.
    fn is_worth_waking(&self, pieces_most: usize) -> bool {
        let is_there = self.answers.front().is_some_and(|answer| answer.is_complete);
        is_there && (self.complete >= ANSWERS_AT_ONCE || self.waiting.len() < pieces_most / 2)
    }

    fn answer(&mut self, number: u64) -> Option<&mut Answer> {
        let at = number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok())?;
        self.answers.get_mut(at)
    }
}

impl WorkQueue {
    pub(super) fn new(pieces_most: usize, bytes_most: usize) -> Self {
        let [pieces, answers, room] = std::array::from_fn(|_| Condvar::new());
        Self { pieces_most, bytes_most, state: Mutex::default(), pieces, answers, room }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for `changed` until `done` returns an answer, or until the waiting instance is overdue.
    fn wait<T>(
        &self,
        watchdog: &Watchdog,
        changed: &Condvar,
        mut done: impl FnMut(&mut State) -> Option<wasmtime::Result<T>>,
    ) -> wasmtime::Result<T> {
        let mut state = self.state();
        loop {
            if let Some(answer) = done(&mut state) {
                return answer;
            }
            state = changed.wait_timeout(state, POLL_INTERVAL).unwrap_or_else(PoisonError::into_inner).0;
            watchdog.waits_for_others();
            if let Some(reason) = watchdog.overdue() {
                return Err(watchdog.stop(reason));
            }
        }
    }

    /// Queues a piece for the next free worker. False when the queue is full, by pieces or by bytes.
    pub(super) fn put(&self, piece: Piece) -> bool {
        let mut state = self.state();
        let waiting = state.waiting_bytes.saturating_add(piece.bytes.len());
        if state.answers.len() >= self.pieces_most || waiting > self.bytes_most {
            return false;
        }
        state.waiting_bytes = waiting;
        let number = state.first.saturating_add(state.answers.len() as u64);
        state.waiting.push_back((number, piece));
        state.answers.push_back(Answer::default());
        drop(state);
        self.pieces.notify_one();
        true
    }

    /// Waits for the next part of the earliest answer; `None` when it is complete.
    pub(super) fn take(&self, watchdog: &Watchdog) -> wasmtime::Result<Result<Option<Vec<u8>>, Failure>> {
        self.wait(watchdog, &self.answers, |state| {
            if let Some(failure) = &state.failure {
                return Some(Ok(Err(failure.clone())));
            }
            let was_full = state.untaken >= self.bytes_most;
            let Some(answer) = state.answers.front_mut() else {
                return Some(Err(wasmtime::Error::msg(
                    "it waited for the answer to a piece that it had not put",
                )));
            };
            if let Some(part) = answer.parts.pop_front() {
                if was_full || answer.untaken >= MAX_UNTAKEN {
                    self.room.notify_all();
                }
                answer.untaken = answer.untaken.saturating_sub(part.len());
                state.untaken = state.untaken.saturating_sub(part.len());
                return Some(Ok(Ok(Some(part))));
            }
            answer.is_complete.then(|| {
                state.answers.pop_front();
                state.complete = state.complete.saturating_sub(1);
                state.first = state.first.saturating_add(1);
                if was_full {
                    self.room.notify_all();
                }
                Ok(Ok(None))
            })
        })
    }

    /// Waits for a worker's next piece. `done` is the number of its previous piece, whose answer is now complete.
    pub(super) fn next(
        &self,
        watchdog: &Watchdog,
        done: Option<u64>,
    ) -> wasmtime::Result<Option<(u64, Piece)>> {
        if let Some(number) = done {
            self.complete(number);
        }
        self.wait(watchdog, &self.pieces, |state| match state.waiting.pop_front() {
            _ if state.is_closed => Some(Ok(None)),
            None => None,
            Some((number, piece)) => {
                state.waiting_bytes = state.waiting_bytes.saturating_sub(piece.bytes.len());
                Some(Ok(Some((number, piece))))
            }
        })
    }

    fn complete(&self, number: u64) {
        let mut state = self.state();
        if let Some(answer) = state.answer(number) {
            answer.is_complete = true;
            state.complete = state.complete.saturating_add(1);
        }
        let is_worth_waking = state.is_worth_waking(self.pieces_most);
        drop(state);
        if is_worth_waking {
            self.answers.notify_all();
        }
    }

    /// Adds a part of the answer to a piece. It wakes the job only when the answer is as large as it may become; completing it wakes as well.
    pub(super) fn give(&self, watchdog: &Watchdog, number: u64, part: Vec<u8>) -> wasmtime::Result<()> {
        let mut part = Some(part);
        self.wait(watchdog, &self.room, |state| {
            if state.is_closed {
                return Some(Ok(()));
            }
            if state.is_full(number, self.bytes_most) {
                return None;
            }
            // When the answer is gone, the job no longer waits for it.
            let Some(answer) = state.answer(number) else { return Some(Ok(())) };
            let part = part.take().unwrap_or_default();
            let count = part.len();
            answer.untaken = answer.untaken.saturating_add(count);
            answer.parts.push_back(part);
            state.untaken = state.untaken.saturating_add(count);
            if state.is_full(number, self.bytes_most) {
                self.answers.notify_all();
            }
            Some(Ok(()))
        })
    }

    pub(super) fn joins(&self) {
        let mut state = self.state();
        state.workers = state.workers.saturating_add(1);
    }

    /// Whether a worker without a piece may end: only if other workers stay.
    pub(super) fn leaves(&self) -> bool {
        let mut state = self.state();
        let others = state.workers.saturating_sub(1);
        if others > 0 {
            state.workers = others;
        }
        others > 0
    }

    /// A worker ended too early.
    pub(super) fn fail(&self, failure: Failure) {
        self.state().failure.get_or_insert(failure);
        self.answers.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// The job no longer wants answers.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.waiting.clear();
        drop(state);
        self.pieces.notify_all();
        self.room.notify_all();
    }
}
