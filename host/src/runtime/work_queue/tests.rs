//! The work queue: ordered results, limits, and waiting that ends.

use super::*;
use crate::tunables::Limits;
use std::sync::Arc;
use std::time::Duration;

fn watchdog() -> Watchdog {
    Watchdog::new(Limits::default(), true)
}

fn taken(queue: &WorkQueue) -> Option<Vec<u8>> {
    queue.take(&watchdog()).unwrap().unwrap()
}

#[test]
fn answers_come_in_the_order_of_the_pieces_whoever_is_faster() {
    let queue = WorkQueue::new(2, 100);
    for piece in [b"a", b"b"] {
        assert!(queue.put(piece.to_vec().into()));
    }
    assert!(!queue.put(b"c".to_vec().into()), "as many are under way as may be");
    let (first, _) = queue.next(&watchdog(), None).unwrap().unwrap();
    let (second, _) = queue.next(&watchdog(), None).unwrap().unwrap();
    queue.give(&watchdog(), second, b"B".to_vec()).unwrap();
    queue.complete(second);
    queue.give(&watchdog(), first, b"A1".to_vec()).unwrap();
    queue.give(&watchdog(), first, b"A2".to_vec()).unwrap();
    queue.complete(first);
    let parts: Vec<_> = (0..5).map(|_| taken(&queue)).collect();
    let some = |part: &[u8]| Some(part.to_vec());
    assert_eq!(parts, [some(b"A1"), some(b"A2"), None, some(b"B"), None]);
    assert!(queue.put(b"c".to_vec().into()));
}

#[test]
fn the_last_worker_does_not_leave() {
    let queue = WorkQueue::new(2, 100);
    (0..3).for_each(|_| queue.joins());
    assert_eq!([queue.leaves(), queue.leaves(), queue.leaves()], [true, true, false]);
    queue.joins();
    assert!(queue.leaves());
}

#[test]
fn whoever_waits_for_nothing_or_for_the_dead_is_told() {
    let queue = WorkQueue::new(2, 100);
    assert!(queue.take(&watchdog()).is_err());
    assert!(queue.put(Piece::default()));
    queue.fail(Failure::stopped("gone"));
    assert_eq!(queue.take(&watchdog()).unwrap().unwrap_err().message, "gone");
}

#[test]
fn no_more_bytes_lie_here_than_may_and_the_earliest_answer_goes_on() {
    let queue = WorkQueue::new(9, 100);
    assert!(queue.put(vec![0; 60].into()));
    assert!(!queue.put(vec![0; 41].into()), "both would be too much");
    let (first, _) = queue.next(&watchdog(), None).unwrap().unwrap();
    assert!(queue.put(vec![0; 100].into()), "one that was taken lies here no more");
    let (second, _) = queue.next(&watchdog(), None).unwrap().unwrap();
    queue.give(&watchdog(), second, vec![2; 100]).unwrap();
    queue.give(&watchdog(), first, vec![1; 100]).unwrap();
    let hurried = Watchdog::new(Limits { job_time: Duration::ZERO, ..Limits::default() }, true);
    assert!(queue.give(&hurried, second, vec![2]).is_err(), "a later one waits until there is room");
    assert_eq!(taken(&queue), Some(vec![1; 100]));
    queue.complete(first);
    assert_eq!(taken(&queue), None);
    queue.give(&hurried, second, vec![2]).unwrap();
}

#[test]
fn who_waits_is_woken_for_many_answers_at_once_while_many_pieces_wait_and_else_for_each() {
    let many = ANSWERS_AT_ONCE;
    let queue = WorkQueue::new(4 * many, 1000);
    (0..4 * many).for_each(|_| assert!(queue.put(vec![0].into())));
    let is_worth_waking = || queue.state().is_worth_waking(queue.pieces_most);
    let mut done = None;
    let mut woken_after = Vec::new();
    for answered in 0..4 * many {
        // The answer to a piece is complete when the next is asked for.
        done = queue.next(&watchdog(), done).unwrap().map(|(number, _)| number);
        if is_worth_waking() {
            woken_after.push(answered);
            while queue.state().complete > 0 {
                assert_eq!(taken(&queue), None);
            }
        }
    }
    queue.complete(done.unwrap());
    assert!(is_worth_waking(), "nothing more comes that could wake");
    let few_wait = 2 * many + 1..4 * many;
    assert_eq!(woken_after, [many].into_iter().chain([2 * many]).chain(few_wait).collect::<Vec<_>>());
}

#[test]
fn an_end_and_a_limit_reach_whoever_waits() {
    let queue = Arc::new(WorkQueue::new(2, 100));
    let limits = Limits { job_time: Duration::ZERO, ..Limits::default() };
    let error = queue.next(&Watchdog::new(limits, true), None).err().unwrap();
    assert!(error.to_string().contains("limit job-time"), "{error}");
    let waiting = queue.clone();
    let worker = std::thread::spawn(move || waiting.next(&watchdog(), None).unwrap().is_none());
    queue.close();
    assert!(worker.join().unwrap());
}
