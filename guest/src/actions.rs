//! The actions: their description, and how text becomes a typed command.
//!
//! Decides nothing about whether a command may run; that is the manager's.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Failure, Result};
use crate::model::{BackupRef, CreateRequest, ExtractRequest, RestoreRequest};

pub struct Action {
    pub name: &'static str,
    pub description: &'static str,
    pub fields: &'static [Field],
    pub public: bool,
}

pub struct Field {
    pub name: &'static str,
    pub type_name: &'static str,
    pub required: bool,
    pub description: &'static str,
}

const fn field(name: &'static str, type_name: &'static str, description: &'static str) -> Field {
    Field { name, type_name, required: false, description }
}

const fn required(name: &'static str, type_name: &'static str, description: &'static str) -> Field {
    Field { name, type_name, required: true, description }
}

const fn client(name: &'static str, description: &'static str, fields: &'static [Field]) -> Action {
    Action { name, description, fields, public: false }
}

const NAME: Field =
    field("name", "string", "the backup's name; \"Custom backup\" and the version when absent");
const DATABASE: Field =
    field("include_database", "boolean", "with the recorder's database; true when absent");
const EXCLUDE: Field =
    field("exclude", "array", "patterns of paths to leave out, beside Home Assistant's own");
const AGENTS: Field = field("agent_ids", "array", "locations to store it in; the local one when absent");
const AGENT: Field = field("agent_id", "string", "the location; the local one when absent");
const BACKUP: Field = field("backup_id", "string", "the backup; the location's only one when absent");

/// Every action. Names are Home Assistant's where it has them: its WebSocket command `backup/x` is `backup.x` here.
pub const ACTIONS: &[Action] = &[
    Action {
        name: "backup.create",
        description: "Makes a backup with the database in the local location.",
        fields: &[],
        public: true,
    },
    client("backup.generate", "Makes a backup as told.", &[AGENTS, NAME, DATABASE, EXCLUDE]),
    client(
        "backup.preview",
        "Says what a backup would hold; makes none.",
        &[AGENTS, NAME, DATABASE, EXCLUDE],
    ),
    client("backup.info", "Lists the backups of every location.", &[AGENT]),
    client("backup.details", "Describes one backup.", &[AGENT, BACKUP]),
    client(
        "backup.verify",
        "Reads a backup to its end and checks all that can be checked.",
        &[AGENT, BACKUP],
    ),
    client(
        "backup.restore",
        "Replaces the home by what a backup holds, whole or not at all.",
        &[
            AGENT,
            BACKUP,
            field("restore_homeassistant", "boolean", "the configuration; true when absent"),
            field("restore_database", "boolean", "the recorder's database; true when absent"),
            field("elsewhere", "boolean", "into a new directory; nothing is replaced"),
            field("dry_run", "boolean", "checks everything, changes nothing"),
            field("force", "boolean", "in spite of a newer backup or an open database"),
        ],
    ),
    client(
        "backup.extract",
        "Takes single files or directories out of a backup.",
        &[AGENT, BACKUP, required("paths", "array", "paths in the home")],
    ),
    client(
        "backup.delete",
        "Deletes a backup from its location.",
        &[AGENT, required("backup_id", "string", "the backup")],
    ),
];

#[derive(Debug)]
pub enum Command {
    Create(CreateRequest),
    Preview(CreateRequest),
    Info(BackupRef),
    Details(BackupRef),
    Verify(BackupRef),
    Restore(RestoreRequest),
    Extract(ExtractRequest),
    Delete(BackupRef),
}

/// Text becomes a command, or an error that says which action and value is wrong.
pub fn parse(name: &str, data: &str) -> Result<Command> {
    let value: Value = serde_json::from_str(data)
        .map_err(|error| Failure::invalid(format!("{name}: its data is not JSON: {error}")))?;
    let Value::Object(fields) = &value else {
        return Err(Failure::invalid(format!("{name}: its data must be an object")));
    };
    let Some(action) = ACTIONS.iter().find(|action| action.name == name) else {
        return Err(Failure::new("unknown_command", format!("there is no action {name}")));
    };
    if let Some(key) = fields.keys().find(|key| action.fields.iter().all(|field| field.name != *key)) {
        return Err(Failure::invalid(format!("{name}: extra keys not allowed: {key}")));
    }
    Ok(match name {
        "backup.create" | "backup.generate" => Command::Create(typed(name, value)?),
        "backup.preview" => Command::Preview(typed(name, value)?),
        "backup.info" => Command::Info(typed(name, value)?),
        "backup.details" => Command::Details(typed(name, value)?),
        "backup.verify" => Command::Verify(typed(name, value)?),
        "backup.restore" => Command::Restore(typed(name, value)?),
        "backup.extract" => Command::Extract(typed(name, value)?),
        _ => Command::Delete(typed(name, value)?),
    })
}

fn typed<T: DeserializeOwned>(name: &str, value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(|error| Failure::invalid(format!("{name}: {error}")))
}
