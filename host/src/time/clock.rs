//! The clock. No other file reads the machine's clock; tests use a manual one.
//!
//! A clock may be set, so its time may jump. The elapsed time (`elapsed`) never does.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, TimeDelta, Utc};
use rustix::time::{ClockId, clock_gettime};
use wasmtime_wasi::HostWallClock;

use crate::model::Timestamp;
use crate::tunables::CLOCK_SLACK;

/// When this program was built, in seconds since 1970.
const BUILT: &str = env!("LARDER_BUILT");

/// The current time in UTC. Cheap to clone; all clones are the same clock.
#[derive(Clone, Default)]
pub struct Clock {
    /// `None` for the machine's clock.
    manual: Option<Arc<Mutex<Manual>>>,
}

/// The state of a manual clock.
struct Manual {
    now: Timestamp,
    /// The time that has passed since the clock was created.
    elapsed: Duration,
    built: Timestamp,
}

impl Clock {
    /// A manual clock. It stands still until it is set or advanced.
    pub fn manual(now: Timestamp) -> Self {
        let manual = Manual { now, elapsed: Duration::ZERO, built: Timestamp::default() };
        Self { manual: Some(Arc::new(Mutex::new(manual))) }
    }

    /// The same clock for a program that was built at that time.
    #[must_use]
    pub fn built_at(self, built: Timestamp) -> Self {
        if let Some(mut manual) = self.state() {
            manual.built = built;
        }
        self
    }

    /// Lets time pass on a manual clock until it shows `now`. If `now` is in the past, the clock is set back and no time passes.
    /// Does nothing to the machine's clock.
    pub fn advance_to(&self, now: Timestamp) {
        if let Some(mut manual) = self.state() {
            let elapsed = since_epoch(now).saturating_sub(since_epoch(manual.now));
            manual.elapsed += elapsed;
            manual.now = now;
        }
    }

    /// Sets a manual clock to `now`, in either direction, without letting time pass.
    pub fn jump_to(&self, now: Timestamp) {
        if let Some(mut manual) = self.state() {
            manual.now = now;
        }
    }

    /// The current time. A machine's clock before 1970 counts as 1970.
    pub fn now(&self) -> Timestamp {
        if let Some(manual) = self.state() {
            return manual.now;
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        Timestamp { seconds, nanoseconds: since.subsec_nanos() }
    }

    /// The time since an arbitrary start. It includes the time in which the machine slept, and cannot be set.
    pub fn elapsed(&self) -> Duration {
        if let Some(manual) = self.state() {
            return manual.elapsed;
        }
        let since = clock_gettime(ClockId::Boottime);
        Duration::try_from(since).unwrap_or_default()
    }

    /// The time until the clock shows `then`; zero if that is in the past.
    pub fn until(&self, then: Timestamp) -> Duration {
        since_epoch(then).saturating_sub(since_epoch(self.now()))
    }

    /// A message when the clock is not set: it shows a time before the program was built.
    pub fn not_set(&self) -> Option<String> {
        let built = self.state().map_or_else(built, |manual| manual.built);
        let now = self.now();
        (now < built).then(|| {
            format!(
                "the machine's clock is not set: it shows {}, and this program was built on {}",
                utc(now).format("%Y-%m-%d %H:%M +00:00"),
                utc(built).format("%Y-%m-%d")
            )
        })
    }

    fn state(&self) -> Option<MutexGuard<'_, Manual>> {
        self.manual.as_ref().map(|manual| manual.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn built() -> Timestamp {
    Timestamp { seconds: BUILT.parse().unwrap_or_default(), nanoseconds: 0 }
}

/// Detects that the clock was set: between two checks it moved by more or less than the elapsed time.
pub struct JumpDetector {
    clock: Clock,
    now: Timestamp,
    elapsed: Duration,
}

impl JumpDetector {
    /// A detector that starts with the current time of the clock.
    pub fn new(clock: &Clock) -> Self {
        Self { clock: clock.clone(), now: clock.now(), elapsed: clock.elapsed() }
    }

    /// By how much the clock was set forward or back since the last check. A clock that is only slewed was not set.
    pub fn check(&mut self) -> Option<TimeDelta> {
        let (now, elapsed) = (self.clock.now(), self.clock.elapsed());
        let moved = utc(now).signed_duration_since(utc(self.now));
        let lasted = TimeDelta::from_std(elapsed.saturating_sub(self.elapsed)).unwrap_or(TimeDelta::MAX);
        (self.now, self.elapsed) = (now, elapsed);
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

/// The clock that guests see.
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
    fn a_clock_that_is_set_is_detected_and_passing_time_is_not() {
        let clock = Clock::manual(at(1000));
        let mut detector = JumpDetector::new(&clock);
        clock.advance_to(at(5000));
        assert_eq!(detector.check(), None, "time passed");
        clock.advance_to(at(2000));
        assert_eq!(detector.check(), Some(TimeDelta::seconds(-3000)));
        assert_eq!(detector.check(), None);
        clock.jump_to(at(9000));
        assert_eq!(detector.check(), Some(TimeDelta::seconds(7000)));
    }

    #[test]
    fn the_machines_clock_is_set_and_does_not_jump() {
        let clock = Clock::default();
        let mut detector = JumpDetector::new(&clock);
        assert_eq!((detector.check(), clock.not_set()), (None, None));
        assert!(clock.elapsed() > Duration::ZERO);
    }
}
