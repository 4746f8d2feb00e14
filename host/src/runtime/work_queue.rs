//! The desk between a job and its workers: pieces that wait, and the answers in the order of the pieces.
//!
//! Knows bytes and who waits for whom, not what a piece is. Whoever waits looks at its own pulse, so that a limit or a stop ends the
//! wait, too. Nobody can wait for ever on each other: only taking waits for workers, and they wait for nothing but taking; who makes
//! the earliest answer never waits for others' to be taken.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Failure;
use super::watchdog::Vitals;
use super::workers::Piece;
use crate::options::{ANSWERS_AT_ONCE, MAX_UNTAKEN, POLL_INTERVAL};

pub(super) struct Desk {
    /// The most pieces under way, and the most bytes that may lie here: of those that wait, and of answers.
    pieces_most: usize,
    bytes_most: usize,
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
    waiting_bytes: usize,
    /// The answers from the earliest piece on that is under way.
    answers: VecDeque<Answer>,
    /// The number of the earliest.
    first: u64,
    /// How many of them are complete.
    complete: usize,
    /// Bytes of all answers that nobody took yet.
    untaken: usize,
    /// Workers that are there or on their way.
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
    /// Whether the worker that makes an answer has to wait.
    fn is_full(&self, number: u64, bytes_most: usize) -> bool {
        let own = number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        let own = own.and_then(|at| self.answers.get(at)).map_or(0, |answer| answer.untaken);
        own >= MAX_UNTAKEN || number > self.first && self.untaken >= bytes_most
    }

    /// Whether it is worth waking the job: there are many answers for it, or not so many pieces wait that workers hold everything
    /// up. What it is not woken for now it is woken for with a later answer, at the latest the last.
    fn is_worth_waking(&self, pieces_most: usize) -> bool {
        let is_there = self.answers.front().is_some_and(|answer| answer.is_complete);
        is_there && (self.complete >= ANSWERS_AT_ONCE || self.waiting.len() < pieces_most / 2)
    }

    fn answer(&mut self, number: u64) -> Option<&mut Answer> {
        let at = number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok())?;
        self.answers.get_mut(at)
    }
}

impl Desk {
    pub(super) fn new(pieces_most: usize, bytes_most: usize) -> Self {
        let [pieces, answers, room] = std::array::from_fn(|_| Condvar::new());
        Self { pieces_most, bytes_most, state: Mutex::default(), pieces, answers, room }
    }

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
            state = changed.wait_timeout(state, POLL_INTERVAL).unwrap_or_else(PoisonError::into_inner).0;
            vitals.waits_for_others();
            if let Some(reason) = vitals.overdue() {
                return Err(vitals.stop(reason));
            }
        }
    }

    /// A piece for whoever is free; false when as many are under way, or as many bytes of them wait, as may be.
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

    /// The next part of the earliest answer, or that it is complete.
    pub(super) fn take(&self, vitals: &Vitals) -> wasmtime::Result<Result<Option<Vec<u8>>, Failure>> {
        self.wait(vitals, &self.answers, |state| {
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

    /// A worker's next piece; `done` is the number of the one before, whose answer is complete.
    pub(super) fn next(&self, vitals: &Vitals, done: Option<u64>) -> wasmtime::Result<Option<(u64, Piece)>> {
        if let Some(number) = done {
            self.complete(number);
        }
        self.wait(vitals, &self.pieces, |state| match state.waiting.pop_front() {
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

    /// A part of the answer to a piece. It wakes nobody before that answer is complete, which is soon, or full.
    pub(super) fn give(&self, vitals: &Vitals, number: u64, part: Vec<u8>) -> wasmtime::Result<()> {
        let mut part = Some(part);
        self.wait(vitals, &self.room, |state| {
            if state.is_closed {
                return Some(Ok(()));
            }
            if state.is_full(number, self.bytes_most) {
                return None;
            }
            // When it is not there any more, nobody waits for it.
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

    /// A worker that has no piece goes, if others stay.
    pub(super) fn leaves(&self) -> bool {
        let mut state = self.state();
        let others = state.workers.saturating_sub(1);
        if others > 0 {
            state.workers = others;
        }
        others > 0
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
        let desk = Desk::new(2, 100);
        for piece in [b"a", b"b"] {
            assert!(desk.put(piece.to_vec().into()));
        }
        assert!(!desk.put(b"c".to_vec().into()), "as many are under way as may be");
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
        assert!(desk.put(b"c".to_vec().into()));
    }

    #[test]
    fn the_last_worker_does_not_leave() {
        let desk = Desk::new(2, 100);
        (0..3).for_each(|_| desk.joins());
        assert_eq!([desk.leaves(), desk.leaves(), desk.leaves()], [true, true, false]);
        desk.joins();
        assert!(desk.leaves());
    }

    #[test]
    fn whoever_waits_for_nothing_or_for_the_dead_is_told() {
        let desk = Desk::new(2, 100);
        assert!(desk.take(&vitals()).is_err());
        assert!(desk.put(Piece::default()));
        desk.fail(Failure::stopped("gone"));
        assert_eq!(desk.take(&vitals()).unwrap().unwrap_err().message, "gone");
    }

    #[test]
    fn no_more_bytes_lie_here_than_may_and_the_earliest_answer_goes_on() {
        let desk = Desk::new(9, 100);
        assert!(desk.put(vec![0; 60].into()));
        assert!(!desk.put(vec![0; 41].into()), "both would be too much");
        let (first, _) = desk.next(&vitals(), None).unwrap().unwrap();
        assert!(desk.put(vec![0; 100].into()), "one that was taken lies here no more");
        let (second, _) = desk.next(&vitals(), None).unwrap().unwrap();
        desk.give(&vitals(), second, vec![2; 100]).unwrap();
        desk.give(&vitals(), first, vec![1; 100]).unwrap();
        let hurried = Vitals::new(Limits { job_time: Duration::ZERO, ..Limits::default() }, true);
        assert!(desk.give(&hurried, second, vec![2]).is_err(), "a later one waits until there is room");
        assert_eq!(taken(&desk), Some(vec![1; 100]));
        desk.complete(first);
        assert_eq!(taken(&desk), None);
        desk.give(&hurried, second, vec![2]).unwrap();
    }

    #[test]
    fn who_waits_is_woken_for_many_answers_at_once_while_many_pieces_wait_and_else_for_each() {
        let many = ANSWERS_AT_ONCE;
        let desk = Desk::new(4 * many, 1000);
        (0..4 * many).for_each(|_| assert!(desk.put(vec![0].into())));
        let is_worth_waking = || desk.state().is_worth_waking(desk.pieces_most);
        let mut done = None;
        let mut woken_after = Vec::new();
        for answered in 0..4 * many {
            // The answer to a piece is complete when the next is asked for.
            done = desk.next(&vitals(), done).unwrap().map(|(number, _)| number);
            if is_worth_waking() {
                woken_after.push(answered);
                while desk.state().complete > 0 {
                    assert_eq!(taken(&desk), None);
                }
            }
        }
        desk.complete(done.unwrap());
        assert!(is_worth_waking(), "nothing more comes that could wake");
        let few_wait = 2 * many + 1..4 * many;
        assert_eq!(woken_after, [many].into_iter().chain([2 * many]).chain(few_wait).collect::<Vec<_>>());
    }

    #[test]
    fn an_end_and_a_limit_reach_whoever_waits() {
        let desk = Arc::new(Desk::new(2, 100));
        let limits = Limits { job_time: Duration::ZERO, ..Limits::default() };
        let error = desk.next(&Vitals::new(limits, true), None).err().unwrap();
        assert!(error.to_string().contains("limit job-time"), "{error}");
        let waiting = desk.clone();
        let worker = std::thread::spawn(move || waiting.next(&vitals(), None).unwrap().is_none());
        desk.close();
        assert!(worker.join().unwrap());
    }
}
