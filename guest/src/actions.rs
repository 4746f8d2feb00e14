//! The actions: their description, the job that does each, and whether what they are given makes sense.
//!
//! Decides nothing about whether a command may run; that is the manager's.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::config::{self, Complaint, FOLDERS, Purpose, Rule};
use crate::error::{Failure, Result};
use crate::model::{
    BackupRef, CreateRequest, EncryptRequest, ExtractRequest, KeyRequest, ReadRequest, RestoreRequest,
    VerifiedSize,
};

pub struct Action {
    pub name: &'static str,
    pub description: &'static str,
    pub fields: &'static [Field],
    pub public: bool,
    /// The kind of job that does it.
    pub job: &'static str,
}

pub struct Field {
    pub name: &'static str,
    pub type_name: &'static str,
    pub required: bool,
    pub description: &'static str,
    /// What its value may be.
    rule: Rule,
}

/// What a value of that type may be, where nothing else is said.
const fn rule(type_name: &'static str) -> Rule {
    match type_name.as_bytes() {
        b"string" => Rule::Text,
        b"boolean" => Rule::Bool,
        b"array" => Rule::List(&Rule::Text),
        _ => Rule::Anything,
    }
}

const fn field(name: &'static str, type_name: &'static str, description: &'static str) -> Field {
    Field { name, type_name, required: false, description, rule: rule(type_name) }
}

const fn required(name: &'static str, type_name: &'static str, description: &'static str) -> Field {
    Field { name, type_name, required: true, description, rule: rule(type_name) }
}

impl Field {
    const fn of(self, rule: Rule) -> Self {
        Self {
            name: self.name,
            type_name: self.type_name,
            required: self.required,
            description: self.description,
            rule,
        }
    }
}

const fn client(
    name: &'static str,
    job: &'static str,
    description: &'static str,
    fields: &'static [Field],
) -> Action {
    Action { name, description, fields, public: false, job }
}

const NAME: Field =
    field("name", "string", "the backup's name; \"Custom backup\" and the version when absent")
        .of(Rule::TextOrNull);
const DATABASE: Field =
    field("include_database", "boolean", "with the recorder's database; true when absent");
const STRICT: Field = field(
    "strict",
    "boolean",
    "refuses what can be asked for and not be had (names, locations), instead of a warning",
);
const FORCE: Field = field("force", "boolean", "with strict: refuses only what can never work");
const EXCLUDE: Field =
    field("exclude", "array", "patterns of paths to leave out, beside Home Assistant's own");
const AGENTS: Field = field("agent_ids", "array", "locations to store it in; the local one when absent");
const AGENT: Field = field("agent_id", "string", "the location; the local one when absent");
const BACKUP: Field = field("backup_id", "string", "the backup; a file that a person named needs none");

const PASSWORD: Field = field("password", "string", "what it is protected with");
const KEY_RING: Field = field("key_ring", "string", "the text of a key ring, whose keys are tried");
const KEY: Field = field("key", "string", "the label of the only key of the ring that is meant");
const SECURETAR: Field = field("securetar", "number", "the version of the encryption: 3 or 2; 3 when absent");

/// Every action. Names are Home Assistant's where it has them: its WebSocket command `backup/x` is `backup.x` here.
pub const ACTIONS: &[Action] = &[
    Action {
        name: "backup.create",
        description: "Makes a backup with the database in the local location.",
        fields: &[],
        public: true,
        job: "create",
    },
    Action {
        name: "backup.create_automatic",
        description: "Makes a backup by the automatic settings.",
        fields: &[],
        public: true,
        job: "create_automatic",
    },
    client(
        "backup.generate",
        "create",
        "Makes a backup as told; with a password it is protected.",
        &[
            required("agent_ids", "array", "locations to store it in"),
            NAME,
            DATABASE,
            EXCLUDE,
            PASSWORD.of(Rule::TextOrNull),
            KEY_RING,
            KEY,
            SECURETAR,
            STRICT,
            FORCE,
            field("include_homeassistant", "boolean", "always true here"),
            field("include_all_addons", "boolean", "always false here: there is no Supervisor"),
            field("include_addons", "array", "none here: there is no Supervisor"),
            field("include_folders", "array", "none here: there is no Supervisor").of(FOLDERS),
        ],
    ),
    client(
        "backup.preview",
        "preview",
        "Says what a backup would hold; makes none.",
        &[AGENTS, NAME, DATABASE, EXCLUDE, STRICT, FORCE],
    ),
    client("backup.info", "info", "Lists the backups of every location.", &[AGENT]),
    client("backup.details", "details", "Describes one backup.", &[AGENT, BACKUP]),
    client(
        "backup.verify",
        "verify",
        "Reads a backup to its end and checks all that can be checked.",
        &[AGENT, BACKUP, PASSWORD, KEY_RING, KEY],
    ),
    client(
        "backup.remember_verified",
        "remember_verified",
        "Remembers of a local backup that it was verified, when it had that size.",
        &[required("backup_id", "string", "the backup"), required("size", "number", "its bytes")],
    ),
    client(
        "backup.check_password",
        "check_password",
        "Says whether a password or a key of the key ring opens a backup, without reading it.",
        &[AGENT, BACKUP, PASSWORD, KEY_RING, KEY],
    ),
    client(
        "backup.restore",
        "restore",
        "Replaces the home by what a backup holds, whole or not at all.",
        &[
            required("agent_id", "string", "the location"),
            BACKUP,
            PASSWORD,
            KEY_RING,
            KEY,
            field("restore_homeassistant", "boolean", "the configuration; true when absent"),
            field("restore_database", "boolean", "the recorder's database; true when absent"),
            field("restore_addons", "array", "none here: there is no Supervisor"),
            field("restore_folders", "array", "none here: there is no Supervisor").of(FOLDERS),
            field("elsewhere", "boolean", "into a new directory; nothing is replaced"),
            field("dry_run", "boolean", "checks everything, changes nothing"),
            field("force", "boolean", "in spite of a newer backup or an open database"),
        ],
    ),
    client(
        "backup.extract",
        "extract",
        "Takes single files or directories out of a backup.",
        &[
            AGENT,
            BACKUP,
            PASSWORD,
            KEY_RING,
            KEY,
            required("paths", "array", "paths in the home or part; what is not UTF-8 as an array of bytes")
                .of(Rule::List(&Rule::Anything)),
            field("part", "string", "another part than the home: an add-on, a folder"),
            field("keep_going", "boolean", "takes what stands before the damage of a damaged backup"),
        ],
    ),
    client(
        "backup.encrypt",
        "encrypt",
        "Stores a backup once more, protected, in the output location.",
        &[AGENT, BACKUP, PASSWORD, KEY_RING, KEY, SECURETAR],
    ),
    client(
        "backup.decrypt",
        "decrypt",
        "Stores a protected backup once more, readable by anyone, in the output location.",
        &[AGENT, BACKUP, PASSWORD, KEY_RING, KEY],
    ),
    client(
        "backup.delete",
        "delete",
        "Deletes a backup from its location.",
        &[
            AGENT,
            required("backup_id", "string", "the backup, or the name of a file that is not readable as one"),
        ],
    ),
    client("backup.agents.info", "agents_info", "Lists the locations.", &[]),
    client("backup.config.info", "config_info", "The automatic settings, and the next run.", &[]),
    client(
        "backup.config.update",
        "config_update",
        "Changes the automatic settings, all that are given or none.",
        &[
            field("assignments", "array", "single settings as a person types them: KEY=VALUE"),
            STRICT,
            FORCE,
            field("agents", "object", "settings of single locations"),
            field("automatic_backups_configured", "boolean", "whether a person has set them up"),
            field("create_backup", "object", "what a backup holds and where it goes"),
            field("retention", "object", "how long automatic backups are kept"),
            field("schedule", "object", "when automatic backups run"),
        ],
    ),
    client("backup.adopt", "adopt", "Takes the settings of the home's Home Assistant over.", &[]),
    client(
        "backup.schedule",
        "schedule",
        "The next automatic backups, and why then.",
        &[field("count", "number", "how many; 5 when absent")],
    ),
    client(
        "backup.retention",
        "retention",
        "Deletes what the settings do not keep, and says of each backup why.",
        &[field("dry_run", "boolean", "says it and deletes nothing")],
    ),
    client("backup.new_key", "new_key", "Makes a new key; stores nothing.", &[]),
    client(
        "backup.add_key",
        "add_key",
        "Adds a key to a key ring; answers with the ring's new text.",
        &[KEY_RING, PASSWORD, required("label", "string", "what a person calls the key")],
    ),
    client("backup.keys", "keys", "Lists the labels of a key ring.", &[KEY_RING]),
    client(
        "backup.emergency_kit",
        "emergency_kit",
        "Writes the text to print and keep away from the home: the key, and how to restore with it.",
        &[PASSWORD, KEY_RING, KEY],
    ),
];

/// Checks an action's data; the job that does it, which gets the same data. The error says which action and value is wrong.
pub fn check(name: &str, data: &str) -> Result<&'static str> {
    let value: Value = serde_json::from_str(data)
        .map_err(|error| Failure::invalid(format!("{name}: its data is not JSON: {error}")))?;
    let Value::Object(fields) = &value else {
        return Err(Failure::invalid(format!("{name}: its data must be an object")));
    };
    let Some(action) = ACTIONS.iter().find(|action| action.name == name) else {
        return Err(Failure::new("unknown_command", format!("there is no action {name}")));
    };
    // The settings are checked as a whole by their own rules.
    if action.job == "config_update" {
        return Ok(action.job);
    }
    if let Some(key) = fields.keys().next().filter(|_| action.fields.is_empty()) {
        return Err(Failure::invalid(format!("{name}: extra keys not allowed: {key}")));
    }
    let mut wrong = complaints(action.fields, fields);
    if !wrong.is_empty() {
        wrong.sort();
        return Err(Failure::invalid(wrong.join("\n")));
    }
    let checked = match action.job {
        "create" | "preview" => typed::<CreateRequest>(value),
        "info" | "details" | "delete" => typed::<BackupRef>(value),
        "restore" => typed::<RestoreRequest>(value),
        "extract" => typed::<ExtractRequest>(value),
        "remember_verified" => typed::<VerifiedSize>(value),
        "encrypt" => typed::<EncryptRequest>(value),
        "create_automatic" | "agents_info" | "config_info" | "adopt" | "schedule" | "retention" => Ok(()),
        "new_key" | "add_key" | "keys" | "emergency_kit" => typed::<KeyRequest>(value),
        _ => typed::<ReadRequest>(value),
    };
    match checked {
        Ok(()) => Ok(action.job),
        Err(error) => Err(Failure::invalid(format!("{name}: {error}"))),
    }
}

/// What is wrong with an action's data, in Home Assistant's words.
fn complaints(known: &[Field], given: &Map<String, Value>) -> Vec<String> {
    let wrong = known.iter().flat_map(|field| match given.get(field.name) {
        Some(value) => {
            let wrong = config::check(&field.rule, value, field.name, Purpose::Request);
            wrong.iter().map(Complaint::line).collect()
        }
        None if field.required => vec![config::required(field.name)],
        None => Vec::new(),
    });
    let is_known = |name: &str| known.iter().any(|field| field.name == name);
    let unknown = given.iter().filter(|(name, _)| !is_known(name));
    let unknown =
        unknown.map(|(name, value)| config::unknown(name, value, known.iter().map(|field| field.name)));
    wrong.chain(unknown).collect()
}

fn typed<T: DeserializeOwned>(value: Value) -> serde_json::Result<()> {
    serde_json::from_value::<T>(value).map(drop)
}

#[cfg(test)]
mod tests;
