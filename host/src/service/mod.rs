//! The service: a host that keeps running. It fires the plugins' timers, restarts plugins that died, drives the automations, and
//! answers requests of other processes until it is stopped.
//!
//! Knows nothing of backups or schedules.

pub mod control;
pub mod driver;
pub(crate) mod host;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::home::bus::Bus;
use crate::model::Timestamp;
use crate::plugin::Plugin;
use crate::service::driver::Driver;
use crate::service::host::Host;
use crate::time::clock::JumpDetector;
use crate::time::scheduler::Scheduler;
use crate::time::stopwatch::Stopwatch;
use crate::tunables::POLL_INTERVAL;

/// Stops a service. Cheap to clone.
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

/// A running service: run it with `run`.
pub struct Service {
    host: Host,
    driver: Driver,
    stop: Stop,
    watch: JumpDetector,
}

impl Service {
    /// `host` must be a writer.
    pub fn new(mut host: Host) -> Self {
        let stop = Stop { is_set: Arc::default(), scheduler: host.scheduler().clone() };
        let driver = Driver::new(&mut host);
        let watch = JumpDetector::new(host.clock());
        Self { host, driver, stop, watch }
    }

    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// The host's bus.
    pub fn bus(&self) -> Bus {
        self.host.bus.clone()
    }

    pub fn host(&mut self) -> &mut Host {
        &mut self.host
    }

    pub fn driver(&mut self) -> &mut Driver {
        &mut self.driver
    }

    /// Runs until it is stopped. Returns whether all work under way finished within the limit `stop-time`.
    pub fn run(mut self) -> bool {
        while !self.stop.is_set() {
            self.tick();
            let most = if self.is_busy() { POLL_INTERVAL } else { Duration::MAX };
            self.host.scheduler().wait(self.host.clock(), self.next(), most);
        }
        self.driver.shut_down(&mut self.host);
        let (since, most) = (Stopwatch::start(), self.host.limits().stop_time);
        while self.is_working() && since.elapsed() < most {
            self.poll();
            self.driver.tick(&mut self.host);
            self.host.scheduler().wait(self.host.clock(), None, POLL_INTERVAL);
        }
        let is_finished = !self.is_working();
        self.driver.close(&mut self.host);
        is_finished
    }

    /// Moves a manual clock to `then`. Everything that falls due on the way happens in order and at its time.
    pub fn advance_to(&mut self, then: Timestamp) {
        loop {
            self.settle();
            let timer = self.host.scheduler().next().map(|(at, _)| at);
            let next = timer.into_iter().chain(self.next()).min();
            let Some(next) = next.filter(|next| *next <= then) else { break };
            self.host.clock().advance_to(next.max(self.host.clock().now()));
        }
        self.host.clock().advance_to(then);
        self.settle();
    }

    /// Does everything that is due now and waits until it is done.
    pub fn settle(&mut self) {
        self.tick();
        while self.is_busy() {
            self.host.scheduler().wait(self.host.clock(), None, POLL_INTERVAL);
            self.tick();
        }
    }

    /// When something other than a timer is due next.
    fn next(&self) -> Option<Timestamp> {
        self.host.plugins().iter().filter_map(Plugin::again).chain(self.driver.next()).min()
    }

    /// Whether work is under way.
    fn is_working(&self) -> bool {
        self.host.plugins().iter().any(Plugin::is_working) || self.driver.is_busy()
    }

    /// Whether work is under way or a plugin is starting.
    fn is_busy(&self) -> bool {
        self.is_working() || self.host.plugins().iter().any(Plugin::is_starting)
    }

    /// Begins everything that is due now, without waiting for it.
    fn tick(&mut self) {
        if let Some(by) = self.watch.check() {
            self.driver.set_clock(&self.host, by);
        }
        let now = self.host.clock().now();
        self.poll();
        self.host.supervise_plugins(Duration::ZERO);
        while let Some(timer) = self.host.scheduler().take_due(now) {
            let mut plugins = self.host.plugins_mut().iter_mut();
            if let Some(plugin) = plugins.find(|plugin| *plugin.name == *timer.owner) {
                plugin.fire(&timer.name);
            }
        }
        self.driver.tick(&mut self.host);
    }

    fn poll(&mut self) {
        self.host.plugins_mut().iter_mut().for_each(Plugin::poll);
    }
}
