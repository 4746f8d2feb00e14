//! The commands and the options that all of them have; what each takes stands with it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::commands::automations::AutomationsCommand;
use super::commands::call::Call;
use super::commands::copy::{Decrypt, Encrypt};
use super::commands::create::Create;
use super::commands::delete::Delete;
use super::commands::extract::Extract;
use super::commands::import::Import;
use super::commands::keep::Keep;
use super::commands::key::Key;
use super::commands::rekey::Rekey;
use super::commands::restore::Restore;
use super::commands::retention::Retention;
use super::commands::schedule::Schedule;
use super::commands::serve::Serve;
use super::commands::settings::Settings;
use super::commands::status::Status;
use super::commands::verify::Verify;
use super::select::{Read, Which};

/// Verified backups of a Home Assistant home, made by a sandboxed plugin.
///
/// Exit status: 0 done, 1 failed, 2 wrong use, 3 done but with something skipped, 130 interrupted (Ctrl-C; 128 and the signal).
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
    #[arg(long, global = true, value_name = "DIR", env = "LARDER_BACKUPS")]
    pub backups: Option<PathBuf>,
    /// Where Larder keeps what is its own [default: below the XDG state directory]
    #[arg(long, global = true, value_name = "DIR", env = "LARDER_STATE")]
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
    /// Says what happens meanwhile, on standard error; twice (-vv): every event, too
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes a backup and proves that it can be read
    Create(Create),
    /// Lists the backups
    List,
    /// How the backups stand, in one look; exit status 1 when somebody should look
    Status(Status),
    /// Describes one backup
    Show(Which),
    /// Reads backups to their end and checks all that can be checked
    Verify(Verify),
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
    /// Gives a protected backup another password: no readable copy is written on the way
    Rekey(Rekey),
    /// Copies a backup file from elsewhere among the home's backups, and verifies it
    Import(Import),
    /// Keeps a backup, whatever the retention settings say
    Keep(Keep),
    /// Deletes backups
    Delete(Delete),
    /// Runs until it is stopped: the schedule, retention, the plugin
    Serve(Serve),
    /// Shows or changes the automatic settings
    Settings(Settings),
    /// Calls an action, as an automation does
    Call(Call),
    /// Shows the states of the plugin's entities
    States,
    /// The next automatic backups, in local time, and why then
    Schedule(Schedule),
    /// Deletes what the retention settings do not keep, and says why each backup is kept or deleted
    Retention(Retention),
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

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::Cli;

    #[test]
    fn every_command_is_parsed_with_the_options_that_all_have() {
        Cli::command().debug_assert();
        let words = [
            "create",
            "list",
            "status",
            "show 1",
            "verify 1 2",
            "verify --all",
            "check-password 1",
            "restore 1",
            "restore --before 2026-01-01",
            "extract 1 x --to d",
            "encrypt 1 --to x",
            "decrypt 1 --to x",
            "delete 1 2",
            "rekey 1 --to x",
            "import f",
            "keep 1",
            "serve",
            "settings",
            "settings set a=b",
            "call a.b",
            "states",
            "schedule",
            "retention",
            "adopt",
            "automations",
            "automations check",
            "key list",
            "plugin",
        ];
        for words in words {
            let words = format!("larder --config c --backups b --state s --json {words}");
            let parsed = Cli::try_parse_from(words.split(' ')).unwrap();
            assert_eq!(parsed.global.backups.as_deref(), Some("b".as_ref()), "{words}");
        }
    }
}
