//! The description of one backup, as `larder show` prints it and `larder restore` shows it before it asks.

use serde_json::Value;

use super::backups::{copies, is_only_local, made, stored_size};
use super::text::{date, date_of, fields, protected, reasons, size, warnings, yes_no};
use super::value::{flag, list, string};
use crate::process::terminal::printable;

/// The description of a backup, from an answer of `backup.details`.
pub(crate) fn describe(value: &Value) -> String {
    let backup = value.get("backup").unwrap_or(value);
    let names = |key: &str, field: &str| {
        let name =
            |item: &Value| item.as_str().map_or_else(|| string(item, field), |name| printable(name, ""));
        let names: Vec<_> = list(backup, key).iter().map(name).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    let mut pairs = vec![
        ("name", string(backup, "name")),
        ("date", date(backup)),
        ("file", string(backup, "file")),
        ("size", size(stored_size(backup))),
        ("home assistant", string(backup, "homeassistant_version")),
        ("made", made(backup)),
        ("verified", verified(backup)),
        ("database", yes_no(flag(backup, "database_included")).to_owned()),
        ("protected", protected(backup)),
        ("add-ons", names("addons", "name")),
        ("folders", names("folders", "slug")),
        ("members", names("members", "name")),
    ];
    if !is_only_local(backup) {
        pairs.insert(3, ("location", copies(backup)));
    }
    let missing = reasons("Missing:", list(backup, "missing"));
    let lost = missing + &reasons("Cannot be restored here:", list(backup, "not_restorable"));
    format!("Backup {}\n{}{}{lost}", string(backup, "backup_id"), fields(&pairs), warnings(backup))
}

fn verified(backup: &Value) -> String {
    let is = |key: &str| backup.get(key).is_some_and(Value::is_string);
    match (is("damaged"), is("verified")) {
        (true, _) => format!("found DAMAGED on {}", date_of(backup, "damaged")),
        (false, true) => date_of(backup, "verified"),
        (false, false) => "no".into(),
    }
}
