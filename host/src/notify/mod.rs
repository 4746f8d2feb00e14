//! The actions `notify.NAME`: a notification is rendered at once, delivered on its target's own thread, and answered for.
//!
//! Knows neither automations nor backups. Where notifications go, `configuration` says.

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
pub use shutdown::{Pause, RealTime, Stop};
pub use target::{Command, File, Ntfy, Target, Webhook};

use crate::automation::home::Home;
use crate::automation::script::Failure;
use crate::automation::templates::Templates;
use crate::error::Result;
use crate::http::{Client, Settings};
use crate::options::notify::LAST_WAIT;
use deliver::Courier;
use message::Message;
use queue::{Lane, failure};
use render::Renderer;
use shutdown::Phase;

/// Takes notifications and delivers them.
pub struct Notifier {
    targets: BTreeMap<String, (Target, Lane)>,
    templates: Templates,
    courier: Arc<Courier>,
}

impl Notifier {
    /// Starts a thread for every target. `log` takes the lines of targets that are Larder's own log; `pause` is how time goes
    /// by between attempts (`RealTime`).
    pub fn start(
        targets: BTreeMap<String, Target>,
        http: &Settings,
        log: Arc<dyn Fn(&str) + Send + Sync>,
        pause: Arc<dyn Pause>,
    ) -> Result<Self> {
        // A client of its own: closing interrupts these requests and nobody else's.
        let courier = Courier { client: Client::new(http)?, pause, stop: Arc::default(), log };
        let courier = Arc::new(courier);
        let start = |(name, target): (String, Target)| {
            let lane = Lane::start(&name, courier.clone())?;
            Ok((name, (target, lane)))
        };
        let targets = targets.into_iter().map(start).collect::<Result<_>>()?;
        Ok(Self { targets, templates: Templates::new(), courier })
    }

    /// The names of the targets, without `notify.`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.targets.keys().map(String::as_str)
    }

    /// Sends a notification: `name` is what stands behind `notify.`, `data` what the action was given. `notify.notify` is every
    /// target, unless one has that name. Never waits; `answer` is called once, with nothing when the notification was taken
    /// by its receiver, else with the reason. That is final (an automation cannot continue on it) only when there is no such
    /// target or the data are wrong.
    pub fn send(&self, name: &str, data: &Value, home: &Home, answer: impl FnOnce(Outcome) + Send + 'static) {
        let chosen: Vec<_> = match self.targets.get_key_value(name) {
            Some(one) => vec![one],
            None if name == "notify" => self.targets.iter().collect(),
            None => Vec::new(),
        };
        let message = match Message::read(data) {
            _ if chosen.is_empty() => return answer(Err(self.unknown(name))),
            Ok(message) => message,
            Err(text) => return answer(Err(wrong(name, &text))),
        };
        let renderer = Renderer { templates: &self.templates, home };
        let all = Gathered::new(chosen.len(), Box::new(answer));
        for (name, (target, lane)) in chosen {
            let all = all.clone();
            let answer: Answer = Box::new(move |outcome| all.take(outcome));
            match renderer.delivery(target, &message) {
                Ok(delivery) => lane.push(delivery, answer),
                Err(text) => answer(Err(failure(name, &text))),
            }
        }
    }

    /// Ends: what is under way may end within `time` and is interrupted then, what waits is given up; everything is answered.
    pub fn close(mut self, time: Duration) {
        let stop = &self.courier.stop;
        stop.set(Phase::Closing);
        self.targets.values_mut().for_each(|(_, lane)| lane.close());
        let are_over = |_| self.targets.values().all(|(_, lane)| lane.is_over());
        if stop.wait(time, are_over) {
            return;
        }
        stop.set(Phase::Ended);
        self.courier.client.shutdown();
        stop.wait(LAST_WAIT, are_over);
        self.targets.values().for_each(|(_, lane)| lane.abandon());
    }

    fn unknown(&self, name: &str) -> Failure {
        let known: Vec<_> = self.names().collect();
        let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
        wrong(
            name,
            &format!(
                "there is no such target; configured is {known}: correct the name or add [notify.{name}]"
            ),
        )
    }
}

/// How a notification ended.
pub type Outcome = std::result::Result<Value, Failure>;

fn wrong(name: &str, text: &str) -> Failure {
    Failure { message: format!("notify.{name}: {text}"), is_final: true }
}

/// The answers of several targets as one: it succeeded when all did.
struct Gathered(Mutex<Open>);

struct Open {
    left: usize,
    failures: Vec<Failure>,
    answer: Option<Answer>,
}

impl Gathered {
    fn new(left: usize, answer: Answer) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Open { left, failures: Vec::new(), answer: Some(answer) })))
    }

    fn take(&self, outcome: Outcome) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.left = open.left.saturating_sub(1);
        open.failures.extend(outcome.err());
        if open.left > 0 {
            return;
        }
        let Some(answer) = open.answer.take() else { return };
        let failures = std::mem::take(&mut open.failures);
        drop(open);
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
