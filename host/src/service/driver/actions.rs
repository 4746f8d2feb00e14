//! Actions of automations: who does which, and which are under way.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Driver;
use super::notifications::Notifications;
use super::requests::BY_HAND;
use crate::assemble::{Call, Host};
use crate::automation::registry::Found;
use crate::automation::script::Failure;
use crate::configuration::Configuration;
use crate::home::bus::Level;
use crate::notify::{Notifier, RealTime};
use crate::plugin::Plugin;
use crate::runtime;

/// What became of a call.
pub(super) struct Answer {
    pub run: u64,
    pub call: u64,
    pub result: Result<Value, Failure>,
    /// The machine-readable reason of a failure, for people's scripts.
    pub code: String,
}

impl Answer {
    pub fn new(run: u64, call: u64, result: Result<Value, Failure>) -> Self {
        let is_final = matches!(&result, Err(failure) if failure.is_final);
        Self { run, call, result, code: if is_final { "invalid_format" } else { "failed" }.into() }
    }
}

pub(super) struct Calls {
    answered: Sender<Answer>,
    under_way: Vec<UnderWay>,
    pub notifications: Notifications,
    notifier: Option<Notifier>,
}

struct UnderWay {
    run: u64,
    call: u64,
    /// None when somebody else answers.
    plugin: Option<(String, Call)>,
}

impl Calls {
    pub fn new(host: &Host, answered: Sender<Answer>) -> Self {
        let notifications = Notifications::new(host.memory.clone());
        Self { answered, under_way: Vec::new(), notifications, notifier: None }
    }

    /// Sends notifications where the configuration says from now on. What is on its way goes on.
    pub fn notify(&mut self, host: &Host, configuration: Configuration) -> crate::error::Result<()> {
        let bus = host.bus.clone();
        let log = Arc::new(move |line: &str| bus.log(Level::Info, line));
        let notifier = Notifier::start(configuration.notify, &configuration.http, log, Arc::new(RealTime))?;
        if let Some(before) = self.notifier.replace(notifier) {
            let most = host.limits().stop_time;
            // Without a thread what is on its way is given up.
            let _ = std::thread::Builder::new().name("notify".into()).spawn(move || before.close(most));
        }
        Ok(())
    }

    /// Gives up what nobody waited for.
    pub fn close(&mut self) {
        if let Some(notifier) = self.notifier.take() {
            notifier.close(Duration::ZERO);
        }
    }

    /// The targets of notifications; none when nobody could read where they go.
    pub fn targets(&self) -> Option<Vec<&str>> {
        self.notifier.as_ref().map(|notifier| notifier.names().collect())
    }

    pub fn are_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// The last run that waits for this plugin.
    pub fn run_of(&self, plugin: &str) -> Option<u64> {
        let waits = |call: &&UnderWay| call.plugin.as_ref().is_some_and(|(name, _)| name == plugin);
        self.under_way.iter().rev().find(waits).map(|call| call.run)
    }

    /// Looks which plugins have answered.
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
            // The driver, which reads them, owns this.
            let _ = self.answered.send(Answer { run: under_way.run, call: under_way.call, result, code });
        }
    }

    pub fn over(&mut self, run: u64, call: u64) {
        self.under_way.retain(|under_way| (under_way.run, under_way.call) != (run, call));
    }
}

impl Driver {
    /// Begins what an automation or a person asks for.
    pub(super) fn call(
        &mut self,
        host: &mut Host,
        (run, call): (u64, u64),
        action: &str,
        data: Value,
        target: Value,
    ) {
        let begun = match host.missing(action).map(not_running) {
            // It may run later.
            Some(message) => Begun::Over(Err(Failure { message, is_final: false })),
            None => self.begun(host, (run, call), action, with_target(data, target)),
        };
        let (plugin, result) = match begun {
            Begun::ByPlugin(name, call) => (Some((name, call)), None),
            Begun::Elsewhere => (None, None),
            Begun::Over(result) => (None, Some(result)),
        };
        self.calls.under_way.push(UnderWay { run, call, plugin });
        if let Some(result) = result {
            // The driver, which reads them, owns this.
            let _ = self.calls.answered.send(Answer::new(run, call, result));
        }
    }

    fn begun(&mut self, host: &mut Host, (run, call): (u64, u64), action: &str, data: Value) -> Begun {
        match self.checked(host, action, data, run == BY_HAND) {
            Ok(data) => self.begin(host, (run, call), action, &data),
            Err(message) => Begun::Over(Err(refused(message))),
        }
    }

    /// The data of a call as its action takes them. The error says why it is not done.
    fn checked(&self, host: &Host, action: &str, data: Value, is_client: bool) -> Result<Value, String> {
        let registry = self.registry(host);
        match registry.find(action) {
            // What clients send is refused in their protocol's words, by whoever has the action.
            Found::Known(known) if !known.public && is_client => Ok(data),
            Found::Known(known) if !known.public => Err(registry.for_clients(action)),
            _ => registry.validated(action, data),
        }
    }

    fn begin(&mut self, host: &mut Host, (run, call): (u64, u64), action: &str, data: &Value) -> Begun {
        Begun::Over(match action.split_once('.') {
            _ if host.plugins().iter().any(|plugin| plugin.has(action)) => {
                return by_plugin(host, action, data);
            }
            Some(("notify", "persistent_notification")) => {
                self.calls.notifications.call(host, "create", &without_data(data))
            }
            Some(("notify", name)) => {
                self.send(host, (run, call), name, data);
                return Begun::Elsewhere;
            }
            Some(("persistent_notification", name)) => self.calls.notifications.call(host, name, data),
            Some(("automation", "reload")) => match self.reload(host) {
                Ok(reloaded) => {
                    reloaded.said().iter().for_each(|(level, line)| host.bus.log(*level, line));
                    Ok(json!({}))
                }
                Err(problems) => Err(refused(problems.join("\n"))),
            },
            _ => match self.engine.call(action, data, &Value::Null, Some(run), &self.home) {
                Ok(effects) => {
                    self.perform(host, effects);
                    Ok(json!({}))
                }
                Err(message) => Err(refused(message)),
            },
        })
    }
}

/// Who does an action that was begun.
enum Begun {
    ByPlugin(String, Call),
    /// Somebody else, who answers.
    Elsewhere,
    Over(Result<Value, Failure>),
}

fn by_plugin(host: &mut Host, action: &str, data: &Value) -> Begun {
    let name = host.plugins().iter().find(|plugin| plugin.has(action)).map(|plugin| plugin.name.clone());
    match host.begin(action, &data.to_string()) {
        Ok(call) => Begun::ByPlugin(name.unwrap_or_default(), call),
        // A plugin that does not run now may do later.
        Err(failure) => {
            let is_final = failure.code != runtime::STOPPED;
            Begun::Over(Err(Failure { message: failure.message, is_final }))
        }
    }
}

fn not_running(plugin: &Plugin) -> String {
    let why = plugin.problem().map(|why| why.message.as_str()).unwrap_or_default();
    format!("the plugin {} does not run: {why}", plugin.name)
}

fn refused(message: String) -> Failure {
    Failure { message, is_final: true }
}

/// What `notify.persistent_notification` has in its `data` stands beside the message there.
fn without_data(data: &Value) -> Value {
    let mut fields = data.as_object().cloned().unwrap_or_default();
    let id = fields.remove("data").and_then(|data| data.get("notification_id").cloned());
    fields.extend(id.map(|id| ("notification_id".to_owned(), id)));
    fields.into()
}

impl Driver {
    fn send(&self, host: &Host, (run, call): (u64, u64), name: &str, data: &Value) {
        let (answered, scheduler) = (self.calls.answered.clone(), host.scheduler().clone());
        let answer = move |result| {
            // When nobody reads it any more, nobody waits.
            let _ = answered.send(Answer::new(run, call, result));
            scheduler.wake();
        };
        match &self.calls.notifier {
            Some(notifier) => notifier.send(name, data, &self.home, answer),
            None => answer(Err(Failure {
                message: format!("notify.{name}: larder.toml cannot be used; mend it"),
                is_final: true,
            })),
        }
    }
}

/// As Home Assistant does: what a target names stands among the data.
fn with_target(data: Value, target: Value) -> Value {
    match (data, target) {
        (Value::Object(data), Value::Object(target)) => {
            target.into_iter().chain(data).collect::<Map<_, _>>().into()
        }
        (Value::Null, Value::Object(target)) => target.into(),
        (Value::Null, _) => json!({}),
        (data, _) => data,
    }
}
