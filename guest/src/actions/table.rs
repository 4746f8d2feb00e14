//! Every action: its name, its job, its description and its fields.
//!
//! Names are Home Assistant's where it has such an action: its WebSocket command `backup/x` is `backup.x` here.

use super::action::{Action, Field, as_request, client, field, public, required};
use crate::model::{
    AgentRequest, BackupRef, CopyRequest, CreateRequest, DeleteRequest, EncryptRequest, ExtractRequest,
    InfoRequest, KeepRequest, KeyRequest, RekeyRequest, RestoreRequest, VerifiedSize,
};
use crate::settings::{FOLDERS, Rule};

const AGENT: Field = field("agent_id", "string", "the location; the local one by default");
const BACKUP: Field = field("backup_id", "string", "the backup; not needed for a file given by its path");
const BACKUP_REQUIRED: Field = required("backup_id", "string", "the backup");
const PASSWORD: Field = field("password", "string", "the password of the backup");
const KEY_RING: Field = field("key_ring", "string", "the text of a key ring; its keys are tried");
const KEY: Field = field("key", "string", "the label of the one key of the ring to use");
const LABEL: Field = required("label", "string", "the label of the key");
const SECURETAR: Field = field("securetar", "number", "the version of the encryption, 2 or 3; 3 by default");
const STRICT: Field =
    field("strict", "boolean", "refuse a name or location that cannot work as requested, instead of warning");
const FORCE: Field = field("force", "boolean", "with strict: refuse only what can never work");

/// An existing backup.
const LOCATED: &[Field] = &[AGENT, BACKUP];
/// What opens a protected backup.
const KEYS: &[Field] = &[PASSWORD, KEY_RING, KEY];
/// How a new backup is made.
const CREATE: &[Field] = &[
    field("name", "string", "the name of the backup; by default \"Custom backup\" and the version")
        .of(Rule::TextOrNull),
    field("include_database", "boolean", "include the recorder's database; true by default"),
    field("exclude", "array", "patterns of paths to leave out, in addition to Home Assistant's own"),
    field("password", "string", "the password that protects the backup").of(Rule::TextOrNull),
    KEY_RING,
    KEY,
    SECURETAR,
    STRICT,
    FORCE,
];

pub const ACTIONS: &[Action] = &[
    public("backup.create", "create", "Creates a backup with the database in the local location.")
        .takes(as_request::<CreateRequest>),
    public(
        "backup.create_automatic",
        "create_automatic",
        "Creates a backup with the automatic backup settings.",
    )
    .without_request()
    .of_document(),
    client(
        "backup.create_scheduled",
        "create_scheduled",
        "Creates a backup with the settings of a schedule of larder.toml.",
        &[&[required("schedule", "string", "the name of the schedule")]],
    )
    .for_automations()
    .without_request()
    .of_document(),
    client(
        "backup.generate",
        "create",
        "Creates a backup with the given options; with a password it is protected.",
        &[
            &[required("agent_ids", "array", "the locations to store it in")],
            CREATE,
            &[
                field("include_homeassistant", "boolean", "always true here"),
                field("include_all_addons", "boolean", "always false here: there is no Supervisor"),
                field("include_addons", "array", "always empty here: there is no Supervisor"),
                field("include_folders", "array", "always empty here: there is no Supervisor").of(FOLDERS),
            ],
        ],
    )
    .takes(as_request::<CreateRequest>),
    client(
        "backup.preview",
        "preview",
        "Shows what a backup would contain and whether it could be created; creates none.",
        &[&[field("agent_ids", "array", "the locations to store it in; the local one by default")], CREATE],
    )
    .takes(as_request::<CreateRequest>),
    client(
        "backup.info",
        "info",
        "Lists the backups in all locations.",
        &[&[
            field("agent_id", "string", "only the backups of this location"),
            field("refresh", "boolean", "ask each location, even if it was asked a moment ago"),
        ]],
    )
    .takes(as_request::<InfoRequest>),
    client("backup.details", "details", "Describes one backup.", &[LOCATED]).takes(as_request::<BackupRef>),
    client(
        "backup.verify",
        "verify",
        "Reads a backup to its end and checks everything that can be checked.",
        &[LOCATED, KEYS],
    ),
    client(
        "backup.copy",
        "copy",
        "Stores an existing backup in another location as well, and proves it there.",
        &[&[AGENT, BACKUP_REQUIRED], &[required("to", "string", "the location that gets the copy")]],
    )
    .takes(as_request::<CopyRequest>)
    .of_document(),
    client(
        "backup.agents.test",
        "test_agent",
        "Stores, lists, reads and deletes an object of its own in a location, and says what works there.",
        &[&[required("agent_id", "string", "the location")]],
    )
    .takes(as_request::<AgentRequest>),
    client(
        "backup.remember_verified",
        "remember_verified",
        "Records that a backup of a given size was verified in its location, or that it is damaged.",
        &[&[
            AGENT,
            BACKUP_REQUIRED,
            field("size", "number", "its size in bytes"),
            field("damaged", "boolean", "it was found damaged"),
        ]],
    )
    .takes(as_request::<VerifiedSize>)
    .of_document(),
    client(
        "backup.check_password",
        "check_password",
        "Checks whether a password or a key of the key ring opens a backup, without reading all of it.",
        &[LOCATED, KEYS],
    ),
    client(
        "backup.restore",
        "restore",
        "Replaces the home with the contents of a backup, completely or not at all.",
        &[
            &[required("agent_id", "string", "the location"), BACKUP],
            KEYS,
            &[
                field("restore_homeassistant", "boolean", "restore the configuration; true by default"),
                field("restore_database", "boolean", "restore the recorder's database; true by default"),
                field("restore_addons", "array", "always empty here: there is no Supervisor"),
                field("restore_folders", "array", "always empty here: there is no Supervisor").of(FOLDERS),
                field("elsewhere", "boolean", "restore into a new directory; replace nothing"),
                field("dry_run", "boolean", "check everything; change nothing"),
                field("force", "boolean", "restore even a newer backup, or over an open database"),
            ],
        ],
    )
    .takes(as_request::<RestoreRequest>),
    client(
        "backup.extract",
        "extract",
        "Extracts single files or directories from a backup.",
        &[
            LOCATED,
            KEYS,
            &[
                required(
                    "paths",
                    "array",
                    "paths in the home or the part; a path that is not UTF-8 as an array of bytes",
                )
                .of(Rule::List(&Rule::Anything)),
                field("part", "string", "an add-on or a folder instead of the home"),
                field("keep_going", "boolean", "extract what comes before the damage in a damaged backup"),
            ],
        ],
    )
    .takes(as_request::<ExtractRequest>),
    client(
        "backup.encrypt",
        "encrypt",
        "Stores a protected copy of a backup in the output location.",
        &[LOCATED, KEYS, &[SECURETAR]],
    )
    .takes(as_request::<EncryptRequest>),
    client(
        "backup.decrypt",
        "decrypt",
        "Stores an unprotected copy of a backup in the output location.",
        &[LOCATED, KEYS],
    ),
    client(
        "backup.rekey",
        "rekey",
        "Changes the password of a backup: replaces the file, or stores a copy in the output location.",
        &[
            LOCATED,
            KEYS,
            &[
                SECURETAR,
                field("new_password", "string", "the new password"),
                field("new_key", "string", "the label of the key of the ring to use as the new password"),
                field("in_place", "boolean", "replace the old file, in one step"),
            ],
        ],
    )
    .takes(as_request::<RekeyRequest>),
    client(
        "backup.import",
        "import",
        "Copies a backup from another location, such as a file, into the local one and verifies it.",
        &[&[required("agent_id", "string", "the location that it is in"), BACKUP], KEYS],
    ),
    client(
        "backup.keep",
        "keep",
        "Keeps a backup in every location, whatever the retention settings say.",
        &[&[BACKUP_REQUIRED, field("release", "boolean", "let the retention settings decide again")]],
    )
    .takes(as_request::<KeepRequest>)
    .of_document(),
    client(
        "backup.delete",
        "delete",
        "Deletes a backup from its location.",
        &[&[
            AGENT,
            required("backup_id", "string", "the backup, or the name of a file that cannot be read as one"),
            field("force", "boolean", "delete it even if it is marked as kept"),
        ]],
    )
    .takes(as_request::<DeleteRequest>),
    client("backup.agents.info", "agents_info", "Lists the locations.", &[]).without_request(),
    client("backup.config.info", "config_info", "Shows the automatic backup settings and the next run.", &[])
        .without_request()
        .of_document(),
    client(
        "backup.config.update",
        "config_update",
        "Changes the automatic backup settings: all that are given, or none.",
        &[&[
            field("assignments", "array", "single settings, each as KEY=VALUE"),
            STRICT,
            FORCE,
            field("agents", "object", "settings of single locations"),
            field("automatic_backups_configured", "boolean", "whether automatic backups have been set up"),
            field("create_backup", "object", "what a backup contains and where it is stored"),
            field("retention", "object", "how long automatic backups are kept"),
            field("schedule", "object", "when automatic backups run"),
        ]],
    )
    .of_document(),
    client(
        "backup.adopt",
        "adopt",
        "Imports the automatic backup settings of the home's Home Assistant.",
        &[],
    )
    .without_request()
    .of_document(),
    client(
        "backup.schedule",
        "schedule",
        "Lists the next automatic backups, with the reason for each.",
        &[&[field("count", "number", "how many; 5 by default")]],
    )
    .without_request()
    .of_document(),
    client(
        "backup.retention",
        "retention",
        "Deletes the backups that the settings do not keep; gives the reason for each backup.",
        &[&[field("dry_run", "boolean", "only show the decisions; delete nothing")]],
    )
    .without_request()
    .of_document(),
    client("backup.new_key", "new_key", "Generates a new key; stores nothing.", &[])
        .takes(as_request::<KeyRequest>),
    client(
        "backup.add_key",
        "add_key",
        "Adds a key to a key ring; answers with the new text of the ring.",
        &[&[
            KEY_RING,
            field("password", "string", "the key"),
            LABEL,
            field("unique", "boolean", "add no key twice, and use another label if this one is taken"),
        ]],
    )
    .takes(as_request::<KeyRequest>),
    client(
        "backup.remove_key",
        "remove_key",
        "Removes a key from a key ring; answers with the new text of the ring.",
        &[&[KEY_RING, LABEL]],
    )
    .takes(as_request::<KeyRequest>),
    client(
        "backup.rename_key",
        "rename_key",
        "Changes the label of a key in a key ring; answers with the new text of the ring.",
        &[&[KEY_RING, LABEL, required("new_label", "string", "the new label")]],
    )
    .takes(as_request::<KeyRequest>),
    client("backup.show_key", "show_key", "Shows a key of a key ring.", &[&[KEY_RING, LABEL]])
        .takes(as_request::<KeyRequest>),
    client("backup.keys", "keys", "Lists the labels of the keys in a key ring.", &[&[KEY_RING]])
        .takes(as_request::<KeyRequest>),
    client(
        "backup.emergency_kit",
        "emergency_kit",
        "Writes an emergency kit, to print and keep away from the home: the key, and how to restore with it.",
        &[KEYS],
    )
    .takes(as_request::<KeyRequest>),
];
