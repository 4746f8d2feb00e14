//! The clock: the only place that reads the machine's, and the one that tests move by hand.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wasmtime_wasi::HostWallClock;

use crate::model::Timestamp;

/// What time it is in UTC. Cheap to clone; every clone is the same clock.
#[derive(Clone, Default)]
pub struct Clock {
    /// None is the machine's own.
    hand: Option<Arc<Mutex<Timestamp>>>,
}

impl Clock {
    /// A clock that stands still until it is set.
    pub fn by_hand(now: Timestamp) -> Self {
        Self { hand: Some(Arc::new(Mutex::new(now))) }
    }

    /// Moves a clock that goes by hand, in either direction. The machine's own goes its way.
    pub fn set(&self, now: Timestamp) {
        if let Some(hand) = &self.hand {
            *hand.lock().unwrap_or_else(PoisonError::into_inner) = now;
        }
    }

    /// A machine whose clock stands before 1970 is taken to be there.
    pub fn now(&self) -> Timestamp {
        if let Some(hand) = &self.hand {
            return *hand.lock().unwrap_or_else(PoisonError::into_inner);
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        Timestamp { seconds, nanoseconds: since.subsec_nanos() }
    }

    /// How long until the clock shows `then`; nothing when it is past.
    pub fn until(&self, then: Timestamp) -> Duration {
        since_epoch(then).saturating_sub(since_epoch(self.now()))
    }
}

fn since_epoch(time: Timestamp) -> Duration {
    Duration::new(u64::try_from(time.seconds).unwrap_or(0), time.nanoseconds)
}

/// As guests see it.
impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        since_epoch(Clock::now(self))
    }
}
