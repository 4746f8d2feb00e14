//! How many threads may read ahead or write behind at once, of all plugins.
//!
//! Owns the count. Who gets no seat does the work itself.

use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) struct Seats {
    taken: AtomicUsize,
    most: usize,
}

/// One of them, until it is dropped.
pub(crate) struct Seat(&'static Seats);

impl Seats {
    pub(crate) const fn new(most: usize) -> Self {
        Self { taken: AtomicUsize::new(0), most }
    }

    pub(crate) fn take(&'static self) -> Option<Seat> {
        let more = |taken| (taken < self.most).then_some(taken + 1);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(|_| Seat(self))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}
