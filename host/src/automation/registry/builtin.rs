//! The built-in actions of the host, described in the same form as those of plugins.

use crate::model::{Action, Field};

/// A value of several types. The action itself checks it.
const ANY: &str = "any";

/// The built-in actions, without those of notification targets.
pub fn actions() -> Vec<Action> {
    let automations =
        || required("entity_id", ANY, "the automations: an entity, a list of entities, or `all`");
    vec![
        action(
            "automation.trigger",
            "Runs the actions of automations.",
            vec![automations(), skips(), passed()],
        ),
        action("automation.turn_on", "Enables automations.", vec![automations()]),
        action("automation.turn_off", "Disables automations.", vec![automations(), stops()]),
        action("automation.toggle", "Enables or disables automations.", vec![automations()]),
        action("automation.reload", "Reloads the automations from their files.", Vec::new()),
        action(
            "persistent_notification.create",
            "Shows a notification until it is dismissed.",
            vec![message(), title(), optional("notification_id", "string", "the notification to replace")],
        ),
        action(
            "persistent_notification.dismiss",
            "Dismisses a notification.",
            vec![required("notification_id", "string", "the notification to dismiss")],
        ),
        action("persistent_notification.dismiss_all", "Dismisses all notifications.", Vec::new()),
        Action {
            name: "notify.persistent_notification".into(),
            fields: vec![
                message(),
                title(),
                optional("data", "object", "`notification_id`: the notification to replace"),
            ],
            ..notify("persistent_notification")
        },
    ]
}

/// The action that sends to a notification target.
pub fn notify(target: &str) -> Action {
    let more = [
        optional("target", ANY, "the recipients, for targets with several"),
        optional("data", "object", "settings that only some targets use"),
    ];
    let fields = [message(), title()].into_iter().chain(more).collect();
    action(&format!("notify.{target}"), "Sends a notification.", fields)
}

fn message() -> Field {
    required("message", "string", "the text")
}

fn title() -> Field {
    optional("title", "string", "the title")
}

fn skips() -> Field {
    optional("skip_condition", "boolean", "whether to skip the conditions; true by default")
}

fn passed() -> Field {
    optional("variables", "object", "variables for the runs")
}

fn stops() -> Field {
    optional("stop_actions", "boolean", "whether to stop runs in progress; true by default")
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
