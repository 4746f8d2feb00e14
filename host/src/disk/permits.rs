//! A semaphore that never blocks: it limits how many threads read ahead or write behind at once, over all plugins.
//!
//! A caller that gets no permit does the work on its own thread.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A number of permits.
pub(crate) struct Semaphore {
    taken: AtomicUsize,
    most: usize,
}

/// One permit. Dropping it returns it.
pub(crate) struct Permit(&'static Semaphore);

impl Semaphore {
    /// A semaphore with `most` permits.
    pub(crate) const fn new(most: usize) -> Self {
        Self { taken: AtomicUsize::new(0), most }
    }

    /// Takes a permit if one is free.
    pub(crate) fn try_acquire(&'static self) -> Option<Permit> {
        let more = |taken| (taken < self.most).then_some(taken + 1);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok().map(|_| Permit(self))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}
