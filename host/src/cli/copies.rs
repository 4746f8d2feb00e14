//! Copies of a backup: written to a file outside the backup directory, and what is printed about them.

use serde_json::Value;

use super::answer::{Answer, ExitStatus, WrongUse};
use super::global::Global;
use super::request::call;
use super::text::{counted, fields, notes, opened_with, protected, securetar, size, warnings, yes_no};
use super::value::{flag, number, string};
use crate::assemble::{Directories, HostSetup};

/// Does `backup.encrypt` or `backup.decrypt` and describes the copy.
pub(crate) fn copy(setup: &HostSetup, global: &Global, action: &str, data: Value) -> anyhow::Result<Answer> {
    let json = write_copy(setup, global, action, data)?;
    Ok(Answer { text: copied(&json), status: ExitStatus::of(&json, &["notes"]), json })
}

/// Writes a copy to the setup's output file. Refused inside the backup directory, where two backups would have the same id.
pub(crate) fn write_copy(
    setup: &HostSetup,
    global: &Global,
    action: &str,
    data: Value,
) -> anyhow::Result<Value> {
    let mut host = setup.elsewhere()?;
    let Directories { backups, output, .. } = &host.places;
    if output.as_ref().and_then(|output| output.parent()) == backups.as_deref() {
        return Err(WrongUse(
            "in the backup directory, the copy would be a second backup with the same id; write it elsewhere"
                .into(),
        )
        .into());
    }
    call(&mut host, global, action, data)
}

fn copied(value: &Value) -> String {
    let verb = if securetar(value).is_some() { "Encrypted" } else { "Decrypted" };
    let (id, name, opened) = (string(value, "backup_id"), string(value, "name"), opened_with(value));
    format!("{verb} copy of backup {id} ({name}) written{opened}.\n{}", describe_copy(value))
}

/// The lines about a copy: file, size, protection, verification, warnings and notes.
pub(crate) fn describe_copy(value: &Value) -> String {
    let parts = counted(number(value, "parts"), "part", "parts");
    let pairs = [
        ("file", string(value, "file")),
        ("size", format!("{} ({parts})", size(number(value, "size")))),
        ("protected", protected(value)),
        ("verified", format!("{}: read back from the disk, equal", yes_no(flag(value, "verified")))),
    ];
    fields(&pairs) + &warnings(value) + &notes(value)
}
