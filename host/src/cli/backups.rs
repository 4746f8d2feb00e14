//! The list of a home's backups, and what several commands show of each backup.

use serde_json::{Value, json};

use super::global::Global;
use super::request::call;
use super::setup::require_home;
use super::text::{age, failures};
use super::value::{flag, list, number};
use crate::assemble::HostSetup;
use crate::model::Timestamp;
use crate::process::terminal::printable;
use crate::runtime::Failure;
use crate::storage::locations::{DirectoryLocation, InputFile};

/// All backups, the newest first. An error if the directory is not a home and has no backups: it is probably the wrong one.
pub(crate) fn info(setup: &HostSetup, global: &Global) -> anyhow::Result<Value> {
    all(setup, global, false)
}

/// The same; with `refresh` every location is asked, even if it was a moment ago.
pub(crate) fn all(setup: &HostSetup, global: &Global, refresh: bool) -> anyhow::Result<Value> {
    require_home(setup)?;
    let info = call(&mut setup.reader()?, global, "backup.info", json!({"refresh": refresh}))?;
    checked(info)
}

/// The backups of one location.
pub(crate) fn info_of(setup: &HostSetup, global: &Global, agent_id: &str) -> anyhow::Result<Value> {
    require_home(setup)?;
    call(&mut setup.reader()?, global, "backup.info", json!({"agent_id": agent_id}))
}

fn checked(info: Value) -> anyhow::Result<Value> {
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
    let schedule = backup.pointer("/extra_metadata/larder.schedule").and_then(Value::as_str);
    let how = match (schedule, flag(backup, "with_automatic_settings")) {
        (Some(name), _) => format!("schedule {}", printable(name, "")),
        (None, true) => "automatic".to_owned(),
        (None, false) => "by hand".to_owned(),
    };
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

/// The size of a backup's archive in bytes: the home's own copy, or the first.
pub(crate) fn stored_size(backup: &Value) -> u64 {
    let agents = backup.get("agents").and_then(Value::as_object);
    let own =
        agents.and_then(|agents| agents.get(DirectoryLocation::LOCAL).or_else(|| agents.values().next()));
    own.map_or(0, |agent| number(agent, "size"))
}

/// Whether the copies of a backup are protected: all, some or none of them.
pub(crate) fn protection(backup: &Value) -> &'static str {
    let agents = backup.get("agents").and_then(Value::as_object).into_iter().flatten();
    let (protected, plain): (Vec<_>, Vec<_>) = agents.partition(|(_, copy)| flag(copy, "protected"));
    match (protected.is_empty(), plain.is_empty()) {
        (true, _) => "no",
        (false, true) => "yes",
        (false, false) => "some",
    }
}

/// Whether a backup is only in the home's own location, or is a file that was named, and no other copy is to be stored.
pub(crate) fn is_only_local(backup: &Value) -> bool {
    let agents = backup.get("agents").and_then(Value::as_object);
    let is_here = |agent: &String| [DirectoryLocation::LOCAL, InputFile::ID].contains(&agent.as_str());
    agents.is_none_or(|it| it.len() == 1 && it.keys().all(is_here)) && backup.get("pending").is_none()
}

/// The locations of a backup, each with how its copy was proven, and those that do not have it yet.
pub(crate) fn copies(backup: &Value) -> String {
    let agents = backup.get("agents").and_then(Value::as_object).into_iter().flatten();
    let shown = |(id, copy): (&String, &Value)| format!("{}{}", printable(id, ""), proof(copy));
    let mut all: Vec<_> = agents.map(shown).collect();
    let waiting = backup.get("pending").and_then(Value::as_object).into_iter().flatten();
    all.extend(waiting.map(|(id, _)| format!("{} (not yet)", printable(id, ""))));
    all.join(", ")
}

fn proof(copy: &Value) -> &'static str {
    if flag(copy, "damaged") {
        return " (DAMAGED)";
    }
    match copy.get("proof").and_then(Value::as_str) {
        Some("verified" | "full") => " (read back)",
        Some("sample") => " (sample read back)",
        Some("digest") => " (digest)",
        Some(_) => " (size)",
        None => "",
    }
}
