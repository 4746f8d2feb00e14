//! The command line: parses the arguments, runs one command, and prints its answer as text or JSON.
//!
//! `commands` has a file for each command. The other files are shared by commands and import none of them.

mod answer;
mod args;
mod askpass;
mod backups;
mod commands;
mod confirm;
mod copies;
mod description;
mod files;
mod global;
mod interrupt;
mod key_ring;
mod locations;
mod password_check;
mod progress;
mod request;
mod ring_file;
mod secrets;
mod select;
mod setup;
mod store_action;
mod table;
mod text;
mod value;
mod verification;

use std::io::ErrorKind;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use serde_json::{Value, json};
use signal_hook::consts::SIGXFSZ;

use crate::assemble::HostSetup;
use crate::error::{Error, reason};
use crate::model::json_text;
use crate::process::terminal::{print, printable};
use crate::process::{core_dumps, terminal};
use crate::runtime::Failure;
use crate::steps::Steps;
use answer::{Answer, ExitStatus, WrongUse};
use args::{Cli, Command};
use commands::{
    adopt, automations, call, check_password, copy, create, decrypt, delete, encrypt, extract, import, keep,
    key, list, locations as locations_command, plugin, rekey, restore, retention, schedule, serve, settings,
    show, states, status, verify,
};
use interrupt::Interrupted;

/// Runs the command line of this process. `steps` is for tests.
pub fn main(steps: Steps) -> ExitCode {
    core_dumps::forbid();
    if let Some(code) = askpass::answer() {
        return code;
    }
    // A file that exceeds the size limit becomes a write error instead of ending the process.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage_error(&error),
    };
    let as_json = cli.global.json;
    if !matches!(cli.command, Command::Serve(_)) {
        interrupt::watch();
    }
    match run(&cli, steps) {
        Ok(answer) => {
            // The answer of `call` is the action's own document.
            let is_own = !matches!(cli.command, Command::Call(_));
            let json = |json| if is_own { versioned(json) } else { json };
            let text = if as_json { json_text(&json(answer.json)) + "\n" } else { answer.text };
            finish(answer.status as u8, &text)
        }
        Err(error) => {
            let (code, message, status) = describe_error(&error);
            // The message may quote a plugin or an archive, which may contain control characters.
            terminal::error(&printable(&message, "\n"));
            let json = versioned(json!({"error": {"code": code, "message": message}}));
            let text = if as_json { json_text(&json) + "\n" } else { String::new() };
            finish(status, &text)
        }
    }
}

/// Prints what the argument parser says; an error also as JSON with `--json`. Help and version are not errors.
fn usage_error(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    let is_error = error.use_stderr();
    // If standard error is closed, the message is lost, as everywhere.
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
    finish(u8::try_from(error.exit_code()).unwrap_or(ExitStatus::WrongUse as u8), &text)
}

/// The version of the JSON answers (`docs/json-schema.json`). Answers that are lists carry none.
const JSON_VERSION: u64 = 1;

fn versioned(mut json: Value) -> Value {
    if let Some(fields) = json.as_object_mut() {
        fields.insert("json_version".into(), JSON_VERSION.into());
    }
    json
}

/// Prints the answer. A partial answer must not look complete, so a write error is a failure; a closed pipe is the reader's choice.
fn finish(status: u8, text: &str) -> ExitCode {
    match print(text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            terminal::error(&format!("cannot write the answer to standard output: {}", reason(&error)));
            ExitCode::from(ExitStatus::Failed as u8)
        }
        _ => ExitCode::from(status),
    }
}

/// Runs a command.
fn run(cli: &Cli, steps: Steps) -> anyhow::Result<Answer> {
    let global = &cli.global;
    let mut setup = setup::host_setup(global, steps)?;
    let has_plugins = matches!(
        cli.command,
        Command::Serve(_)
            | Command::Call(_)
            | Command::States
            | Command::Plugin
            | Command::Automations { .. }
    );
    match has_plugins {
        true => setup.configure()?,
        false => read_locations(&mut setup, &cli.command)?,
    }
    if global.verbose > 0
        // The service logs it itself.
        && !matches!(cli.command, Command::Serve(_))
        && let Ok(zone) = setup.time_zone()
    {
        terminal::message(&format!("time zone {}", printable(&zone.get().described(), "")));
    }
    match &cli.command {
        Command::Create(create) => create::run(setup, global, create),
        Command::List(args) => list::run(&setup, global, args),
        Command::Show(backup) => show::run(setup, global, backup),
        Command::Verify(verify) => verify::run(&setup, global, verify),
        Command::CheckPassword(backup) => check_password::run(setup, global, backup),
        Command::Restore(restore) => restore::run(setup, global, restore),
        Command::Extract(extract) => extract::run(setup, global, extract),
        Command::Encrypt(encrypt) => encrypt::run(setup, global, encrypt),
        Command::Decrypt(decrypt) => decrypt::run(setup, global, decrypt),
        Command::Status(status) => status::run(&setup, global, status),
        Command::Serve(args) => {
            setup::require_home(&setup)?;
            serve::run(&setup, args, global.verbose)
        }
        Command::Settings(settings) => settings::run(&setup, global, settings),
        Command::Call(call) => call::run(&setup, global, call),
        Command::States => states::run(&setup),
        Command::Schedule(schedule) => schedule::run(&setup, global, schedule),
        Command::Retention(retention) => retention::run(&setup, global, retention),
        Command::Adopt => adopt::run(&setup, global),
        Command::Automations { command } => automations::run(&setup, command.as_ref()),
        Command::Key(key) => key::run(&setup, global, key),
        Command::Rekey(rekey) => rekey::run(setup, global, rekey),
        Command::Import(import) => import::run(setup, global, import),
        Command::Copy(copy) => copy::run(&setup, global, copy),
        Command::Locations(args) => locations_command::run(&setup, global, args),
        Command::Keep(keep) => keep::run(&setup, global, keep),
        Command::Delete(delete) => delete::run(&setup, global, delete),
        Command::Plugin => plugin::run(&setup),
    }
}

/// Reads the locations and schedules. Without them, a command that changes something could do so in half of the locations, so it fails; one that
/// only reads or writes a file goes on with the local backups.
fn read_locations(setup: &mut HostSetup, command: &Command) -> anyhow::Result<()> {
    let is_reading = match command {
        Command::List(_)
        | Command::Status(_)
        | Command::Show(_)
        | Command::Verify(_)
        | Command::CheckPassword(_)
        | Command::Restore(_)
        | Command::Extract(_)
        | Command::Encrypt(_)
        | Command::Decrypt(_)
        | Command::Schedule(_)
        | Command::Key(_) => true,
        Command::Settings(settings) => settings.change.is_none(),
        _ => false,
    };
    let notices = match setup.read_locations() {
        // Nobody wants to read them with each list.
        Ok(_) if is_reading => Vec::new(),
        Ok(warnings) => warnings,
        Err(error) if is_reading => {
            vec![format!("{error}; only the local location is known until this is fixed")]
        }
        Err(error) => return Err(error.into()),
    };
    notices.iter().for_each(|notice| terminal::warn(&printable(notice, "")));
    Ok(())
}

/// An error's code, message and exit status.
fn describe_error(error: &anyhow::Error) -> (String, String, u8) {
    if let Some(interrupted) = error.downcast_ref::<Interrupted>() {
        let status = u8::try_from(interrupted.signal).unwrap_or(0).saturating_add(128);
        return ("interrupted".into(), interrupted.outcome(), status);
    }
    let (code, status) = error_code(error);
    (code, format!("{error:#}"), status as u8)
}

fn error_code(error: &anyhow::Error) -> (String, ExitStatus) {
    if error.is::<WrongUse>() {
        return ("invalid_format".into(), ExitStatus::WrongUse);
    }
    if let Some(failure) = error.downcast_ref::<Failure>() {
        let wrong = matches!(failure.code.as_str(), "invalid_format" | "unknown_command");
        return (failure.code.clone(), if wrong { ExitStatus::WrongUse } else { ExitStatus::Failed });
    }
    let code = match error.downcast_ref::<Error>() {
        Some(Error::InUse(_) | Error::Served(_)) => "in_use",
        Some(Error::NotFound(_)) => "not_found",
        Some(Error::NoSpace(_)) => "no_space",
        _ => "failed",
    };
    (code.into(), ExitStatus::Failed)
}
