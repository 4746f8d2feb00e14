//! `larder list`: the backups.

use serde_json::{Value, json};

use crate::assemble::Setting;
use crate::cli::args::Global;
use crate::cli::host::{need_home, status};
use crate::cli::request::call;
use crate::cli::table;
use crate::cli::table::{Column, STAYS};
use crate::cli::text::{
    age, columns, date, failures, flag, list, number, plain, reasons, securetar, size, word,
};
use crate::cli::{Answer, Status};
use crate::model::Timestamp;
use crate::runtime::Failure;

pub(crate) fn run(setting: &Setting, global: &Global) -> anyhow::Result<Answer> {
    let json = info(setting, global)?;
    let status = if failures(&json).is_empty() { status(&json, &["unreadable"]) } else { Status::Partly };
    Ok(Answer { text: listed(&json, setting.clock.now()), status, json })
}

/// Every backup, the newest first. A directory that is no home and has no backups is most likely the wrong one.
pub(crate) fn info(setting: &Setting, global: &Global) -> anyhow::Result<Value> {
    need_home(setting)?;
    let info = call(&mut setting.reader()?, global, "backup.info", json!({}))?;
    let is_empty = list(&info, "backups").is_empty() && failures(&info).is_empty();
    match info.get("no_home").and_then(Value::as_str) {
        Some(message) if is_empty => {
            Err(Failure { code: "home_assistant_error".into(), message: message.into() }.into())
        }
        _ => Ok(info),
    }
}

fn listed(value: &Value, now: Timestamp) -> String {
    let backups = list(value, "backups");
    let cells = |cell: &dyn Fn(&Value) -> String| backups.iter().map(cell).collect::<Vec<_>>();
    let column = |title, rank, cell: &dyn Fn(&Value) -> String| Column {
        title,
        cells: cells(cell),
        is_right: false,
        rank,
    };
    let right =
        |title, rank, cell: &dyn Fn(&Value) -> String| Column { is_right: true, ..column(title, rank, cell) };
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let mut text = table::lines(
        vec![
            column("ID", STAYS, &|backup| word(backup, "backup_id")),
            column("DATE", STAYS, &|backup| date(backup).chars().take(16).collect()),
            right("AGE", 4, &|backup| age(backup, "date", now)),
            right("SIZE", 6, &|backup| size(stored_size(backup))),
            column("MADE", 5, &made),
            column("DATABASE", 1, &|backup| yes(flag(backup, "database_included"))),
            column("PASSWORD", 2, &|backup| yes(securetar(backup).is_some())),
            column("VERIFIED", 3, &|backup| verified(backup, now)),
            column("NAME", STAYS, &|backup| word(backup, "name")),
        ],
        columns(),
    );
    let all = backups.iter().map(stored_size).sum();
    text = match backups.len() {
        0 => "No backups.\n".into(),
        1 => format!("{text}1 backup, {}\n", size(all)),
        count => format!("{text}{count} backups, {}\n", size(all)),
    };
    for (agent, error) in failures(value) {
        text += &format!("{agent}: {error}\n");
    }
    text + &reasons("Not readable as backups (`larder delete FILE` removes one):", list(value, "unreadable"))
        + &value
            .get("no_home")
            .and_then(Value::as_str)
            .map(|told| format!("Note:\n  {}\n", plain(told, "")))
            .unwrap_or_default()
}

/// By the schedule, or by somebody.
pub(crate) fn made(backup: &Value) -> String {
    let kept = if flag(backup, "kept") { ", kept" } else { "" };
    let how = if flag(backup, "with_automatic_settings") { "automatic" } else { "by hand" };
    format!("{how}{kept}")
}

/// How long ago it was found good.
pub(crate) fn verified(backup: &Value, now: Timestamp) -> String {
    if backup.get("damaged").is_some_and(Value::is_string) {
        return "DAMAGED".into();
    }
    match backup.get("verified").is_some_and(Value::is_string) {
        true => format!("{} ago", age(backup, "verified", now)),
        false => "no".into(),
    }
}

pub(crate) fn stored_size(backup: &Value) -> u64 {
    let agent = backup.get("agents").and_then(Value::as_object).and_then(|agents| agents.values().next());
    agent.map_or(0, |agent| number(agent, "size"))
}
