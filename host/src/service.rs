//! The service: a host that lives on. Fires the plugin's timers, starts the plugin again when it dies, and ends when told to.
//!
//! Knows neither backups nor schedules.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::assemble::Host;
use crate::bus::{Event, LOG};
use crate::model::Timestamp;
use crate::options::{FIRST_BACK_OFF, HEALTHY, LAST_BACK_OFF, LOOK};
use crate::runtime::{Failure, Pending};
use crate::scheduler::Scheduler;

/// Tells a service to end. Cheap to clone.
#[derive(Clone)]
pub struct Stop {
    is_set: Arc<AtomicBool>,
    scheduler: Scheduler,
}

impl Stop {
    pub fn set(&self) {
        self.is_set.store(true, Ordering::Relaxed);
        self.scheduler.wake();
    }

    fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Relaxed)
    }
}

pub struct Service {
    host: Host,
    stop: Stop,
    /// Timers that fired and have not been dealt with yet.
    running: Vec<Pending>,
    /// Since when the plugin lives.
    started: Timestamp,
    death: Option<Death>,
    back_off: Duration,
}

/// The plugin died, and when it is started again.
struct Death {
    at: Timestamp,
    again: Timestamp,
}

impl Service {
    /// `host` is one for changing things.
    pub fn new(host: Host) -> Self {
        let stop = Stop { is_set: Arc::default(), scheduler: host.scheduler().clone() };
        let started = host.clock().now();
        Self { host, stop, running: Vec::new(), started, death: None, back_off: FIRST_BACK_OFF }
    }

    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    pub fn host(&mut self) -> &mut Host {
        &mut self.host
    }

    /// Runs until it is told to stop. Whether all that was under way came to its end within the limit `stop-time`.
    pub fn run(mut self) -> bool {
        while !self.stop.is_set() {
            self.tick();
            match self.running.is_empty() {
                true => {
                    let again = self.death.as_ref().map(|death| death.again);
                    self.host.scheduler().wait(self.host.clock(), again);
                }
                false => self.poll(LOOK),
            }
        }
        let end = Instant::now() + self.host.limits().stop_time;
        while !self.running.is_empty() && Instant::now() < end {
            self.poll(LOOK);
        }
        self.running.is_empty()
    }

    /// Moves a clock that goes by hand to `then`, with everything happening on the way that is due, in order and at its time.
    pub fn advance_to(&mut self, then: Timestamp) {
        loop {
            self.settle();
            let again = self.death.as_ref().map(|death| death.again);
            let next = self.host.scheduler().next().map(|(at, _)| at).into_iter().chain(again).min();
            let Some(next) = next.filter(|next| *next <= then) else { break };
            self.host.clock().set(next.max(self.host.clock().now()));
        }
        self.host.clock().set(then);
        self.settle();
    }

    /// Does what is due now, to its end.
    pub fn settle(&mut self) {
        self.tick();
        while !self.running.is_empty() {
            self.poll(LOOK);
            self.tick();
        }
    }

    /// Begins what is due now.
    fn tick(&mut self) {
        let now = self.host.clock().now();
        if let Some(death) = &self.death {
            // A clock that was set back must not keep it dead.
            if now >= death.again || now < death.at {
                self.revive(now);
            }
        } else if let Some(end) = self.host.manager.end() {
            self.bury(&end, now);
        }
        while self.death.is_none()
            && let Some(timer) = self.host.scheduler().take_due(now)
        {
            self.running.push(self.host.manager.fire(&timer));
        }
    }

    fn poll(&mut self, most: Duration) {
        let Some(mut first) = self.running.pop() else { return };
        match self.host.manager.poll(&mut first, most) {
            None => self.running.insert(0, first),
            Some(Ok(_)) => {}
            Some(Err(failure)) => self.say(&failure.message),
        }
    }

    /// The plugin has died: it is shown, and it is started again after a while.
    fn bury(&mut self, end: &Failure, now: Timestamp) {
        if now.seconds.saturating_sub(self.started.seconds) >= seconds(HEALTHY) {
            self.back_off = FIRST_BACK_OFF;
        }
        self.running.clear();
        self.postpone(now);
        let wait = self.back_off.as_secs();
        self.say(&format!("{}; it is started again in {wait} s", end.message));
        // Nothing of it may speak or write any more when the next one does.
        self.host.manager.finish();
        self.host.scheduler().clear();
        self.host.states().lose();
    }

    fn postpone(&mut self, now: Timestamp) {
        let again = Timestamp { seconds: now.seconds.saturating_add(seconds(self.back_off)), ..now };
        self.death = Some(Death { at: now, again });
    }

    fn revive(&mut self, now: Timestamp) {
        self.back_off = (self.back_off * 2).min(LAST_BACK_OFF);
        match self.host.restart() {
            Ok(()) => {
                self.death = None;
                self.started = now;
                self.say("the plugin was started again");
                let notices = std::mem::take(&mut self.host.notices);
                notices.iter().for_each(|notice| self.say(notice));
            }
            Err(failure) => {
                self.postpone(now);
                let wait = self.back_off.as_secs();
                self.say(&format!("the plugin cannot be started: {}; next try in {wait} s", failure.message));
            }
        }
    }

    fn say(&self, message: &str) {
        let data = serde_json::json!({"message": message}).to_string();
        self.host.bus.emit(&Event { topic: LOG.into(), data });
    }
}

fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}
