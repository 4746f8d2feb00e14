//! `larder call`: calls any action, as an automation does.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::mpsc::channel;

use anyhow::Context;
use clap::Args;
use serde_json::{Map, Value, json};

use crate::assemble::{Host, HostSetup};
use crate::cli::answer::{Answer, ExitStatus, WrongUse};
use crate::cli::files::read_json;
use crate::cli::global::Global;
use crate::cli::request::{Executor, call_in_process, change, executor};
use crate::cli::setup::{print_notices, require_home};
use crate::cli::value;
use crate::cli::value::mask_password;
use crate::model::json_text;
use crate::service::driver::Driver;
use crate::tunables::POLL_INTERVAL;

#[derive(Debug, Args)]
pub struct Call {
    /// The action, such as `backup.create` or `backup.create_automatic`; `larder plugin` lists all
    pub action: String,
    /// Data as a JSON object. Put passwords in a file: --data-file
    #[arg(long, value_name = "JSON")]
    pub data: Option<String>,
    /// A file with the data
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub data_file: Option<PathBuf>,
}

pub(crate) fn run(setup: &HostSetup, global: &Global, action: &Call) -> anyhow::Result<Answer> {
    require_home(setup)?;
    let data = match (&action.data, &action.data_file) {
        (Some(data), _) => parse_data(data)?,
        (None, Some(file)) => read_json(file)?,
        (None, None) => json!({}),
    };
    let mut json = match executor(setup, "call")? {
        Executor::InProcess(host) if is_host_action(&action.action) => {
            call_host_action(*host, &action.action, data)?
        }
        Executor::InProcess(host) => call_in_process(*host, setup, global, ("call", &action.action), data)?,
        Executor::Service(_) => change(setup, global, "call", &action.action, data)?,
    };
    if std::io::stdout().is_terminal() {
        mask_password(&mut json);
    }
    let skipped =
        !value::list(&json, "skipped").is_empty() || !value::list(&json, "failed_agent_ids").is_empty();
    let status = if skipped { ExitStatus::Partly } else { ExitStatus::Done };
    Ok(Answer { text: json_text(&json) + "\n", status, json })
}

/// Whether the host itself does an action.
fn is_host_action(action: &str) -> bool {
    ["notify.", "persistent_notification."].iter().any(|domain| action.starts_with(domain))
}

/// Does an action of the host in this process.
fn call_host_action(mut host: Host, action: &str, data: Value) -> anyhow::Result<Value> {
    let mut driver = Driver::new(&mut host);
    print_notices(&mut host);
    driver.sleep();
    let (reply, answer) = channel();
    driver.call_by_hand(&mut host, action, data, reply);
    loop {
        if let Ok(answer) = answer.try_recv() {
            driver.close(&mut host);
            return Ok(answer?);
        }
        driver.tick(&mut host);
        host.scheduler().wait(host.clock(), None, POLL_INTERVAL);
    }
}

/// Parses `--data`. Passwords are refused there.
fn parse_data(data: &str) -> anyhow::Result<Value> {
    let data: Map<String, Value> = serde_json::from_str(data).context("--data is not a JSON object")?;
    match ["password", "key_ring"].iter().find(|key| data.contains_key(**key)) {
        None => Ok(data.into()),
        Some(key) => Err(WrongUse(format!(
            "{key}: other processes can read the command line; put the data in a file and pass it with --data-file"
        ))
        .into()),
    }
}
