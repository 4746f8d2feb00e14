//! The actions `notify.NAME`. A notification is rendered immediately and delivered on its target's thread; every call gets an answer.
//!
//! Knows neither automations nor backups. `configuration` defines the targets.

mod command;
mod deliver;
mod message;
mod queue;
mod render;
mod shutdown;
mod target;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

pub use queue::Answer;
pub use shutdown::{Pause, RealTime, Shutdown};
pub use target::{Command, File, Ntfy, Target, Webhook};

use crate::automation::home::Home;
use crate::automation::script::Failure;
use crate::automation::templates::Templates;
use crate::error::Result;
use crate::http_client::{Client, Settings};
use crate::tunables::notify::LAST_WAIT;
use deliver::Deliverer;
use message::Message;
use queue::{TargetQueue, failure};
use render::Renderer;
use shutdown::Phase;

/// Accepts notifications and delivers them.
pub struct Notifier {
    targets: BTreeMap<String, (Target, TargetQueue)>,
    templates: Templates,
    deliverer: Arc<Deliverer>,
}

impl Notifier {
    /// Starts a thread for every target. `log` gets the lines for targets of kind `log`. `pause` waits between attempts (`RealTime`).
    pub fn start(
        targets: BTreeMap<String, Target>,
        http: &Settings,
        log: Arc<dyn Fn(&str) + Send + Sync>,
        pause: Arc<dyn Pause>,
    ) -> Result<Self> {
        // A separate client: `close` interrupts only these requests.
        let deliverer = Deliverer { client: Client::new(http)?, pause, shutdown: Arc::default(), log };
        let deliverer = Arc::new(deliverer);
        let start = |(name, target): (String, Target)| {
            let queue = TargetQueue::start(&name, deliverer.clone())?;
            Ok((name, (target, queue)))
        };
        let targets = targets.into_iter().map(start).collect::<Result<_>>()?;
        Ok(Self { targets, templates: Templates::new(), deliverer })
    }

    /// The names of the targets, without `notify.`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.targets.keys().map(String::as_str)
    }

    /// Sends a notification. `name` is the part after `notify.`, `data` that of the action. `notify.notify` sends to every target, unless a
    /// target has that name. Never waits. `answer` is called once: with null when the receiver has accepted the notification, else with the
    /// reason. The failure is final (`continue_on_error` does not apply) only when the target is unknown or the data are invalid.
    pub fn send(&self, name: &str, data: &Value, home: &Home, answer: impl FnOnce(Outcome) + Send + 'static) {
        let chosen: Vec<_> = match self.targets.get_key_value(name) {
            Some(one) => vec![one],
            None if name == "notify" => self.targets.iter().collect(),
            None => Vec::new(),
        };
        let message = match Message::parse(data) {
            _ if chosen.is_empty() => return answer(Err(self.unknown(name))),
            Ok(message) => message,
            Err(text) => return answer(Err(invalid(name, &text))),
        };
        let renderer = Renderer { templates: &self.templates, home };
        let all = CombinedAnswer::new(chosen.len(), Box::new(answer));
        for (name, (target, queue)) in chosen {
            let all = all.clone();
            let answer: Answer = Box::new(move |outcome| all.add(outcome));
            match renderer.delivery(target, &message) {
                Ok(delivery) => queue.push(delivery, answer),
                Err(text) => answer(Err(failure(name, &text))),
            }
        }
    }

    /// Shuts down. Running deliveries may finish within `time` and are then interrupted; waiting ones are canceled. Every call is answered.
    pub fn close(mut self, time: Duration) {
        let shutdown = &self.deliverer.shutdown;
        shutdown.set(Phase::Closing);
        self.targets.values_mut().for_each(|(_, queue)| queue.close());
        let have_ended = |_| self.targets.values().all(|(_, queue)| queue.has_ended());
        if shutdown.wait(time, have_ended) {
            return;
        }
        shutdown.set(Phase::Ended);
        self.deliverer.client.shutdown();
        shutdown.wait(LAST_WAIT, have_ended);
        self.targets.values().for_each(|(_, queue)| queue.abandon());
    }

    fn unknown(&self, name: &str) -> Failure {
        let known: Vec<_> = self.names().collect();
        let text = match known.is_empty() {
            true => format!("no notification targets are configured; add [notify.{name}] to larder.toml"),
            false => format!(
                "there is no such target; configured targets: {}. Correct the name, or add [notify.{name}] to larder.toml",
                known.join(", ")
            ),
        };
        invalid(name, &text)
    }
}

/// The outcome of a notification: null, or why it failed.
pub type Outcome = std::result::Result<Value, Failure>;

fn invalid(name: &str, text: &str) -> Failure {
    Failure { message: format!("notify.{name}: {text}"), is_final: true }
}

/// Combines the answers of several targets: a success if all succeeded.
struct CombinedAnswer(Mutex<Pending>);

/// The answers so far.
struct Pending {
    left: usize,
    failures: Vec<Failure>,
    answer: Option<Answer>,
}

impl CombinedAnswer {
    fn new(left: usize, answer: Answer) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Pending { left, failures: Vec::new(), answer: Some(answer) })))
    }

    fn add(&self, outcome: Outcome) {
        let mut pending = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pending.left = pending.left.saturating_sub(1);
        pending.failures.extend(outcome.err());
        if pending.left > 0 {
            return;
        }
        let Some(answer) = pending.answer.take() else { return };
        let failures = std::mem::take(&mut pending.failures);
        drop(pending);
        let messages: Vec<_> = failures.iter().map(|failure| failure.message.as_str()).collect();
        answer(match failures.is_empty() {
            true => Ok(Value::Null),
            false => Err(Failure {
                message: messages.join("; "),
                is_final: failures.iter().all(|failure| failure.is_final),
            }),
        });
    }
}
