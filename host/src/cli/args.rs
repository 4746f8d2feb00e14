//! The command line's arguments: the commands, each with the arguments that its own file declares.

use clap::{Parser, Subcommand};

use super::commands::automations::AutomationsCommand;
use super::commands::call::Call;
use super::commands::copy::Copy;
use super::commands::create::Create;
use super::commands::decrypt::Decrypt;
use super::commands::delete::Delete;
use super::commands::encrypt::Encrypt;
use super::commands::extract::Extract;
use super::commands::import::Import;
use super::commands::keep::Keep;
use super::commands::key::Key;
use super::commands::list::List;
use super::commands::locations::Locations;
use super::commands::rekey::Rekey;
use super::commands::restore::Restore;
use super::commands::retention::Retention;
use super::commands::schedule::Schedule;
use super::commands::serve::Serve;
use super::commands::settings::Settings;
use super::commands::status::Status;
use super::commands::verify::Verify;
use super::global::Global;
use super::select::{BackupArg, ProtectedBackupArgs};

/// Verified backups of a Home Assistant home, made by a sandboxed plugin.
///
/// Exit status: 0 done; 1 failed; 2 wrong usage; 3 done, but something was skipped; 130 interrupted by Ctrl-C (other signals: 128 plus
/// their number).
#[derive(Debug, Parser)]
#[command(name = "larder", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a backup and verify it
    Create(Create),
    /// List the backups
    List(List),
    /// Show a summary of the backups; exit status 1 if something needs attention
    Status(Status),
    /// Describe one backup
    Show(BackupArg),
    /// Read backups completely and check everything in them
    Verify(Verify),
    /// Check whether a password or a key of the key ring opens a backup, without reading the backup
    CheckPassword(ProtectedBackupArgs),
    /// Replace the home with the contents of a backup, completely or not at all
    Restore(Restore),
    /// Extract files or directories from a backup
    Extract(Extract),
    /// Write a copy of a backup that is protected by a password
    Encrypt(Encrypt),
    /// Write a copy of a protected backup that anyone can read
    Decrypt(Decrypt),
    /// Change the password of a protected backup without writing a readable copy
    Rekey(Rekey),
    /// Copy a backup file into the backup directory and verify it
    Import(Import),
    /// Store backups in another location as well
    Copy(Copy),
    /// Show the locations and what is known of them; test one
    Locations(Locations),
    /// Keep a backup, whatever the retention settings say
    Keep(Keep),
    /// Delete backups
    Delete(Delete),
    /// Run the service until it is stopped: schedule, retention, automations, plugins
    Serve(Serve),
    /// Show or change the automatic backup settings
    Settings(Settings),
    /// Call an action, as an automation does
    Call(Call),
    /// Show the states of Larder's entities
    States,
    /// Show the next automatic backups in local time, and why they are due then
    Schedule(Schedule),
    /// Delete backups that the retention settings do not keep, and say why each backup is kept or deleted
    Retention(Retention),
    /// Import Home Assistant's automatic backup settings
    Adopt,
    /// List the automations with their next run and last trigger; check, trigger, trace or reload them
    Automations {
        #[command(subcommand)]
        command: Option<AutomationsCommand>,
    },
    /// Create and manage keys, and write emergency kits
    #[command(subcommand)]
    Key(Key),
    /// Show what the plugin imports and exports, what it may do and what it may not
    Plugin,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::Cli;

    #[test]
    fn every_command_accepts_the_global_options() {
        Cli::command().debug_assert();
        let words = [
            "create",
            "list",
            "list --refresh",
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
            "copy 1 --to x",
            "copy --all --to x",
            "locations",
            "locations test x",
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
