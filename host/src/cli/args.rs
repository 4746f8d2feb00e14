//! The command line's words.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::options::SERVICE_NICE;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Verified backups of a Home Assistant home, made by a sandboxed plugin.
///
/// Exit status: 0 done, 1 failed, 2 wrong use, 3 done but with something skipped.
#[derive(Debug, Parser)]
#[command(name = "larder", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Where and how")]
pub struct Global {
    /// The Home Assistant configuration directory
    #[arg(long, global = true, value_name = "DIR", env = "LARDER_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where backups are kept [default: <config>/backups]
    #[arg(long, global = true, value_name = "DIR")]
    pub backups: Option<PathBuf>,
    /// Where Larder keeps what is its own [default: below the XDG state directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Another component than the built-in one
    #[arg(long, global = true, value_name = "FILE", env = "LARDER_PLUGIN")]
    pub plugin: Option<PathBuf>,
    /// Where notifications go, other plugins, HTTP [default: /etc/larder/larder.toml, if it is there]; <config>/larder.toml counts below
    /// it, with notifications over the network only
    #[arg(long, global = true, value_name = "FILE", env = "LARDER_OPTIONS")]
    pub options: Option<PathBuf>,
    /// A file of automations [default: <config>/automations.yaml, if it is there]
    #[arg(long, global = true, value_name = "FILE", env = "LARDER_AUTOMATIONS")]
    pub automations: Option<PathBuf>,
    /// The file with old and present keys [default: larder/keys.json below the XDG configuration directory]
    #[arg(long, global = true, value_name = "FILE", env = "LARDER_KEY_RING")]
    pub key_ring: Option<PathBuf>,
    /// What one instance of the plugin may use: `larder plugin` lists names and values
    #[arg(long = "limit", global = true, value_name = "NAME=NUMBER")]
    pub limits: Vec<String>,
    /// One JSON document on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Says what happens meanwhile, on standard error
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a backup and proves that it can be read
    Create(Create),
    /// Lists the backups
    List,
    /// Describes one backup
    Show(Which),
    /// Reads a backup to its end and checks all that can be checked
    Verify(Read),
    /// Says whether a password or a key of the key ring opens a backup, without reading it
    CheckPassword(Read),
    /// Replaces the home by what a backup holds, whole or not at all
    Restore(Restore),
    /// Takes files or directories out of a backup
    Extract(Extract),
    /// Writes a copy of a backup that is protected by a password
    Encrypt(Encrypt),
    /// Writes a copy of a protected backup that anyone can read
    Decrypt(Decrypt),
    /// Deletes a backup
    Delete {
        /// The backup's id, or the name of a file among them that is not readable as a backup
        id: String,
    },
    /// Runs until it is stopped: the schedule, retention, the plugin
    Serve(Serve),
    /// Shows or changes the automatic settings
    Settings(Settings),
    /// Calls an action, as an automation does
    Call(Call),
    /// Shows the states of the plugin's entities
    States,
    /// The next automatic backups, in local time, and why then
    Schedule {
        /// How many
        #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
        count: u32,
    },
    /// Deletes what the retention settings do not keep, and says why each backup is kept or deleted
    Retention {
        /// Says it and deletes nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Takes the automatic settings of the home's Home Assistant over, and shows what it took
    Adopt,
    /// Lists the automations with their next run and last trigger; checks, runs, traces and reloads them
    Automations {
        #[command(subcommand)]
        command: Option<AutomationsCommand>,
    },
    /// Makes and keeps keys, and writes emergency kits
    #[command(subcommand)]
    Key(Key),
    /// What the plugin imports, exports, may do and may not
    Plugin,
}

#[derive(Debug, Subcommand)]
pub enum AutomationsCommand {
    /// Every automation, its next run and its last trigger
    List,
    /// Says what is wrong in a file of automations, with file and line
    Check {
        /// [default: what `larder serve` would read]
        file: Option<PathBuf>,
    },
    /// Runs one by hand, without asking its conditions, and shows its trace
    Trigger {
        /// Its alias, id or entity
        name: String,
    },
    /// The last runs of one, step by step with the values seen
    Trace {
        /// Its alias, id or entity
        name: String,
    },
    /// Has the running service read the files anew; runs of what did not change go on
    Reload,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// How far it stands back behind other programs that want the processor: 0, not at all, to 19
    #[arg(long, value_name = "NUMBER", default_value_t = SERVICE_NICE, value_parser = clap::value_parser!(u8).range(0..=19))]
    pub nice: u8,
    /// Whether disks work for it only when no other program wants them
    #[arg(long, value_enum, default_value = "idle")]
    pub io: Io,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Io {
    Idle,
    Normal,
}

#[derive(Debug, Args)]
pub struct Settings {
    #[command(subcommand)]
    pub change: Option<Change>,
}

#[derive(Debug, Subcommand)]
pub enum Change {
    /// Changes settings
    Set(Set),
}

#[derive(Debug, Args)]
pub struct Set {
    /// Such as `schedule.recurrence=daily`, `schedule.time=03:30`, `retention.copies=3`, `create_backup.name=null`
    #[arg(value_name = "KEY=VALUE", required_unless_present_any = ["file", "password_file", "password_prompt", "key", "no_password"])]
    pub assignments: Vec<String>,
    /// A JSON file with the same structure as Home Assistant's `backup/config/update`
    #[arg(long, value_name = "FILE", conflicts_with = "assignments")]
    pub file: Option<PathBuf>,
    /// In spite of a name that Home Assistant does not list, or a location that is not there (yet)
    #[arg(long)]
    pub force: bool,
    /// Automatic backups are no longer protected
    #[arg(long, conflicts_with_all = ["password_file", "password_prompt", "key"])]
    pub no_password: bool,
    #[command(flatten)]
    pub password: Password,
}

#[derive(Debug, Args)]
pub struct Call {
    /// Such as `backup.create` or `backup.create_automatic`; `larder plugin` lists all
    pub action: String,
    /// What to give it, a JSON object. Passwords belong into a file: --data-file
    #[arg(long, value_name = "JSON")]
    pub data: Option<String>,
    /// The same from a file
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub data_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Create {
    /// The backup's name [default: "Custom backup" and the version]
    #[arg(long)]
    pub name: Option<String>,
    /// Leaves the recorder's database out
    #[arg(long)]
    pub no_database: bool,
    /// Leaves out what matches: `*` stays within a directory, `**/` is any depth
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
    /// Shows what would be in it; makes none
    #[arg(long)]
    pub dry_run: bool,
    /// In spite of a name that Home Assistant does not list
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub protect: Protect,
}

#[derive(Debug, Args)]
pub struct Which {
    /// A backup's id, or the path of a backup file
    #[arg(value_name = "ID|FILE")]
    pub backup: String,
}

/// How a password is given: never as an argument, which every process could read. `LARDER_PASSWORD` is used when none
/// of these is there.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Password (or in LARDER_PASSWORD)")]
#[group(multiple = false)]
pub struct Password {
    /// The first line of this file
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Asks on the terminal
    #[arg(long)]
    pub password_prompt: bool,
    /// The key with this label in the key ring
    #[arg(long, value_name = "LABEL")]
    pub key: Option<String>,
}

#[derive(Debug, Args)]
pub struct Protect {
    #[command(flatten)]
    pub password: Password,
    /// The version of the encryption: 2 for a Home Assistant before 2026 [default: 3]
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(u8).range(2..=3))]
    pub securetar: Option<u8>,
}

/// A backup that may be protected.
#[derive(Debug, Args)]
pub struct Read {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub password: Password,
}

#[derive(Debug, Args)]
pub struct Encrypt {
    #[command(flatten)]
    pub which: Which,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    #[command(flatten)]
    pub protect: Protect,
}

#[derive(Debug, Args)]
pub struct Decrypt {
    #[command(flatten)]
    pub read: Read,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
}

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Makes a new key: shows it, or puts it into a file or the key ring
    New(KeyNew),
    /// Puts a key that exists into the key ring
    Add(KeyAdd),
    /// Lists the labels in the key ring
    List,
    /// Writes the sheet to print: the key, what it is for, how to restore with it
    Kit(KeyKit),
}

#[derive(Debug, Args)]
pub struct KeyNew {
    /// Writes it to a new file that only you can read
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Puts it into the key ring under this label
    #[arg(long)]
    pub label: Option<String>,
}

#[derive(Debug, Args)]
pub struct KeyAdd {
    /// What you call it
    #[arg(long)]
    pub label: String,
    #[command(flatten)]
    pub password: Password,
}

#[derive(Debug, Args)]
pub struct KeyKit {
    /// Writes it to a new file that only you can read
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    #[command(flatten)]
    pub password: Password,
}

#[derive(Debug, Args)]
pub struct Restore {
    #[command(flatten)]
    pub read: Read,
    /// Into a new or empty directory instead of in place
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// Only one part of the home
    #[arg(long, value_enum)]
    pub only: Option<Part>,
    /// Checks everything, changes nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Does not ask before it replaces the home
    #[arg(long)]
    pub yes: bool,
    /// In spite of a newer backup, or of a database that another process has open
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub trust: Trust,
}

/// What is believed of a backup that somebody else may have made.
#[derive(Debug, Args)]
pub struct Trust {
    /// As root, restores set-user-id and set-group-id bits of files of root, too
    #[arg(long)]
    pub keep_setuid: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Everything but the recorder's database
    Homeassistant,
    /// The recorder's database
    Database,
}

#[derive(Debug, Args)]
pub struct Extract {
    #[command(flatten)]
    pub read: Read,
    /// Paths in the home, or in the part: `automations.yaml`, `.storage`; `.` for everything
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<OsString>,
    /// Out of another part than the home: an add-on or a folder, as `larder show` lists them
    #[arg(long, value_name = "NAME")]
    pub part: Option<String>,
    /// Takes what stands before the damage of a damaged backup; check it before you use it
    #[arg(long)]
    pub keep_going: bool,
    /// The directory to put them into
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    #[command(flatten)]
    pub trust: Trust,
}
