//! The desk between a job and its workers: pieces that wait, and the answers in the order of the pieces.
//!
//! Knows bytes and who waits for whom, not what a piece is. Whoever waits looks at its own pulse, so that a limit or a stop ends the
//! wait, too. Nobody can wait for ever on each other: only taking waits for workers, and they wait for nothing but taking.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Failure;
use super::vitals::Vitals;
use super::workers::Piece;
use crate::options::{LOOK, MAX_UNTAKEN};

#[derive(Default)]
pub(super) struct Desk {
    state: Mutex<State>,
    /// What workers wait for: a piece, or that there will be none any more.
    pieces: Condvar,
    /// What the job waits for: an answer, or that there will be none any more.
    answers: Condvar,
    /// What workers with a large answer wait for.
    room: Condvar,
}

#[derive(Default)]
struct State {
    /// Pieces that no worker has taken yet, with their numbers.
    waiting: VecDeque<(u64, Piece)>,
    /// The answers from the earliest piece on that is under way.
    answers: VecDeque<Answer>,
    /// The number of the earliest.
    first: u64,
    failure: Option<Failure>,
    is_closed: bool,
}

#[derive(Default)]
struct Answer {
    parts: VecDeque<Vec<u8>>,
    untaken: usize,
    is_complete: bool,
}

impl Answer {
    fn is_full(&self) -> bool {
        self.untaken >= MAX_UNTAKEN
    }
}

impl State {
    fn answer(&mut self, number: u64) -> Option<&mut Answer> {
        let at = number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok())?;
        self.answers.get_mut(at)
    }
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for `changed` until `done` has an answer, as long as the waiting instance may.
    fn wait<T>(
        &self,
        vitals: &Vitals,
        changed: &Condvar,
        mut done: impl FnMut(&mut State) -> Option<wasmtime::Result<T>>,
    ) -> wasmtime::Result<T> {
        let mut state = self.state();
        loop {
            if let Some(answer) = done(&mut state) {
                return answer;
            }
            state = changed.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
            vitals.waits_for_others();
            if let Some(reason) = vitals.overdue() {
                return Err(vitals.stop(reason));
            }
        }
    }

    /// A piece for whoever is free; false when `capacity` are under way.
    pub(super) fn put(&self, piece: Piece, capacity: usize) -> bool {
        let mut state = self.state();
        if state.answers.len() >= capacity {
            return false;
        }
        let number = state.first.saturating_add(state.answers.len() as u64);
        state.waiting.push_back((number, piece));
        state.answers.push_back(Answer::default());
        drop(state);
        self.pieces.notify_one();
        true
    }

    /// The next part of the earliest answer, or that it is complete.
    pub(super) fn take(&self, vitals: &Vitals) -> wasmtime::Result<Result<Option<Vec<u8>>, Failure>> {
        self.wait(vitals, &self.answers, |state| {
            if let Some(failure) = &state.failure {
                return Some(Ok(Err(failure.clone())));
            }
            let Some(answer) = state.answers.front_mut() else {
                return Some(Err(wasmtime::Error::msg(
                    "it waited for the answer to a piece that it had not put",
                )));
            };
            if let Some(part) = answer.parts.pop_front() {
                if answer.is_full() {
                    self.room.notify_all();
                }
                answer.untaken = answer.untaken.saturating_sub(part.len());
                return Some(Ok(Ok(Some(part))));
            }
            answer.is_complete.then(|| {
                state.answers.pop_front();
                state.first = state.first.saturating_add(1);
                Ok(Ok(None))
            })
        })
    }

    /// A worker's next piece; `done` is the number of the one before, whose answer is complete.
    pub(super) fn next(&self, vitals: &Vitals, done: Option<u64>) -> wasmtime::Result<Option<(u64, Piece)>> {
        if let Some(number) = done {
            self.complete(number);
        }
        self.wait(vitals, &self.pieces, |state| match state.waiting.pop_front() {
            _ if state.is_closed => Some(Ok(None)),
            None => None,
            piece => Some(Ok(piece)),
        })
    }

    fn complete(&self, number: u64) {
        let mut state = self.state();
        if let Some(answer) = state.answer(number) {
            answer.is_complete = true;
        }
        // The job comes to later ones without waiting.
        let is_awaited = number == state.first;
        drop(state);
        if is_awaited {
            self.answers.notify_all();
        }
    }

    /// A part of the answer to a piece. It wakes nobody before that answer is complete, which is soon, or full.
    pub(super) fn give(&self, vitals: &Vitals, number: u64, part: Vec<u8>) -> wasmtime::Result<()> {
        let mut part = Some(part);
        self.wait(vitals, &self.room, |state| {
            if state.is_closed {
                return Some(Ok(()));
            }
            // When it is not there any more, nobody waits for it.
            let Some(answer) = state.answer(number) else { return Some(Ok(())) };
            if answer.is_full() {
                return None;
            }
            let part = part.take().unwrap_or_default();
            answer.untaken = answer.untaken.saturating_add(part.len());
            answer.parts.push_back(part);
            if answer.is_full() {
                self.answers.notify_all();
            }
            Some(Ok(()))
        })
    }

    /// A worker ended that should not have.
    pub(super) fn fail(&self, failure: Failure) {
        self.state().failure.get_or_insert(failure);
        self.answers.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// Nobody wants an answer any more.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.waiting.clear();
        drop(state);
        self.pieces.notify_all();
        self.room.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Limits;
    use std::sync::Arc;
    use std::time::Duration;

    fn vitals() -> Vitals {
        Vitals::new(Limits::default(), true)
    }

    fn taken(desk: &Desk) -> Option<Vec<u8>> {
        desk.take(&vitals()).unwrap().unwrap()
    }

    #[test]
    fn answers_come_in_the_order_of_the_pieces_whoever_is_faster() {
        let desk = Desk::default();
        for piece in [b"a", b"b"] {
            assert!(desk.put(piece.to_vec().into(), 2));
        }
        assert!(!desk.put(b"c".to_vec().into(), 2), "as many are under way as may be");
        let (first, _) = desk.next(&vitals(), None).unwrap().unwrap();
        let (second, _) = desk.next(&vitals(), None).unwrap().unwrap();
        desk.give(&vitals(), second, b"B".to_vec()).unwrap();
        desk.complete(second);
        desk.give(&vitals(), first, b"A1".to_vec()).unwrap();
        desk.give(&vitals(), first, b"A2".to_vec()).unwrap();
        desk.complete(first);
        let parts: Vec<_> = (0..5).map(|_| taken(&desk)).collect();
        let some = |part: &[u8]| Some(part.to_vec());
        assert_eq!(parts, [some(b"A1"), some(b"A2"), None, some(b"B"), None]);
        assert!(desk.put(b"c".to_vec().into(), 2));
    }

    #[test]
    fn whoever_waits_for_nothing_or_for_the_dead_is_told() {
        let desk = Desk::default();
        assert!(desk.take(&vitals()).is_err());
        assert!(desk.put(Piece::default(), 1));
        desk.fail(Failure::stopped("gone"));
        assert_eq!(desk.take(&vitals()).unwrap().unwrap_err().message, "gone");
    }

    #[test]
    fn an_end_and_a_limit_reach_whoever_waits() {
        let desk = Arc::new(Desk::default());
        let limits = Limits { job_time: Duration::ZERO, ..Limits::default() };
        let error = desk.next(&Vitals::new(limits, true), None).err().unwrap();
        assert!(error.to_string().contains("limit job-time"), "{error}");
        let waiting = desk.clone();
        let worker = std::thread::spawn(move || waiting.next(&vitals(), None).unwrap().is_none());
        desk.close();
        assert!(worker.join().unwrap());
    }
}
