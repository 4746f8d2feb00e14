//! The command line: arguments in, one action of the plugin, words or JSON out.

mod adopt;
mod args;
mod automations;
mod call;
mod check_password;
mod copy;
mod create;
mod delete;
mod extract;
mod host;
mod import;
mod keep;
mod key;
mod list;
mod plugin;
mod progress;
mod rekey;
mod restore;
mod retention;
mod ring;
mod schedule;
mod secrets;
mod serve;
mod settings;
mod show;
mod states;
mod text;
mod verify;
mod which;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use serde_json::{Value, json};
use signal_hook::consts::SIGXFSZ;

use crate::error::Error;
use crate::runtime::Failure;
use crate::steps::Steps;
use args::{Cli, Command};

/// What a command has to say, both ways, and how it ended.
pub(crate) struct Answer {
    pub(crate) json: Value,
    pub(crate) text: String,
    pub(crate) status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Done = 0,
    Failed = 1,
    WrongUse = 2,
    /// Done, but something was skipped.
    Partly = 3,
}

/// The person asked for something that cannot be asked for like that.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongUse(pub(crate) String);

/// Runs the command line of this process. `steps` is for tests.
pub fn main(steps: Steps) -> ExitCode {
    // A file that may not grow so large is an error of who writes it, not the end of the process.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let cli = Cli::parse();
    let as_json = cli.global.json;
    let status = match run(&cli, steps) {
        Ok(answer) => {
            let text = if as_json { format!("{:#}\n", answer.json) } else { answer.text };
            print(&text);
            answer.status
        }
        Err(error) => {
            let (code, status) = judge(&error);
            // What a plugin or an archive made of it may hold more than words.
            eprintln!("error: {}", text::plain(&format!("{error:#}"), "\n"));
            if as_json {
                print(&format!("{:#}\n", json!({"error": {"code": code, "message": format!("{error:#}")}})));
            }
            status
        }
    };
    ExitCode::from(status as u8)
}

/// Does what a command says.
fn run(cli: &Cli, steps: Steps) -> anyhow::Result<Answer> {
    let global = &cli.global;
    let mut setting = host::setting(global, steps)?;
    let has_plugins = matches!(
        cli.command,
        Command::Serve(_)
            | Command::Call(_)
            | Command::States
            | Command::Plugin
            | Command::Automations { .. }
    );
    if has_plugins {
        setting.configure()?;
    }
    if global.verbose
        && let Ok(zone) = setting.time_zone()
    {
        eprintln!("time zone {}", text::plain(&zone.get().described(), ""));
    }
    match &cli.command {
        Command::Create(create) => create::run(setting, global, create),
        Command::List => list::run(&setting, global),
        Command::Show(which) => show::run(setting, global, which),
        Command::Verify(read) => verify::run(setting, global, read),
        Command::CheckPassword(read) => check_password::run(setting, global, read),
        Command::Restore(restore) => restore::run(setting, global, restore),
        Command::Extract(extract) => extract::run(setting, global, extract),
        Command::Encrypt(encrypt) => copy::encrypt(setting, global, encrypt),
        Command::Decrypt(decrypt) => copy::decrypt(setting, global, decrypt),
        Command::Serve(how) => {
            host::need_home(&setting)?;
            serve::run(&setting, how, global.verbose)
        }
        Command::Settings(settings) => settings::run(&setting, global, settings.change.as_ref()),
        Command::Call(call) => call::run(&setting, global, call),
        Command::States => states::run(&setting),
        Command::Schedule(schedule) => schedule::run(&setting, global, schedule),
        Command::Retention(retention) => retention::run(&setting, global, retention),
        Command::Adopt => adopt::run(&setting, global),
        Command::Automations { command } => automations::run(&setting, command.as_ref()),
        Command::Key(key) => key::run(&setting, global, key),
        Command::Rekey(rekey) => rekey::run(setting, global, rekey),
        Command::Import(import) => import::run(setting, global, import),
        Command::Keep(keep) => keep::run(&setting, global, keep),
        Command::Delete(delete) => delete::run(&setting, global, delete),
        Command::Plugin => plugin::describe(&setting),
    }
}

/// A closed pipe is the reader's own wish.
fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn judge(error: &anyhow::Error) -> (String, Status) {
    if error.is::<WrongUse>() {
        return ("invalid_format".into(), Status::WrongUse);
    }
    if let Some(failure) = error.downcast_ref::<Failure>() {
        let wrong = matches!(failure.code.as_str(), "invalid_format" | "unknown_command");
        return (failure.code.clone(), if wrong { Status::WrongUse } else { Status::Failed });
    }
    let code = match error.downcast_ref::<Error>() {
        Some(Error::InUse(_)) => "in_use",
        Some(Error::NotFound(_)) => "not_found",
        Some(Error::NoSpace(_)) => "no_space",
        _ => "failed",
    };
    (code.into(), Status::Failed)
}
