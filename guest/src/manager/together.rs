//! Waits for several futures side by side.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// A future that lives as long as what it borrows.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The results of all futures, in their order. None of them waits for another.
pub async fn all<T>(mut work: Vec<Work<'_, T>>) -> Vec<T> {
    let mut done: Vec<Option<T>> = work.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (work, done) in work.iter_mut().zip(&mut done) {
            if done.is_none()
                && let Poll::Ready(value) = work.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}
