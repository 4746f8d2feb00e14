//! `larder check-password`: does a password or a key of the key ring open a backup?

use serde_json::Value;

use crate::assemble::Setting;
use crate::cli::args::Global;
use crate::cli::request::call;
use crate::cli::select::{Read, openable};
use crate::cli::text::{plain, securetar, word};
use crate::cli::{Answer, Status};

pub(crate) const CHECK: &str = "backup.check_password";

pub(crate) fn run(mut setting: Setting, global: &Global, read: &Read) -> anyhow::Result<Answer> {
    let data = openable(&mut setting, global, &read.which.backup, &read.password)?;
    let json = call(&mut setting.reader()?, global, CHECK, data)?;
    let status = match verdict(&json) {
        "right" => Status::Done,
        "wrong" => Status::Failed,
        _ => Status::Partly,
    };
    Ok(Answer { text: checked(&json), status, json })
}

pub(crate) fn verdict(check: &Value) -> &str {
    check.get("verdict").and_then(Value::as_str).unwrap_or_default()
}

fn checked(value: &Value) -> String {
    let (id, name) = (word(value, "backup_id"), word(value, "name"));
    let securetar = securetar(value).unwrap_or_default();
    match value.get("verdict").and_then(Value::as_str) {
        Some("right") => match value.get("key").and_then(Value::as_str) {
            Some(label) => {
                format!("Right: the key \"{}\" opens backup {id} ({name}, {securetar}).\n", plain(label, ""))
            }
            None => {
                let note = value.get("reason").and_then(Value::as_str);
                let note = note.map(|note| format!("Note:\n  {}\n", plain(note, ""))).unwrap_or_default();
                format!("Right: the password opens backup {id} ({name}, {securetar}).\n{note}")
            }
        },
        Some("wrong") => format!("Wrong: {}.\n", word(value, "reason")),
        Some("not_protected") => format!("Backup {id} ({name}) is not protected: anyone can read it.\n"),
        _ => format!("Cannot tell: {}.\n", word(value, "reason")),
    }
}
