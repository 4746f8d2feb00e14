//! The command line: arguments in, one action of the plugin, words or JSON out.

mod args;
mod commands;
mod confirm;
mod host;
mod interrupt;
mod key_ring;
mod progress;
mod request;
mod secrets;
mod select;
mod table;
mod text;

use commands::{
    adopt, automations, call, check_password, copy, create, delete, extract, import, keep, key, list, plugin,
    rekey, restore, retention, schedule, serve, settings, show, states, status, verify,
};
use std::io::ErrorKind;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use serde_json::{Value, json};
use signal_hook::consts::SIGXFSZ;

use crate::error::{Error, reason};
use crate::model::json_text;
use crate::process::core_dumps;
use crate::process::terminal::{print, say};
use crate::runtime::Failure;
use crate::steps::Steps;
use args::{Cli, Command};
use interrupt::Interrupted;

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

impl Status {
    /// Of two, the one that somebody has to hear of.
    fn worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::Done, other) | (Self::Partly, other @ (Self::Failed | Self::WrongUse)) => other,
            (this, _) => this,
        }
    }
}

/// Whether a person wanted it to end: then nothing more is begun.
fn is_interrupted(error: &anyhow::Error) -> bool {
    error.is::<Interrupted>()
}

/// The person asked for something that cannot be asked for like that.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongUse(pub(crate) String);

/// Runs the command line of this process. `steps` is for tests.
pub fn main(steps: Steps) -> ExitCode {
    core_dumps::forbid();
    // A file that may not grow so large is an error of who writes it, not the end of the process.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misused(&error),
    };
    let as_json = cli.global.json;
    if !matches!(cli.command, Command::Serve(_)) {
        interrupt::watch();
    }
    match run(&cli, steps) {
        Ok(answer) => {
            // What an action answers is its own.
            let is_own = !matches!(cli.command, Command::Call(_));
            let json = |json| if is_own { versioned(json) } else { json };
            let text = if as_json { json_text(&json(answer.json)) + "\n" } else { answer.text };
            ended(answer.status as u8, &text)
        }
        Err(error) => {
            let (code, message, status) = judge(&error);
            // What a plugin or an archive made of it may hold more than words.
            say(&format!("error: {}", text::plain(&message, "\n")));
            let json = versioned(json!({"error": {"code": code, "message": message}}));
            let text = if as_json { json_text(&json) + "\n" } else { String::new() };
            ended(status, &text)
        }
    }
}

/// Words that are no command: told by the parser, and as JSON where that was asked for. Help and version are no error.
fn misused(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    let is_error = error.use_stderr();
    // What cannot be told is dropped, as everywhere.
    let _ = error.print();
    let text = match wants_json && is_error {
        true => {
            let message = error.render().to_string();
            let message = message.trim_end().trim_start_matches("error: ");
            let json = versioned(json!({"error": {"code": "invalid_format", "message": message}}));
            json_text(&json) + "\n"
        }
        false => String::new(),
    };
    ended(u8::try_from(error.exit_code()).unwrap_or(Status::WrongUse as u8), &text)
}

/// The version of the documents that scripts read (`docs/json-schema.json`). Lists carry none.
const JSON_VERSION: u64 = 1;

fn versioned(mut json: Value) -> Value {
    if let Some(fields) = json.as_object_mut() {
        fields.insert("json_version".into(), JSON_VERSION.into());
    }
    json
}

/// Gives the answer. Whoever did not get all of it must not take it for whole; a closed pipe is the reader's own wish.
fn ended(status: u8, text: &str) -> ExitCode {
    match print(text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            say(&format!("error: the answer could not be written to standard output: {}", reason(&error)));
            ExitCode::from(Status::Failed as u8)
        }
        _ => ExitCode::from(status),
    }
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
    if global.verbose > 0
        // The service says it itself.
        && !matches!(cli.command, Command::Serve(_))
        && let Ok(zone) = setting.time_zone()
    {
        say(&format!("time zone {}", text::plain(&zone.get().described(), "")));
    }
    match &cli.command {
        Command::Create(create) => create::run(setting, global, create),
        Command::List => list::run(&setting, global),
        Command::Show(which) => show::run(setting, global, which),
        Command::Verify(verify) => verify::run(&setting, global, verify),
        Command::CheckPassword(read) => check_password::run(setting, global, read),
        Command::Restore(restore) => restore::run(setting, global, restore),
        Command::Extract(extract) => extract::run(setting, global, extract),
        Command::Encrypt(encrypt) => copy::encrypt(setting, global, encrypt),
        Command::Decrypt(decrypt) => copy::decrypt(setting, global, decrypt),
        Command::Status(status) => status::run(&setting, global, status),
        Command::Serve(how) => {
            host::need_home(&setting)?;
            serve::run(&setting, how, global.verbose)
        }
        Command::Settings(settings) => settings::run(&setting, global, settings),
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

/// The code for scripts, the message for people, and the exit status.
fn judge(error: &anyhow::Error) -> (String, String, u8) {
    if let Some(interrupted) = error.downcast_ref::<Interrupted>() {
        let status = u8::try_from(interrupted.signal).unwrap_or(0).saturating_add(128);
        return ("interrupted".into(), interrupted.outcome(), status);
    }
    let (code, status) = code(error);
    (code, format!("{error:#}"), status as u8)
}

fn code(error: &anyhow::Error) -> (String, Status) {
    if error.is::<WrongUse>() {
        return ("invalid_format".into(), Status::WrongUse);
    }
    if let Some(failure) = error.downcast_ref::<Failure>() {
        let wrong = matches!(failure.code.as_str(), "invalid_format" | "unknown_command");
        return (failure.code.clone(), if wrong { Status::WrongUse } else { Status::Failed });
    }
    let code = match error.downcast_ref::<Error>() {
        Some(Error::InUse(_) | Error::Served(_)) => "in_use",
        Some(Error::NotFound(_)) => "not_found",
        Some(Error::NoSpace(_)) => "no_space",
        _ => "failed",
    };
    (code.into(), Status::Failed)
}
