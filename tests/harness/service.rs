//! A service inside the test's process, with the real component and a manual clock.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use larder::assemble::HostSetup;
use larder::home::bus::{Bus, Event};
use larder::home::states::State;
use larder::model::Timestamp;
use larder::runtime::Failure;
use larder::service::Service;
use larder::steps::Steps;
use larder::time::clock::Clock;
use larder::tunables::Limits;
use serde_json::Value;

use crate::TestHome;

/// An event on the bus.
#[derive(Debug, Clone, PartialEq)]
pub struct EmittedEvent {
    /// Its topic.
    pub topic: String,
    /// Its data.
    pub data: Value,
}

/// A running service, and the events that it has emitted.
pub struct TestService {
    service: Service,
    setting: HostSetup,
    events: Arc<Mutex<Vec<EmittedEvent>>>,
    listener: Option<JoinHandle<()>>,
    bus: Bus,
}

impl TestHome {
    /// The setup of a service of this home. Its clock shows `now` (ISO 8601).
    pub fn setting(&self, now: &str) -> HostSetup {
        HostSetup {
            config: Some(self.config()),
            state: Some(self.state()),
            clock: Clock::manual(instant(now)),
            ..HostSetup::default()
        }
    }

    /// Starts a service of this home. What is due at its start has not happened yet.
    #[track_caller]
    pub fn serve(&self, now: &str) -> TestService {
        TestService::start(self.setting(now)).unwrap()
    }
}

impl TestService {
    /// Starts a service.
    pub fn start(setting: HostSetup) -> larder::error::Result<Self> {
        let host = setting.writer("serve")?;
        let bus = host.bus.clone();
        let subscription = bus.subscribe();
        let events: Arc<Mutex<Vec<EmittedEvent>>> = Arc::default();
        let sink = events.clone();
        let listener = std::thread::spawn(move || {
            while let Ok(Event { topic, data, .. }) = subscription.recv() {
                let data = serde_json::from_str(&data).unwrap();
                sink.lock().unwrap().push(EmittedEvent { topic, data });
            }
        });
        Ok(Self { service: Service::new(host), setting, events, listener: Some(listener), bus })
    }

    /// Restarts the service with the same state directory and clock.
    #[must_use]
    pub fn restart(self) -> Self {
        let setting = self.setting.clone();
        drop(self);
        Self::start(setting).unwrap()
    }

    /// Restarts it with other steps and limits.
    #[must_use]
    pub fn restart_with(self, steps: Steps, limits: Limits) -> Self {
        let setting = HostSetup { steps, limits, ..self.setting.clone() };
        drop(self);
        Self::start(setting).unwrap()
    }

    /// Restarts it with another clock.
    #[must_use]
    pub fn restart_at(self, clock: Clock) -> Self {
        let setting = HostSetup { clock, ..self.setting.clone() };
        drop(self);
        Self::start(setting).unwrap()
    }

    /// The service itself.
    pub fn service(&mut self) -> &mut Service {
        &mut self.service
    }

    /// Calls an action and waits for its answer.
    pub fn call(&mut self, action: &str, data: Value) -> Result<Value, Failure> {
        let answer = self.service.host().call(action, &data.to_string())?;
        Ok(serde_json::from_str(&answer).unwrap())
    }

    /// Changes the settings, which must succeed.
    #[track_caller]
    pub fn set(&mut self, body: Value) {
        self.call("backup.config.update", body).unwrap();
    }

    /// Advances the clock, and everything that becomes due happens.
    pub fn advance(&mut self, to: &str) {
        self.service.advance_to(instant(to));
    }

    /// Lets seconds pass, and everything that becomes due happens.
    pub fn pass(&mut self, seconds: i64) {
        let now = self.service.host().clock().now();
        self.service.advance_to(Timestamp { seconds: now.seconds + seconds, ..now });
    }

    /// Lets a millisecond pass, within the same second.
    pub fn pass_a_moment(&mut self) {
        let now = self.service.host().clock().now();
        self.service.advance_to(Timestamp { nanoseconds: now.nanoseconds + 1_000_000, ..now });
    }

    /// Moves the clock in one step. Forward: the machine slept. Back: the clock was set.
    pub fn jump(&mut self, to: &str) {
        self.service.host().clock().advance_to(instant(to));
        self.service.settle();
    }

    /// Sets the clock in either direction without letting time pass.
    pub fn set_clock(&mut self, to: &str) {
        self.service.host().clock().jump_to(instant(to));
        self.service.settle();
    }

    /// The current state of an entity.
    #[track_caller]
    pub fn state(&mut self, entity_id: &str) -> State {
        self.service
            .host()
            .states()
            .all()
            .remove(entity_id)
            .unwrap_or_else(|| panic!("there is no {entity_id}"))
    }

    /// The events since the last call.
    pub fn events(&mut self) -> Vec<EmittedEvent> {
        // Every earlier event comes before this one.
        self.bus.emit(&Event::new("test/end", "null"));
        loop {
            let mut events = self.events.lock().unwrap();
            if events.last().is_some_and(|event| event.topic == "test/end") {
                let mut all = std::mem::take(&mut *events);
                all.pop();
                return all;
            }
            drop(events);
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

/// Parses ISO 8601 with an offset.
#[track_caller]
pub fn instant(text: &str) -> Timestamp {
    let time = chrono::DateTime::parse_from_rfc3339(text).unwrap();
    Timestamp { seconds: time.timestamp(), nanoseconds: time.timestamp_subsec_nanos() }
}
