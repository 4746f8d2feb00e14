//! Actions of automations: who does which, and which are under way.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Driver;
use super::notifications::Notifications;
use super::requests::BY_HAND;
use crate::assemble::{Call, Host};
use crate::automation::script::Failure;
use crate::bus::Level;
use crate::configuration::Configuration;
use crate::error::Result;
use crate::notify::{Notifier, RealTime};
use crate::plugin::Plugin;
use crate::runtime;

/// What became of a call.
pub(super) struct Answer {
    pub run: u64,
    pub call: u64,
    pub result: std::result::Result<Value, Failure>,
    /// The machine-readable reason of a failure, for people's scripts.
    pub code: String,
}

impl Answer {
    pub fn new(run: u64, call: u64, result: std::result::Result<Value, Failure>) -> Self {
        let code =
            if matches!(&result, Err(failure) if failure.is_final) { "invalid_format" } else { "failed" };
        Self { run, call, result, code: code.into() }
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
    pub fn notify(&mut self, host: &Host, configuration: Configuration) -> Result<()> {
        let bus = host.bus.clone();
        let log = Arc::new(move |line: &str| bus.say(Level::Info, line));
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
    /// Begins what an automation asks for.
    pub(super) fn call(
        &mut self,
        host: &mut Host,
        (run, call): (u64, u64),
        action: &str,
        data: Value,
        target: Value,
    ) {
        let refused = |message: String| Failure { message, is_final: true };
        let data = with_target(data, target);
        let result = match action.split_once('.') {
            Some(("persistent_notification", name)) => self.calls.notifications.call(host, name, &data),
            Some(("notify", "persistent_notification")) => {
                self.calls.notifications.call(host, "create", &data)
            }
            Some(("notify", name)) if !host.plugins().iter().any(|plugin| plugin.has(action)) => {
                self.calls.under_way.push(UnderWay { run, call, plugin: None });
                self.send(host, (run, call), name, &data);
                return;
            }
            Some(("automation", "reload")) => {
                self.reload(host).map(|_| json!({})).map_err(|problems| refused(problems.join("\n")))
            }
            Some(("automation", _)) => {
                let done = self.engine.call(action, &data, &Value::Null, Some(run), &self.home);
                done.map(|effects| {
                    self.perform(host, effects);
                    json!({})
                })
                .map_err(refused)
            }
            _ => match begin(host, action, &data, run == BY_HAND) {
                Ok(begun) => {
                    self.calls.under_way.push(UnderWay { run, call, plugin: Some(begun) });
                    return;
                }
                Err(failure) => Err(failure),
            },
        };
        self.calls.under_way.push(UnderWay { run, call, plugin: None });
        // The driver, which reads them, owns this.
        let _ = self.calls.answered.send(Answer::new(run, call, result));
    }
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

fn begin(
    host: &mut Host,
    action: &str,
    data: &Value,
    is_client: bool,
) -> std::result::Result<(String, Call), Failure> {
    let refused = |message: String| Failure { message, is_final: true };
    let plugin = host.plugins().iter().find(|plugin| plugin.has(action));
    let plugin = plugin.ok_or_else(|| match host.missing(action) {
        // It may run later.
        Some(plugin) => Failure { message: not_running(plugin), is_final: false },
        None => refused(unknown(host, action)),
    })?;
    let name = plugin.name.clone();
    if !is_client && !plugin.actions().iter().any(|known| known.name == action && known.public) {
        return Err(refused(format!("{action} is for clients, not for automations; {}", known(host))));
    }
    let call = host.begin(action, &data.to_string());
    // A plugin that does not run now may do later.
    let failed = |failure: runtime::Failure| Failure {
        is_final: failure.code != runtime::STOPPED,
        message: failure.message,
    };
    Ok((name, call.map_err(failed)?))
}

fn not_running(plugin: &Plugin) -> String {
    let why = plugin.problem().map(|why| why.message.as_str()).unwrap_or_default();
    format!("the plugin {} does not run: {why}", plugin.name)
}

fn unknown(host: &Host, action: &str) -> String {
    match action.strip_prefix("notify.") {
        Some(name) => {
            format!("there is no action {action}; say in larder.toml what it is: a table [notify.{name}]")
        }
        None => format!("there is no action {action}; {}", known(host)),
    }
}

/// What automations may call.
fn known(host: &Host) -> String {
    let public = |plugin: &Plugin| -> Vec<String> {
        plugin.actions().iter().filter(|action| action.public).map(|action| action.name.clone()).collect()
    };
    let names: Vec<_> = host.plugins().iter().flat_map(public).collect();
    format!("automations may call {}, notify.NAME and persistent_notification.create", names.join(", "))
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
