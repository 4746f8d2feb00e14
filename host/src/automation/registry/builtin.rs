//! The actions that the host itself has, described as plugins describe theirs.

use crate::model::{Action, Field};

/// A value of several types, which whoever does the action checks.
const ANY: &str = "any";

/// The host's own actions, without those of notification targets.
pub fn actions() -> Vec<Action> {
    let automations = || required("entity_id", ANY, "the automations: an entity or a list, or `all`");
    vec![
        action("automation.trigger", "Runs automations.", vec![automations(), skips()]),
        action("automation.turn_on", "Lets the triggers of automations start them.", vec![automations()]),
        action(
            "automation.turn_off",
            "Keeps the triggers of automations from it.",
            vec![automations(), stops()],
        ),
        action("automation.toggle", "Turns automations on or off.", vec![automations()]),
        action("automation.reload", "Reads the files of automations anew.", Vec::new()),
        action(
            "persistent_notification.create",
            "Shows a notification until somebody dismisses it.",
            vec![message(), title(), optional("notification_id", "string", "the one that it replaces")],
        ),
        action(
            "persistent_notification.dismiss",
            "Dismisses a notification.",
            vec![required("notification_id", "string", "which one")],
        ),
        action("persistent_notification.dismiss_all", "Dismisses all of them.", Vec::new()),
        Action {
            name: "notify.persistent_notification".into(),
            fields: vec![
                message(),
                title(),
                optional("data", "object", "`notification_id`: the one that it replaces"),
            ],
            ..notify("persistent_notification")
        },
    ]
}

/// What sends to a target of that name.
pub fn notify(target: &str) -> Action {
    let more = [
        optional("target", ANY, "whom, where the target knows several"),
        optional("data", "object", "what only some targets understand"),
    ];
    let fields = [message(), title()].into_iter().chain(more).collect();
    action(&format!("notify.{target}"), "Sends a notification.", fields)
}

fn message() -> Field {
    required("message", "string", "what it says")
}

fn title() -> Field {
    optional("title", "string", "its title")
}

fn skips() -> Field {
    optional("skip_condition", "boolean", "whether their conditions are not asked; true when absent")
}

fn stops() -> Field {
    optional("stop_actions", "boolean", "whether runs under way end; true when absent")
}

fn action(name: &str, description: &str, fields: Vec<Field>) -> Action {
    Action { name: name.into(), description: description.into(), public: true, fields }
}

fn required(name: &str, type_name: &str, description: &str) -> Field {
    Field { required: true, ..optional(name, type_name, description) }
}

fn optional(name: &str, type_name: &str, description: &str) -> Field {
    Field { name: name.into(), type_name: type_name.into(), required: false, description: description.into() }
}
