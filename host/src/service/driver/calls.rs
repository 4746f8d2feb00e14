//! Calls in progress: actions that automations or users called, and where their answers go.
//!
//! `actions` begins them.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use serde_json::Value;

use super::notifications::Notifications;
use crate::automation::script::Failure;
use crate::configuration::Configuration;
use crate::home::bus::Level;
use crate::notify::{Notifier, RealTime};
use crate::service::host::{Call, Host};

/// Replaces a run's number in calls that a user made.
pub(super) const BY_HAND: u64 = 0;

/// The result of a call.
pub(super) struct Answer {
    pub run: u64,
    pub call: u64,
    pub result: Result<Value, Failure>,
    /// The machine-readable reason of a failure.
    pub code: String,
}

impl Answer {
    pub fn new(run: u64, call: u64, result: Result<Value, Failure>) -> Self {
        let is_final = matches!(&result, Err(failure) if failure.is_final);
        Self { run, call, result, code: if is_final { "invalid_format" } else { "failed" }.into() }
    }
}

/// Calls under way, and the parts of the host that do actions themselves.
pub(super) struct Calls {
    pub answers: Sender<Answer>,
    pub under_way: Vec<UnderWay>,
    pub notifications: Notifications,
    pub notifier: Option<Notifier>,
}

/// A call whose answer has not been processed yet.
pub(super) struct UnderWay {
    pub run: u64,
    pub call: u64,
    /// The plugin that answers, if a plugin does.
    pub plugin: Option<(String, Call)>,
}

impl Calls {
    pub fn new(host: &Host, answers: Sender<Answer>) -> Self {
        let notifications = Notifications::new(host.memory.clone());
        Self { answers, under_way: Vec::new(), notifications, notifier: None }
    }

    /// Sends notifications to the configured targets from now on. Deliveries in progress continue.
    pub fn configure_notifications(
        &mut self,
        host: &Host,
        configuration: Configuration,
    ) -> crate::error::Result<()> {
        let bus = host.bus.clone();
        let log = Arc::new(move |line: &str| bus.log(Level::Info, line));
        let notifier = Notifier::start(configuration.notify, &configuration.http, log, Arc::new(RealTime))?;
        if let Some(before) = self.notifier.replace(notifier) {
            let most = host.limits().stop_time;
            // Without a thread, deliveries under way are dropped.
            let _ = std::thread::Builder::new().name("notify".into()).spawn(move || before.close(most));
        }
        Ok(())
    }

    /// Drops deliveries that no caller waits for.
    pub fn close(&mut self) {
        if let Some(notifier) = self.notifier.take() {
            notifier.close(Duration::ZERO);
        }
    }

    /// The names of the notification targets. `None` when the configuration could not be read.
    pub fn targets(&self) -> Option<Vec<&str>> {
        self.notifier.as_ref().map(|notifier| notifier.names().collect())
    }

    /// Sends the result of a call to the driver, which processes it after the events so far.
    pub fn answer(&self, run: u64, call: u64, result: Result<Value, Failure>) {
        // The driver holds the receiver and owns this.
        let _ = self.answers.send(Answer::new(run, call, result));
    }

    pub fn are_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// The latest run that waits for this plugin.
    pub fn run_of(&self, plugin: &str) -> Option<u64> {
        let waits = |call: &&UnderWay| call.plugin.as_ref().is_some_and(|(name, _)| name == plugin);
        self.under_way.iter().rev().find(waits).map(|call| call.run)
    }

    /// Collects the answers of plugins.
    pub fn poll(&mut self, host: &mut Host) {
        for under_way in &mut self.under_way {
            let Some((_, pending)) = &mut under_way.plugin else { continue };
            let Some(result) = host.poll(pending, Duration::ZERO) else { continue };
            under_way.plugin = None;
            let (result, code) = match result {
                Ok(text) => (Ok(serde_json::from_str(&text).unwrap_or_default()), String::new()),
                Err(failure) => {
                    let is_final = matches!(failure.code.as_str(), "invalid_format" | "unknown_command");
                    (Err(Failure { message: failure.message, is_final }), failure.code)
                }
            };
            // The driver holds the receiver and owns this.
            let _ = self.answers.send(Answer { run: under_way.run, call: under_way.call, result, code });
        }
    }

    /// Forgets a call whose answer was processed.
    pub fn remove(&mut self, run: u64, call: u64) {
        self.under_way.retain(|under_way| (under_way.run, under_way.call) != (run, call));
    }
}
