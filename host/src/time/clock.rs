//! The clock: the only place that reads the machine's, and the one that tests move by hand.
//!
//! It shows what somebody set it to, so it may jump. How much time passes is another matter, and nobody can set that.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, TimeDelta, Utc};
use rustix::time::{ClockId, clock_gettime};
use wasmtime_wasi::HostWallClock;

use crate::model::Timestamp;
use crate::options::CLOCK_SLACK;

/// When this program was built, in seconds since 1970.
const BUILT: &str = env!("LARDER_BUILT");

/// What time it is in UTC. Cheap to clone; every clone is the same clock.
#[derive(Clone, Default)]
pub struct Clock {
    /// None is the machine's own.
    hand: Option<Arc<Mutex<Hand>>>,
}

struct Hand {
    now: Timestamp,
    /// Time that passed since it was made.
    passed: Duration,
    built: Timestamp,
}

impl Clock {
    /// A clock that stands still until it is set.
    pub fn by_hand(now: Timestamp) -> Self {
        let hand = Hand { now, passed: Duration::ZERO, built: Timestamp::default() };
        Self { hand: Some(Arc::new(Mutex::new(hand))) }
    }

    /// The same for a program that was built then.
    #[must_use]
    pub fn built(self, built: Timestamp) -> Self {
        if let Some(mut hand) = self.hand() {
            hand.built = built;
        }
        self
    }

    /// Lets time pass on a clock that goes by hand, until it shows `now`; when that is past, it is set back. The machine's own goes
    /// its way.
    pub fn set(&self, now: Timestamp) {
        if let Some(mut hand) = self.hand() {
            let passed = since_epoch(now).saturating_sub(since_epoch(hand.now));
            hand.passed += passed;
            hand.now = now;
        }
    }

    /// Sets a clock that goes by hand to `now`, in either direction, without any time passing.
    pub fn put(&self, now: Timestamp) {
        if let Some(mut hand) = self.hand() {
            hand.now = now;
        }
    }

    /// A machine whose clock stands before 1970 is taken to be there.
    pub fn now(&self) -> Timestamp {
        if let Some(hand) = self.hand() {
            return hand.now;
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        Timestamp { seconds, nanoseconds: since.subsec_nanos() }
    }

    /// How much time has passed since some moment, that in which the machine slept included.
    pub fn passed(&self) -> Duration {
        if let Some(hand) = self.hand() {
            return hand.passed;
        }
        let since = clock_gettime(ClockId::Boottime);
        Duration::try_from(since).unwrap_or_default()
    }

    /// How long until the clock shows `then`; nothing when it is past.
    pub fn until(&self, then: Timestamp) -> Duration {
        since_epoch(then).saturating_sub(since_epoch(self.now()))
    }

    /// Why it counts as not set: it shows what was before the program was there.
    pub fn unset(&self) -> Option<String> {
        let built = self.hand().map_or_else(built, |hand| hand.built);
        let now = self.now();
        (now < built).then(|| {
            format!(
                "the machine's clock is not set: it shows {}, and this program was built on {}",
                utc(now).format("%Y-%m-%d %H:%M +00:00"),
                utc(built).format("%Y-%m-%d")
            )
        })
    }

    fn hand(&self) -> Option<MutexGuard<'_, Hand>> {
        self.hand.as_ref().map(|hand| hand.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn built() -> Timestamp {
    Timestamp { seconds: BUILT.parse().unwrap_or_default(), nanoseconds: 0 }
}

/// Notices that the clock was set: between two looks it moved by something else than the time that passed.
pub struct Watch {
    clock: Clock,
    now: Timestamp,
    passed: Duration,
}

impl Watch {
    pub fn new(clock: &Clock) -> Self {
        Self { clock: clock.clone(), now: clock.now(), passed: clock.passed() }
    }

    /// By how much it was set forward, or back, since the last look. A clock that is only steered is not set.
    pub fn look(&mut self) -> Option<TimeDelta> {
        let (now, passed) = (self.clock.now(), self.clock.passed());
        let moved = utc(now).signed_duration_since(utc(self.now));
        let lasted = TimeDelta::from_std(passed.saturating_sub(self.passed)).unwrap_or(TimeDelta::MAX);
        (self.now, self.passed) = (now, passed);
        let set = moved.checked_sub(&lasted)?;
        (set.abs() > CLOCK_SLACK).then_some(set)
    }
}

fn utc(time: Timestamp) -> DateTime<Utc> {
    crate::automation::zone::utc(time)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp { seconds, nanoseconds: 0 }
    }

    #[test]
    fn time_that_passes_is_told_from_a_clock_that_is_set() {
        let clock = Clock::by_hand(at(1000));
        let mut watch = Watch::new(&clock);
        clock.set(at(5000));
        assert_eq!(watch.look(), None, "it slept");
        clock.set(at(2000));
        assert_eq!(watch.look(), Some(TimeDelta::seconds(-3000)));
        assert_eq!(watch.look(), None);
        clock.put(at(9000));
        assert_eq!(watch.look(), Some(TimeDelta::seconds(7000)));
    }

    #[test]
    fn the_machines_clock_goes_with_the_time_that_passes_and_is_set() {
        let clock = Clock::default();
        let mut watch = Watch::new(&clock);
        assert_eq!((watch.look(), clock.unset()), (None, None));
        assert!(clock.passed() > Duration::ZERO);
    }
}
