//! `larder call`: any action, as an automation calls it.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;

use anyhow::Context;
use clap::Args;
use serde_json::{Map, Value, json};

use super::settings::hide;
use crate::assemble::{Host, Setting};
use crate::cli::args::Global;
use crate::cli::host::{need_home, say_notices};
use crate::cli::request::{Doer, change, doer, here};
use crate::cli::{Answer, Status, WrongUse, secrets, text};
use crate::model::json_text;
use crate::options::POLL_INTERVAL;
use crate::service::driver::Driver;

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

pub(crate) fn run(setting: &Setting, global: &Global, action: &Call) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let data = match (&action.data, &action.data_file) {
        (Some(data), _) => given(data)?,
        (None, Some(file)) => from_file(file)?,
        (None, None) => json!({}),
    };
    let mut json = match doer(setting, "call")? {
        Doer::Here(host) if is_the_hosts(&action.action) => by_hand(*host, &action.action, data)?,
        Doer::Here(host) => here(*host, setting, global, ("call", &action.action), data)?,
        Doer::Service(_) => change(setting, global, "call", &action.action, data)?,
    };
    if std::io::stdout().is_terminal() {
        hide(&mut json);
    }
    let skipped =
        !text::list(&json, "skipped").is_empty() || !text::list(&json, "failed_agent_ids").is_empty();
    let status = if skipped { Status::Partly } else { Status::Done };
    Ok(Answer { text: json_text(&json) + "\n", status, json })
}

/// Actions that no plugin has.
fn is_the_hosts(action: &str) -> bool {
    ["notify.", "persistent_notification."].iter().any(|domain| action.starts_with(domain))
}

/// Does one of them in this process.
fn by_hand(mut host: Host, action: &str, data: Value) -> anyhow::Result<Value> {
    let mut driver = Driver::new(&mut host);
    say_notices(&mut host);
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

fn given(data: &str) -> anyhow::Result<Value> {
    let data: Map<String, Value> = serde_json::from_str(data).context("--data is no JSON object")?;
    match ["password", "key_ring"].iter().find(|key| data.contains_key(**key)) {
        None => Ok(data.into()),
        Some(key) => Err(WrongUse(format!(
            "{key}: every process could read it from the command line; put the data into a file and name it with --data-file"
        ))
        .into()),
    }
}

pub(crate) fn from_file(path: &Path) -> anyhow::Result<Value> {
    let text = secrets::read(path)?;
    serde_json::from_str(&text)
        .map_err(|error| WrongUse(format!("{} is not JSON: {error}", path.display())).into())
}
