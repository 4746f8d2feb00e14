//! The schema of the settings and of the stored document.
//!
//! Only a table: keys, their rules, and Home Assistant's names for its choices. `checker` checks values against it.

use super::rule::{Choices, Key, Rule};

const FOLDER: Choices = Choices {
    name: "Folder",
    members: &[("SHARE", "share"), ("ADDONS", "addons/local"), ("SSL", "ssl"), ("MEDIA", "media")],
};
const DAY: Choices = Choices {
    name: "Day",
    members: &[
        ("MONDAY", "mon"),
        ("TUESDAY", "tue"),
        ("WEDNESDAY", "wed"),
        ("THURSDAY", "thu"),
        ("FRIDAY", "fri"),
        ("SATURDAY", "sat"),
        ("SUNDAY", "sun"),
    ],
};
const RECURRENCE: Choices = Choices {
    name: "ScheduleRecurrence",
    members: &[("NEVER", "never"), ("DAILY", "daily"), ("CUSTOM_DAYS", "custom_days")],
};

const fn key(name: &'static str, rule: Rule) -> Key {
    Key { name, rule, is_own: false }
}

/// A key that Home Assistant does not have: optional in a stored document.
const fn own(name: &'static str, rule: Rule) -> Key {
    Key { name, rule, is_own: true }
}

const COUNT: Rule = Rule::OrNull(&Rule::Count);
const TEXTS: Rule = Rule::List(&Rule::Text);
/// A Supervisor's folders.
pub(crate) const FOLDERS: Rule = Rule::List(&Rule::Choice(FOLDER));

const POLICY: Rule = Rule::Map(&[
    key("copies", COUNT),
    key("days", COUNT),
    own("keep_daily", COUNT),
    own("keep_weekly", COUNT),
    own("keep_monthly", COUNT),
    own("keep_yearly", COUNT),
]);
const AGENTS: Rule =
    Rule::Each(&Rule::Map(&[key("protected", Rule::Bool), key("retention", Rule::OrNull(&POLICY))]));
const CREATE_BACKUP: Rule = Rule::Map(&[
    key("agent_ids", TEXTS),
    key("include_addons", Rule::OrNull(&TEXTS)),
    key("include_all_addons", Rule::Bool),
    key("include_database", Rule::Bool),
    key("include_folders", Rule::OrNull(&FOLDERS)),
    key("name", Rule::TextOrNull),
    key("password", Rule::Secret),
    own("exclude", Rule::List(&Rule::Pattern)),
    own("securetar", Rule::OrNull(&Rule::SecureTar)),
]);
const SCHEDULE: Rule = Rule::Map(&[
    key("days", Rule::List(&Rule::Choice(DAY))),
    key("recurrence", Rule::TextChoice(RECURRENCE)),
    key("time", Rule::OrNull(&Rule::Time)),
]);

/// A schedule of `larder.toml`: the keys are those of `schedule`, of `create_backup` and of the settings as a whole.
pub(super) const NAMED_SCHEDULE: Rule = Rule::Map(&[
    key("agent_ids", TEXTS),
    key("days", Rule::List(&Rule::Choice(DAY))),
    own("exclude", Rule::List(&Rule::Pattern)),
    key("include_database", Rule::Bool),
    key("name", Rule::TextOrNull),
    key("recurrence", Rule::TextChoice(RECURRENCE)),
    key("retention", Rule::OrNull(&POLICY)),
    key("time", Rule::OrNull(&Rule::Time)),
]);

/// The body of `backup/config/update`.
pub(super) const BODY: Rule = Rule::Map(&[
    key("agents", AGENTS),
    key("automatic_backups_configured", Rule::Bool),
    key("create_backup", CREATE_BACKUP),
    key("retention", POLICY),
    key("schedule", SCHEDULE),
]);

const CONFIG: Rule = Rule::Map(&[
    key("agents", AGENTS),
    key("automatic_backups_configured", Rule::Bool),
    key("create_backup", CREATE_BACKUP),
    key("last_attempted_automatic_backup", Rule::OrNull(&Rule::Moment)),
    key("last_completed_automatic_backup", Rule::OrNull(&Rule::Moment)),
    key("last_completed_automatic_backup_size", Rule::OrNull(&Rule::Size)),
    key("retention", POLICY),
    key("schedule", SCHEDULE),
]);
const KNOWN: Rule = Rule::Map(&[
    key("backup_id", Rule::Text),
    key("failed_addons", Rule::List(&Rule::Anything)),
    key("failed_agent_ids", TEXTS),
    key("failed_folders", Rule::List(&Rule::Choice(FOLDER))),
]);

/// `data` of the stored document.
pub(crate) const DATA: Rule = Rule::Map(&[key("backups", Rule::List(&KNOWN)), key("config", CONFIG)]);
