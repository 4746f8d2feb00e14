//! The registry of actions that can be called on a host, with their fields. Used when files are checked, when they
//! are loaded, and before an action is called.
//!
//! Pure: the caller passes in the actions and targets of the host.

mod builtin;
mod fields;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::Action;
pub use fields::{FieldProblem, field_problems, validated};
use larder_templates::suggestion::nearest;

const NOTIFY: &str = "notify.";
/// The domains of the built-in actions.
const BUILTIN: [&str; 3] = ["notify", "persistent_notification", "automation"];

/// The actions of one host.
pub struct Registry {
    actions: BTreeMap<String, Action>,
    /// The action that represents every `notify.NAME` if the targets are not known.
    any_target: Option<Action>,
    knows_plugins: bool,
}

/// The result of looking up an action.
pub enum Found<'a> {
    Known(&'a Action),
    /// There is no such action: the reason and the fix.
    Missing(String),
    /// It may belong to a plugin that is not loaded here.
    Unknown(String),
}

impl Registry {
    /// The built-in actions and those of `plugins`. `targets` are the notification targets; `None` if they are not
    /// known, in which case the list of plugins is incomplete too.
    pub fn new(plugins: impl IntoIterator<Item = Action>, targets: Option<&[&str]>) -> Self {
        let mut all = builtin::actions();
        if let Some(targets) = targets {
            let everyone = (!targets.is_empty()).then_some("notify");
            all.extend(targets.iter().copied().chain(everyone).map(builtin::notify));
        }
        // A plugin may provide its own `notify.NAME`.
        all.extend(plugins);
        let actions = all.into_iter().map(|action| (action.name.clone(), action)).collect();
        let any_target = targets.is_none().then(|| builtin::notify("NAME"));
        Self { actions, any_target, knows_plugins: targets.is_some() }
    }

    /// Marks the registry as incomplete: an action that is missing may belong to a configured plugin that is not
    /// loaded.
    #[must_use]
    pub fn without_all_plugins(self) -> Self {
        Self { knows_plugins: false, ..self }
    }

    /// Looks up an action by its name.
    pub fn find(&self, name: &str) -> Found<'_> {
        if let Some(action) = self.actions.get(name) {
            return Found::Known(action);
        }
        let (domain, target) = name.split_once('.').unwrap_or((name, ""));
        match domain {
            "notify" => match &self.any_target {
                Some(action) => Found::Known(action),
                None => Found::Missing(self.no_target(name, target)),
            },
            _ if self.knows_plugins || self.has_domain(domain) => Found::Missing(self.no_action(name)),
            _ => Found::Unknown(format!(
                "there is no action {name}, unless it belongs to a plugin that is not loaded"
            )),
        }
    }

    /// Validates the data of a call and converts them to the declared types.
    pub fn validated(&self, name: &str, data: Value) -> Result<Value, String> {
        match self.find(name) {
            Found::Known(action) => validated(action, data),
            Found::Missing(text) | Found::Unknown(text) => Err(text),
        }
    }

    /// The message for an action that exists but is reserved for clients.
    pub fn for_clients(&self, name: &str) -> String {
        format!("{name} is reserved for clients; {}", self.callable())
    }

    fn has_domain(&self, domain: &str) -> bool {
        self.actions.keys().any(|name| name.split_once('.').is_some_and(|(of, _)| of == domain))
    }

    fn no_target(&self, name: &str, target: &str) -> String {
        let targets = self.public().filter(|known| known.starts_with(NOTIFY));
        let hint = nearest(name, targets)
            .map(|similar| format!("did you mean {similar}? Otherwise "))
            .unwrap_or_default();
        format!("there is no notification target {name}; {hint}add a table [notify.{target}] to larder.toml")
    }

    fn no_action(&self, name: &str) -> String {
        match nearest(name, self.public()) {
            Some(similar) => format!("there is no action {name}; did you mean {similar}?"),
            None => format!("there is no action {name}; {}", self.callable()),
        }
    }

    fn public(&self) -> impl Iterator<Item = &str> {
        self.actions.values().filter(|action| action.public).map(|action| action.name.as_str())
    }

    /// A sentence that lists what automations may call.
    fn callable(&self) -> String {
        let is_builtin =
            |name: &&str| name.split_once('.').is_some_and(|(domain, _)| BUILTIN.contains(&domain));
        let names: Vec<_> = self.public().filter(|name| !is_builtin(name)).collect();
        format!("automations may call {}, notify.NAME and persistent_notification.create", names.join(", "))
    }
}
