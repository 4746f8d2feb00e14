//! `larder show`: one backup, as it describes itself.

use serde_json::Value;

use super::list::{made, stored_size};
use crate::assemble::Setting;
use crate::cli::args::Global;
use crate::cli::request::call;
use crate::cli::select::{Which, must_be_there, reference};
use crate::cli::text::{
    date, date_of, fields, flag, list, plain, protected, reasons, size, warnings, word, yes,
};
use crate::cli::{Answer, Status};

pub(crate) fn run(mut setting: Setting, global: &Global, which: &Which) -> anyhow::Result<Answer> {
    let data = reference(&mut setting, global, &which.backup)?;
    let json = call(&mut setting.reader()?, global, "backup.details", data)?;
    must_be_there(&json, "backup", &which.backup)?;
    Ok(Answer { text: shown(&json), status: Status::Done, json })
}

pub(crate) fn shown(value: &Value) -> String {
    let backup = value.get("backup").unwrap_or(value);
    let names = |key: &str, field: &str| {
        let name = |item: &Value| item.as_str().map_or_else(|| word(item, field), |name| plain(name, ""));
        let names: Vec<_> = list(backup, key).iter().map(name).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    let pairs = [
        ("name", word(backup, "name")),
        ("date", date(backup)),
        ("file", word(backup, "file")),
        ("size", size(stored_size(backup))),
        ("home assistant", word(backup, "homeassistant_version")),
        ("made", made(backup)),
        ("verified", verified(backup)),
        ("database", yes(flag(backup, "database_included")).to_owned()),
        ("protected", protected(backup)),
        ("add-ons", names("addons", "name")),
        ("folders", names("folders", "slug")),
        ("members", names("members", "name")),
    ];
    let missing = reasons("Missing:", list(backup, "missing"));
    let lost = missing + &reasons("Cannot be restored here:", list(backup, "not_restorable"));
    format!("Backup {}\n{}{}{lost}", word(backup, "backup_id"), fields(&pairs), warnings(backup))
}

fn verified(backup: &Value) -> String {
    let is = |key: &str| backup.get(key).is_some_and(Value::is_string);
    match (is("damaged"), is("verified")) {
        (true, _) => format!("found DAMAGED on {}", date_of(backup, "damaged")),
        (false, true) => date_of(backup, "verified"),
        (false, false) => "no".into(),
    }
}
