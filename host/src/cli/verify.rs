//! `larder verify`: reads a backup to its end.

use serde_json::{Value, json};

use super::args::Global;
use super::ask::{call, change};
use super::host::status;
use super::text::{
    self, amount, date, fields, flag, list, number, opened_with, plain, protected, reasons, size, warnings,
    word, yes,
};
use super::which::{Read, openable};
use super::{Answer, Status};
use crate::assemble::Setting;
use crate::terminal::say;

pub(super) fn run(mut setting: Setting, global: &Global, read: &Read) -> anyhow::Result<Answer> {
    let data = openable(&mut setting, global, read)?;
    let json = call(&mut setting.reader()?, global, "backup.verify", data)?;
    let is_restorable = text::flag(&json, "restorable");
    if is_restorable && setting.file.is_none() {
        remember_verified(&setting, global, &json);
    }
    let status = if is_restorable { status(&json, &["missing", "skipped"]) } else { Status::Partly };
    Ok(Answer { text: verified(&json), status, json })
}

/// Has what was found out remembered, for retention: by a running service, or here, if nobody else is at work. Reading a backup to
/// its end takes long, and keeps nobody waiting.
fn remember_verified(setting: &Setting, global: &Global, verified: &Value) {
    let action = "backup.remember_verified";
    let data = json!({
        "backup_id": text::word(verified, "backup_id"),
        "size": text::number(verified, "size"),
    });
    let remembered = change(setting, global, "verify", action, data);
    if let Err(error) = remembered {
        let advice = "verify it once more before you rely on retention";
        let told = format!("It could not be remembered that it is good: {error:#}; {advice}");
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
