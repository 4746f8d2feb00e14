//! A service inside the test's own process, with the real component and a clock that the test moves.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use larder::assemble::HostSetup;
use larder::home::bus::{Bus, Event};
use larder::home::states::State;
use larder::model::Timestamp;
use larder::options::Limits;
use larder::runtime::Failure;
use larder::service::Service;
use larder::steps::Steps;
use larder::time::clock::Clock;
use serde_json::Value;

use crate::TestHome;

/// What somebody who listens from the start hears.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    pub topic: String,
    pub data: Value,
}

pub struct TestService {
    service: Service,
    setting: HostSetup,
    heard: Arc<Mutex<Vec<Heard>>>,
    listener: Option<JoinHandle<()>>,
    bus: Bus,
}

impl TestHome {
    /// What a service of this home is made of. Its clock stands at `now` (ISO 8601).
    pub fn setting(&self, now: &str) -> HostSetup {
        HostSetup {
            config: Some(self.config()),
            state: Some(self.state()),
            clock: Clock::by_hand(instant(now)),
            ..HostSetup::default()
        }
    }

    /// A running service of this home; nothing that is due at its start has happened yet.
    #[track_caller]
    pub fn serve(&self, now: &str) -> TestService {
        TestService::start(self.setting(now)).unwrap()
    }
}

impl TestService {
    pub fn start(setting: HostSetup) -> larder::error::Result<Self> {
        let host = setting.writer("serve")?;
        let bus = host.bus.clone();
        let events = bus.subscribe();
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let sink = heard.clone();
        let listener = std::thread::spawn(move || {
            while let Ok(Event { topic, data, .. }) = events.recv() {
                let data = serde_json::from_str(&data).unwrap();
                sink.lock().unwrap().push(Heard { topic, data });
            }
        });
        Ok(Self { service: Service::new(host), setting, heard, listener: Some(listener), bus })
    }

    /// Stops it and starts it again, in the same state directory, as the clock stands.
    #[must_use]
    pub fn restart(self) -> Self {
        let setting = self.setting.clone();
        drop(self);
        Self::start(setting).unwrap()
    }

    /// The same with other steps or limits.
    #[must_use]
    pub fn restart_with(self, steps: Steps, limits: Limits) -> Self {
        let setting = HostSetup { steps, limits, ..self.setting.clone() };
        drop(self);
        Self::start(setting).unwrap()
    }

    /// The same with another clock.
    #[must_use]
    pub fn restart_at(self, clock: Clock) -> Self {
        let setting = HostSetup { clock, ..self.setting.clone() };
        drop(self);
        Self::start(setting).unwrap()
    }

    pub fn service(&mut self) -> &mut Service {
        &mut self.service
    }

    /// Calls an action and waits for its answer.
    pub fn call(&mut self, action: &str, data: Value) -> Result<Value, Failure> {
        let answer = self.service.host().call(action, &data.to_string())?;
        Ok(serde_json::from_str(&answer).unwrap())
    }

    /// Changes the settings, which must be taken.
    #[track_caller]
    pub fn set(&mut self, body: Value) {
        self.call("backup.config.update", body).unwrap();
    }

    /// Moves the clock on, with everything happening on the way.
    pub fn advance(&mut self, to: &str) {
        self.service.advance_to(instant(to));
    }

    /// Lets some seconds pass, with everything happening on the way.
    pub fn pass(&mut self, seconds: i64) {
        let now = self.service.host().clock().now();
        self.service.advance_to(Timestamp { seconds: now.seconds + seconds, ..now });
    }

    /// Lets a millisecond pass, within the same second.
    pub fn pass_a_moment(&mut self) {
        let now = self.service.host().clock().now();
        self.service.advance_to(Timestamp { nanoseconds: now.nanoseconds + 1_000_000, ..now });
    }

    /// Moves the clock without anything happening on the way: forward, the machine slept; back, somebody set it.
    pub fn jump(&mut self, to: &str) {
        self.service.host().clock().set(instant(to));
        self.service.settle();
    }

    /// Sets the clock, in either direction, and no time passes.
    pub fn put_clock(&mut self, to: &str) {
        self.service.host().clock().put(instant(to));
        self.service.settle();
    }

    /// The state that an entity shows now.
    #[track_caller]
    pub fn state(&mut self, entity_id: &str) -> State {
        self.service
            .host()
            .states()
            .all()
            .remove(entity_id)
            .unwrap_or_else(|| panic!("there is no {entity_id}"))
    }

    /// What was heard since this was asked last.
    pub fn heard(&mut self) -> Vec<Heard> {
        // Everything that was emitted before this is in front of it.
        self.bus.emit(&Event::new("test/end", "null"));
        loop {
            let mut heard = self.heard.lock().unwrap();
            if heard.last().is_some_and(|heard| heard.topic == "test/end") {
                let mut all = std::mem::take(&mut *heard);
                all.pop();
                return all;
            }
            drop(heard);
            std::thread::yield_now();
        }
    }
}

impl Drop for TestService {
    fn drop(&mut self) {
        self.bus.close();
        self.listener.take().map(JoinHandle::join);
    }
}

/// ISO 8601 with an offset.
#[track_caller]
pub fn instant(text: &str) -> Timestamp {
    let time = chrono::DateTime::parse_from_rfc3339(text).unwrap();
    Timestamp { seconds: time.timestamp(), nanoseconds: time.timestamp_subsec_nanos() }
}
