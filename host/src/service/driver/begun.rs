//! What became of an action that was begun, and the refusals of actions.

use serde_json::Value;

use crate::automation::run::Effect;
use crate::automation::script::Failure;
use crate::service::host::Host;

/// An action that was begun.
pub enum Begun {
    /// A plugin or another thread answers.
    Later,
    /// The engine performed it: what it wants done, and the answer in it or later.
    Goes(Vec<Effect>),
    Done(Result<Value, Failure>),
}

/// Whether an action is one of the host's own, none of which returns anything.
pub fn returns_nothing(host: &Host, action: &str) -> bool {
    let is_own = |domain: &str| matches!(domain, "automation" | "notify" | "persistent_notification");
    action.split_once('.').is_some_and(|(domain, _)| is_own(domain))
        && !host.plugins().iter().any(|plugin| plugin.has(action))
}

/// The refusal of a call that wants a response where there is none.
pub fn no_response(action: &str) -> Failure {
    refused(format!("{action} returns nothing; remove `response_variable`"))
}

/// A failure to which `continue_on_error` does not apply.
pub fn refused(message: String) -> Failure {
    Failure { message, is_final: true }
}
