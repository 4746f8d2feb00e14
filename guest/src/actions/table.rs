//! Every action, with what it takes.

use super::{Action, Field, client, field, required};
use crate::config::{FOLDERS, Rule};

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
const LABEL: Field = required("label", "string", "what a person calls the key");
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
        "Says what a backup would hold and whether it could be made; makes none.",
        &[
            AGENTS,
            NAME,
            DATABASE,
            EXCLUDE,
            PASSWORD.of(Rule::TextOrNull),
            KEY_RING,
            KEY,
            SECURETAR,
            STRICT,
            FORCE,
        ],
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
        "Remembers of a local backup that it was verified, when it had that size, or that it is damaged.",
        &[
            required("backup_id", "string", "the backup"),
            field("size", "number", "its bytes"),
            field("damaged", "boolean", "that it was found damaged instead"),
        ],
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
        "backup.rekey",
        "rekey",
        "Stores a protected backup once more under another password: in its place, or in the output location.",
        &[
            AGENT,
            BACKUP,
            PASSWORD,
            KEY_RING,
            KEY,
            SECURETAR,
            field("new_password", "string", "what it is protected with from now on"),
            field("new_key", "string", "the label of the key of the ring that opens it from now on"),
            field("in_place", "boolean", "the new file takes the place of the old one, in one step"),
        ],
    ),
    client(
        "backup.import",
        "import",
        "Copies a backup of another location, such as a file, into the local one, and verifies it.",
        &[required("agent_id", "string", "the location that it is in"), BACKUP, PASSWORD, KEY_RING, KEY],
    ),
    client(
        "backup.keep",
        "keep",
        "Keeps a local backup, whatever the retention settings say.",
        &[
            required("backup_id", "string", "the backup"),
            field("release", "boolean", "the retention settings decide about it again"),
        ],
    ),
    client(
        "backup.delete",
        "delete",
        "Deletes a backup from its location.",
        &[
            AGENT,
            required("backup_id", "string", "the backup, or the name of a file that is not readable as one"),
            field("force", "boolean", "though it is kept by hand"),
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
        &[
            KEY_RING,
            PASSWORD,
            LABEL,
            field("unique", "boolean", "no key twice, and another label where that one is taken"),
        ],
    ),
    client(
        "backup.remove_key",
        "remove_key",
        "Removes a key from a key ring; answers with the ring's new text.",
        &[KEY_RING, LABEL],
    ),
    client(
        "backup.rename_key",
        "rename_key",
        "Gives a key of a key ring another label; answers with the ring's new text.",
        &[KEY_RING, LABEL, required("new_label", "string", "what to call it")],
    ),
    client("backup.show_key", "show_key", "Answers with a key of a key ring.", &[KEY_RING, LABEL]),
    client("backup.keys", "keys", "Lists the labels of a key ring.", &[KEY_RING]),
    client(
        "backup.emergency_kit",
        "emergency_kit",
        "Writes the text to print and keep away from the home: the key, and how to restore with it.",
        &[PASSWORD, KEY_RING, KEY],
    ),
];
