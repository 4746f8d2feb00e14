//! The command line: arguments in, one action of the plugin, words or JSON out.

mod args;
mod automatic;
mod automations;
mod commands;
mod keys;
mod plugin;
mod progress;
mod reading;
mod secrets;
mod serve;
mod text;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use serde_json::{Value, json};
use signal_hook::consts::SIGXFSZ;

use crate::core_dumps;
use crate::error::Error;
use crate::runtime::Failure;
use crate::steps::Steps;
use args::Cli;

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
    core_dumps::forbid();
    // A file that may not grow so large is an error of who writes it, not the end of the process.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::default());
    let cli = Cli::parse();
    let as_json = cli.global.json;
    let status = match commands::run(&cli, steps) {
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
