//! The list of a home's backups, and what several commands show of each backup.

use serde_json::{Value, json};

use super::global::Global;
use super::request::call;
use super::setup::require_home;
use super::text::{age, failures};
use super::value::{flag, list, number};
use crate::assemble::HostSetup;
use crate::model::Timestamp;
use crate::runtime::Failure;

/// All backups, the newest first. An error if the directory is not a home and has no backups: it is probably the wrong one.
pub(crate) fn info(setup: &HostSetup, global: &Global) -> anyhow::Result<Value> {
    require_home(setup)?;
    let info = call(&mut setup.reader()?, global, "backup.info", json!({}))?;
    let is_empty = list(&info, "backups").is_empty() && failures(&info).is_empty();
    match info.get("no_home").and_then(Value::as_str) {
        Some(message) if is_empty => {
            Err(Failure { code: "home_assistant_error".into(), message: message.into() }.into())
        }
        _ => Ok(info),
    }
}

/// How a backup was made, and whether it is marked as kept.
pub(crate) fn made(backup: &Value) -> String {
    let kept = if flag(backup, "kept") { ", kept" } else { "" };
    let how = if flag(backup, "with_automatic_settings") { "automatic" } else { "by hand" };
    format!("{how}{kept}")
}

/// When a backup was last found good, or that it is damaged.
pub(crate) fn verified(backup: &Value, now: Timestamp) -> String {
    if backup.get("damaged").is_some_and(Value::is_string) {
        return "DAMAGED".into();
    }
    match backup.get("verified").is_some_and(Value::is_string) {
        true => format!("{} ago", age(backup, "verified", now)),
        false => "no".into(),
    }
}

/// The size of a backup's file in bytes.
pub(crate) fn stored_size(backup: &Value) -> u64 {
    let agent = backup.get("agents").and_then(Value::as_object).and_then(|agents| agents.values().next());
    agent.map_or(0, |agent| number(agent, "size"))
}
