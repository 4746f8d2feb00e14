//! `larder verify`: reads backups to their end.

use clap::Args;
use serde_json::{Value, json};

use super::list::info;
use crate::assemble::Setting;
use crate::cli::args::Global;
use crate::cli::host::status;
use crate::cli::request::{call, change};
use crate::cli::secrets::Password;
use crate::cli::select::openable;
use crate::cli::text;
use crate::cli::text::{
    amount, date, failures, fields, flag, instant, list, many, number, opened_with, plain, protected,
    reasons, size, warnings, word, yes,
};
use crate::cli::{Answer, Status, is_interrupted};
use crate::process::terminal::say;
use crate::runtime::Failure;

#[derive(Debug, Args)]
pub struct Verify {
    /// Backups' ids or their beginnings, `latest`, `latest-automatic`, or paths of backup files
    #[arg(value_name = "ID|FILE", required_unless_present = "all")]
    pub ids: Vec<String>,
    /// Every backup, those first that were never verified, then the one whose verification is the oldest
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    #[command(flatten)]
    pub password: Password,
}

pub(crate) fn run(setting: &Setting, global: &Global, verify: &Verify) -> anyhow::Result<Answer> {
    match (verify.all, verify.ids.as_slice()) {
        (false, [only]) => one(setting, global, only, &verify.password),
        (false, several) => each(setting, global, several, &verify.password, Status::Done),
        (true, _) => {
            let info = info(setting, global)?;
            let is_all = failures(&info).is_empty() && list(&info, "unreadable").is_empty();
            let worst = if is_all { Status::Done } else { Status::Partly };
            for (location, failure) in failures(&info) {
                say(&format!("{location}: {failure}"));
            }
            for item in list(&info, "unreadable") {
                say(&format!("{} is not readable as a backup: {}", word(item, "path"), word(item, "reason")));
            }
            each(setting, global, &oldest_first(&info), &verify.password, worst)
        }
    }
}

fn oldest_first(info: &Value) -> Vec<String> {
    let mut backups: Vec<_> = list(info, "backups").iter().collect();
    backups.sort_by_key(|backup| instant(backup, "verified"));
    backups.into_iter().map(|backup| word(backup, "backup_id")).collect()
}

/// One after the other; one that is not good keeps the others from nothing.
fn each(
    setting: &Setting,
    global: &Global,
    backups: &[String],
    password: &Password,
    mut worst: Status,
) -> anyhow::Result<Answer> {
    let (mut told, mut all, mut bad) = (String::new(), Vec::new(), 0);
    for backup in backups {
        let (text, json, status) = match one(setting, global, backup, password) {
            Ok(Answer { json, text, status }) => (text, json, status),
            Err(error) if is_interrupted(&error) => return Err(error),
            Err(error) => {
                let message = format!("{error:#}");
                let json = json!({"backup_id": backup, "restorable": false, "reason": message});
                (
                    format!("Backup {} is not good: {}\n", plain(backup, ""), plain(&message, "\n")),
                    json,
                    Status::Failed,
                )
            }
        };
        bad += u64::from(status == Status::Failed);
        worst = worst.worse(status);
        told += &text;
        all.push(json);
    }
    let count = many(backups.len() as u64, "backup", "backups");
    told += &match bad {
        0 => format!("{count} read to the end.\n"),
        bad => format!("{count} read; {bad} not good.\n"),
    };
    Ok(Answer { json: json!({"backups": all}), text: told, status: worst })
}

fn one(setting: &Setting, global: &Global, backup: &str, password: &Password) -> anyhow::Result<Answer> {
    let mut setting = setting.clone();
    let data = openable(&mut setting, global, backup, password)?;
    let id = data.get("backup_id").cloned();
    let found = call(&mut setting.reader()?, global, "backup.verify", data);
    if let (Err(error), Some(id)) = (&found, id)
        && error.downcast_ref::<Failure>().is_some_and(|failure| failure.code == "backup_damaged")
    {
        tell(&setting, global, json!({"backup_id": id, "damaged": true}));
    }
    let json = found?;
    let is_restorable = flag(&json, "restorable");
    if is_restorable && setting.file.is_none() {
        remember(&setting, global, &json);
    }
    let status = if is_restorable { status(&json, &["missing", "skipped"]) } else { Status::Partly };
    Ok(Answer { text: verified(&json), status, json })
}

/// Has what was found out remembered, for retention: by a running service, or here, if nobody else is at work. Reading a backup to
/// its end takes long, and keeps nobody waiting.
pub(crate) fn remember(setting: &Setting, global: &Global, verified: &Value) {
    let data = json!({
        "backup_id": text::word(verified, "backup_id"),
        "size": text::number(verified, "size"),
    });
    tell(setting, global, data);
}

fn tell(setting: &Setting, global: &Global, found: Value) {
    if let Err(error) = change(setting, global, "verify", "backup.remember_verified", found) {
        let advice = "verify it once more before you rely on retention";
        let told = format!("what was found could not be remembered: {error:#}; {advice}");
        say(&text::plain(&told, ""));
    }
}

fn verified(value: &Value) -> String {
    let id = word(value, "backup_id");
    let verdict = match flag(value, "restorable") {
        true => format!("Backup {id} is restorable: every byte of the home in it was read and checked."),
        false => format!("Backup {id} is whole, but cannot be restored here: {}.", word(value, "reason")),
    };
    let mut pairs = vec![
        ("name", word(value, "name")),
        ("date", date(value)),
        ("file", word(value, "file")),
        ("size", format!("{} ({})", size(number(value, "size")), amount(value))),
        ("database", yes(flag(value, "database_included")).to_owned()),
        ("protected", protected(value) + &opened_with(value)),
    ];
    let parts: Vec<_> =
        list(value, "parts").iter().filter_map(Value::as_str).map(|part| plain(part, "")).collect();
    if !parts.is_empty() {
        pairs.push(("other parts", format!("{}: read and checked, too", parts.join(", "))));
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
