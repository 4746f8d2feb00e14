//! `larder verify`: reads backups completely and checks them.

use clap::Args;
use serde_json::{Value, json};

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::backups::{info, info_of};
use crate::cli::global::Global;
use crate::cli::interrupt::is_interrupted;
use crate::cli::locations;
use crate::cli::request::call;
use crate::cli::secrets::PasswordArgs;
use crate::cli::select::{BackupArg, LocationArg, openable};
use crate::cli::text::{
    content, counted, date, failures, fields, opened_with, protected, reasons, size, warnings, yes_no,
};
use crate::cli::value::{flag, instant, list, number, string};
use crate::cli::verification::{record_damaged, record_verified};
use crate::process::terminal::{self, printable};
use crate::runtime::Failure;

#[derive(Debug, Args)]
pub struct Verify {
    /// Ids of backups or the start of them, `latest`, `latest-automatic`, or paths of backup files
    #[arg(value_name = "ID|FILE", required_unless_present = "all")]
    pub ids: Vec<String>,
    /// Verify every backup: first those that were never verified, then the others, oldest verification first
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    #[command(flatten)]
    pub at: LocationArg,
    #[command(flatten)]
    pub password: PasswordArgs,
}

pub(crate) fn run(setup: &HostSetup, global: &Global, verify: &Verify) -> anyhow::Result<Answer> {
    match (verify.all, verify.ids.as_slice()) {
        (false, [only]) => one(setup, global, only, verify),
        (false, several) => each(setup, global, several, verify, ExitStatus::Done),
        (true, _) => {
            let info = match &verify.at.location {
                Some(name) => info_of(setup, global, &locations::id(setup, name)?)?,
                None => info(setup, global)?,
            };
            let is_all = failures(&info).is_empty() && list(&info, "unreadable").is_empty();
            let worst = if is_all { ExitStatus::Done } else { ExitStatus::Partly };
            for (location, failure) in failures(&info) {
                terminal::warn(&format!("{location}: {failure}"));
            }
            for item in list(&info, "unreadable") {
                terminal::warn(&format!(
                    "{} is not readable as a backup: {}",
                    string(item, "path"),
                    string(item, "reason")
                ));
            }
            each(setup, global, &oldest_first(&info), verify, worst)
        }
    }
}

fn oldest_first(info: &Value) -> Vec<String> {
    let mut backups: Vec<_> = list(info, "backups").iter().collect();
    backups.sort_by_key(|backup| instant(backup, "verified"));
    backups.into_iter().map(|backup| string(backup, "backup_id")).collect()
}

/// Verifies backups one after the other. A bad one does not stop the rest.
fn each(
    setup: &HostSetup,
    global: &Global,
    backups: &[String],
    verify: &Verify,
    mut worst: ExitStatus,
) -> anyhow::Result<Answer> {
    let (mut lines, mut all, mut bad) = (String::new(), Vec::new(), 0);
    for backup in backups {
        let (text, json, status) = match one(setup, global, backup, verify) {
            Ok(Answer { json, text, status }) => (text, json, status),
            Err(error) if is_interrupted(&error) => return Err(error),
            Err(error) => {
                let message = format!("{error:#}");
                let json = json!({"backup_id": backup, "restorable": false, "reason": message});
                (
                    format!("Backup {} is not good: {}\n", printable(backup, ""), printable(&message, "\n")),
                    json,
                    ExitStatus::Failed,
                )
            }
        };
        bad += u64::from(status == ExitStatus::Failed);
        worst = worst.worse(status);
        lines += &text;
        all.push(json);
    }
    let count = counted(backups.len() as u64, "backup", "backups");
    lines += &match bad {
        0 => format!("{count} read completely.\n"),
        bad => format!("{count} read; {bad} not good.\n"),
    };
    Ok(Answer { json: json!({"backups": all}), text: lines, status: worst })
}

fn one(setup: &HostSetup, global: &Global, backup: &str, verify: &Verify) -> anyhow::Result<Answer> {
    let mut setup = setup.clone();
    let backup = BackupArg { backup: backup.to_owned(), at: verify.at.clone() };
    let data = openable(&mut setup, global, &backup, &verify.password)?;
    let id = data.get("backup_id").cloned();
    let agent = data.get("agent_id").cloned().unwrap_or_default();
    let found = call(&mut setup.reader()?, global, "backup.verify", data);
    if let (Err(error), Some(id)) = (&found, id)
        && error.downcast_ref::<Failure>().is_some_and(|failure| failure.code == "backup_damaged")
    {
        record_damaged(&setup, global, id, agent.clone());
    }
    let json = found?;
    let is_restorable = flag(&json, "restorable");
    if is_restorable && setup.file.is_none() {
        record_verified(&setup, global, &json, agent);
    }
    let status =
        if is_restorable { ExitStatus::of(&json, &["missing", "skipped"]) } else { ExitStatus::Partly };
    Ok(Answer { text: describe(&json), status, json })
}

fn describe(value: &Value) -> String {
    let id = string(value, "backup_id");
    let verdict = match flag(value, "restorable") {
        true => format!("Backup {id} can be restored: every byte of the home in it was read and checked."),
        false => {
            format!("Backup {id} is complete, but cannot be restored here: {}.", string(value, "reason"))
        }
    };
    let mut pairs = vec![
        ("name", string(value, "name")),
        ("date", date(value)),
        ("file", string(value, "file")),
        ("size", format!("{} ({})", size(number(value, "size")), content(value))),
        ("database", yes_no(flag(value, "database_included")).to_owned()),
        ("protected", protected(value) + &opened_with(value)),
    ];
    let parts: Vec<_> =
        list(value, "parts").iter().filter_map(Value::as_str).map(|part| printable(part, "")).collect();
    if !parts.is_empty() {
        pairs.push(("other parts", format!("{}: also read and checked", parts.join(", "))));
    }
    format!(
        "{verdict}\n{}{}{}{}{}",
        fields(&pairs),
        warnings(value),
        reasons("Missing:", list(value, "missing")),
        reasons("Left out by a restore:", list(value, "skipped")),
        reasons("Cannot be restored here:", list(value, "not_restorable"))
    )
}
