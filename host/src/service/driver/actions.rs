//! Beginning actions: chooses the plugin or part of the host that does an action, and checks its data.

use serde_json::{Map, Value, json};

use super::Driver;
use super::begun::{Begun, refused};
use super::calls::{Answer, BY_HAND, UnderWay};
use super::inventory::registry;
use crate::automation::registry::{Found, Registry};
use crate::automation::run::Effect;
use crate::automation::script::Failure;
use crate::home::bus::Event;
use crate::plugin::Plugin;
use crate::runtime;
use crate::service::host::Host;

impl Driver {
    /// The actions that can be called now.
    fn registry(&self, host: &Host) -> Registry {
        registry(host, self.calls.targets().as_deref())
    }

    /// Begins an action that an automation or a user called. `target` is merged into `data`.
    pub(super) fn call(
        &mut self,
        host: &mut Host,
        (run, call): (u64, u64),
        action: &str,
        data: Value,
        target: Value,
    ) -> Begun {
        if let Some(message) = host.missing(action).map(not_running) {
            // The plugin may be restarted.
            return Begun::Done(Err(Failure { message, is_final: false }));
        }
        let data = with_target(data, target);
        let checked = match self.checked(host, action, data.clone(), run == BY_HAND) {
            Ok(checked) => checked,
            Err(message) => return Begun::Done(Err(refused(message))),
        };
        if let Some(Effect::Fire { name, data, .. }) = self.engine.called(run, action, &data) {
            let cause = Some(run).filter(|run| *run != BY_HAND);
            host.bus.emit(&Event { cause, ..Event::new(name, data.to_string()) });
        }
        self.begin(host, (run, call), action, &checked)
    }

    /// The data of a call, converted to what the action expects. The error says why the call is refused.
    fn checked(&self, host: &Host, action: &str, data: Value, is_client: bool) -> Result<Value, String> {
        let registry = self.registry(host);
        match registry.find(action) {
            // Calls of clients are checked by the plugin, whose errors follow the clients' protocol.
            Found::Known(known) if !known.public && is_client => Ok(data),
            Found::Known(known) if !known.public => Err(registry.for_clients(action)),
            _ => registry.validated(action, data),
        }
    }

    fn begin(&mut self, host: &mut Host, (run, call): (u64, u64), action: &str, data: &Value) -> Begun {
        Begun::Done(match action.split_once('.') {
            _ if host.plugins().iter().any(|plugin| plugin.has(action)) => {
                return self.by_plugin(host, (run, call), action, data);
            }
            Some(("notify", "persistent_notification")) => {
                self.calls.notifications.call(host, "create", &lift_notification_id(data))
            }
            Some(("notify", name)) => {
                self.send(host, (run, call), name, data);
                self.calls.under_way.push(UnderWay { run, call, plugin: None });
                return Begun::Later;
            }
            Some(("persistent_notification", name)) => self.calls.notifications.call(host, name, data),
            Some(("automation", "reload")) => match self.reload(host) {
                Ok((reloaded, mut effects)) => {
                    reloaded.log_lines().iter().for_each(|(level, line)| host.bus.log(*level, line));
                    effects.push(Effect::Answer { run, call });
                    return Begun::Goes(effects);
                }
                Err(problems) => Err(refused(problems.join("\n"))),
            },
            _ => match self.engine.call(action, data, &Value::Null, (run, call), &mut self.home) {
                Ok(effects) => return Begun::Goes(effects),
                Err(message) => Err(refused(message)),
            },
        })
    }
}

impl Driver {
    fn by_plugin(&mut self, host: &mut Host, (run, call): (u64, u64), action: &str, data: &Value) -> Begun {
        let plugin = host.plugins().iter().find(|plugin| plugin.has(action));
        let name = plugin.map(|plugin| plugin.name.clone()).unwrap_or_default();
        match host.begin(action, &data.to_string()) {
            Ok(pending) => {
                self.calls.under_way.push(UnderWay { run, call, plugin: Some((name, pending)) });
                Begun::Later
            }
            // A plugin that is not running may be restarted.
            Err(failure) => {
                let is_final = failure.code != runtime::STOPPED;
                Begun::Done(Err(Failure { message: failure.message, is_final }))
            }
        }
    }
}

fn not_running(plugin: &Plugin) -> String {
    let why = plugin.problem().map(|why| why.message.as_str()).unwrap_or_default();
    format!("the plugin {} is not running: {why}", plugin.name)
}

/// Moves `data.notification_id` of `notify.persistent_notification` next to the message, where `create` expects it.
fn lift_notification_id(data: &Value) -> Value {
    let mut fields = data.as_object().cloned().unwrap_or_default();
    let id = fields.remove("data").and_then(|data| data.get("notification_id").cloned());
    fields.extend(id.map(|id| ("notification_id".to_owned(), id)));
    fields.into()
}

impl Driver {
    /// Hands a notification to the notifier, whose thread answers.
    fn send(&self, host: &Host, (run, call): (u64, u64), name: &str, data: &Value) {
        let (answers, scheduler) = (self.calls.answers.clone(), host.scheduler().clone());
        let answer = move |result| {
            // If the receiver is gone, no caller waits for the answer.
            let _ = answers.send(Answer::new(run, call, result));
            scheduler.wake();
        };
        match &self.calls.notifier {
            Some(notifier) => notifier.send(name, data, &self.home, answer),
            None => answer(Err(Failure {
                message: format!("notify.{name}: larder.toml is not usable; correct it"),
                is_final: true,
            })),
        }
    }
}

/// Merges a target into the data, as Home Assistant does.
fn with_target(data: Value, target: Value) -> Value {
    match (data, target) {
        (Value::Object(data), Value::Object(target)) => {
            data.into_iter().chain(target).collect::<Map<_, _>>().into()
        }
        (Value::Null, Value::Object(target)) => target.into(),
        (Value::Null, _) => json!({}),
        (data, _) => data,
    }
}
