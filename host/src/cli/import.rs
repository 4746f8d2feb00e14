//! `larder import`: a foreign backup file becomes one of the home's.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use super::args::Global;
use super::ask::store;
use super::host::status;
use super::secrets::Password;
use super::text::{amount, fields, notes, number, opened_with, protected, reasons, size, warnings, word};
use super::which::openable;
use super::{Answer, WrongUse, text};
use crate::assemble::Setting;

#[derive(Debug, Args)]
pub struct Import {
    /// The backup file; it is copied and stays where it is
    pub file: PathBuf,
    #[command(flatten)]
    pub password: Password,
}

pub(super) fn run(mut setting: Setting, global: &Global, import: &Import) -> anyhow::Result<Answer> {
    if setting.config.is_none() && setting.backups.is_none() {
        return Err(WrongUse(
            "whose backup is it to be? Name the home with --config DIR or LARDER_CONFIG".into(),
        )
        .into());
    }
    // A path is never taken for an id.
    let backup = std::path::absolute(&import.file)?.display().to_string();
    let data = openable(&mut setting, global, &backup, &import.password)?;
    let json = store(&setting, global, "import", "backup.import", data)?;
    let directory = setting.places()?.backups.unwrap_or_default();
    Ok(Answer { text: imported(&json, &directory), status: status(&json, &["notes"]), json })
}

fn imported(value: &Value, directory: &Path) -> String {
    let pairs = [
        ("name", word(value, "name")),
        ("file", format!("{}/{}", text::plain(&directory.display().to_string(), ""), word(value, "file"))),
        ("size", format!("{} ({})", size(number(value, "size")), amount(value))),
        ("protected", protected(value) + &opened_with(value)),
        ("verified", "yes: read back from the disk, whole".to_owned()),
    ];
    let cannot = reasons("Cannot be restored here:", text::list(value, "not_restorable"));
    format!(
        "Backup {} imported.\n{}{}{cannot}{}",
        word(value, "backup_id"),
        fields(&pairs),
        warnings(value),
        notes(value)
    )
}
