//! `larder list`: lists the backups.

use clap::Args;
use serde_json::Value;

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::backups::{all, copies, is_only_local, made, protection, stored_size, verified};
use crate::cli::global::Global;
use crate::cli::table;
use crate::cli::table::{Column, STAYS};
use crate::cli::text::{age, columns, date, failures, reasons, size, yes_no};
use crate::cli::value::{flag, list, string};
use crate::model::Timestamp;
use crate::process::terminal::printable;

#[derive(Debug, Args)]
pub struct List {
    /// Ask locations on other machines even if they were asked less than half a minute ago
    #[arg(long)]
    pub refresh: bool,
}

pub(crate) fn run(setup: &HostSetup, global: &Global, args: &List) -> anyhow::Result<Answer> {
    let json = all(setup, global, args.refresh)?;
    let status =
        if failures(&json).is_empty() { ExitStatus::of(&json, &["unreadable"]) } else { ExitStatus::Partly };
    Ok(Answer { text: listed(&json, setup.clock.now()), status, json })
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
    let yes = |is: bool| yes_no(is).to_owned();
    let mut shown = vec![
        column("ID", STAYS, &|backup| string(backup, "backup_id")),
        column("DATE", STAYS, &|backup| date(backup).chars().take(16).collect()),
        right("AGE", 4, &|backup| age(backup, "date", now)),
        right("SIZE", 6, &|backup| size(stored_size(backup))),
        column("MADE", 5, &made),
        column("DATABASE", 1, &|backup| yes(flag(backup, "database_included"))),
        column("PASSWORD", 2, &|backup| protection(backup).to_owned()),
        column("VERIFIED", 3, &|backup| verified(backup, now)),
        column("NAME", STAYS, &|backup| string(backup, "name")),
    ];
    if backups.iter().any(|backup| !is_only_local(backup)) {
        shown.push(column("COPIES", 7, &copies));
    }
    let mut text = table::lines(shown, columns());
    let sum = backups.iter().map(stored_size).sum();
    text = match backups.len() {
        0 => "No backups.\n".into(),
        1 => format!("{text}1 backup, {}\n", size(sum)),
        count => format!("{text}{count} backups, {}\n", size(sum)),
    };
    for (agent, error) in failures(value) {
        text += &format!("{agent}: {error}\n");
    }
    text + &reasons(
        "Not readable as backups (`larder delete FILE` deletes one; with --location elsewhere):",
        list(value, "unreadable"),
    ) + &value
        .get("no_home")
        .and_then(Value::as_str)
        .map(|message| format!("Note:\n  {}\n", printable(message, "")))
        .unwrap_or_default()
}
