//! `larder check-password`: checks whether a password or a key of the key ring opens a backup.

use serde_json::Value;

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::global::Global;
use crate::cli::password_check;
use crate::cli::select::{ProtectedBackupArgs, openable};
use crate::cli::text::securetar;
use crate::cli::value::string;
use crate::process::terminal::printable;

pub(crate) fn run(
    mut setup: HostSetup,
    global: &Global,
    args: &ProtectedBackupArgs,
) -> anyhow::Result<Answer> {
    let data = openable(&mut setup, global, &args.target, &args.password)?;
    let json = password_check::check(&setup, global, data)?;
    let status = match password_check::verdict(&json) {
        "right" => ExitStatus::Done,
        "wrong" => ExitStatus::Failed,
        _ => ExitStatus::Partly,
    };
    Ok(Answer { text: describe(&json), status, json })
}

fn describe(value: &Value) -> String {
    let (id, name) = (string(value, "backup_id"), string(value, "name"));
    let securetar = securetar(value).unwrap_or_default();
    match password_check::verdict(value) {
        "right" => match value.get("key").and_then(Value::as_str) {
            Some(label) => {
                format!("The key \"{}\" opens backup {id} ({name}, {securetar}).\n", printable(label, ""))
            }
            None => {
                let note = value.get("reason").and_then(Value::as_str);
                let note = note.map(|note| format!("Note:\n  {}\n", printable(note, ""))).unwrap_or_default();
                format!("The password opens backup {id} ({name}, {securetar}).\n{note}")
            }
        },
        "wrong" => format!("Backup {id} ({name}) was not opened: {}.\n", string(value, "reason")),
        "not_protected" => format!("Backup {id} ({name}) is not protected: anyone can read it.\n"),
        _ => format!("Cannot check the password of backup {id} ({name}): {}.\n", string(value, "reason")),
    }
}
