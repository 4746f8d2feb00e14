//! `larder import`: a foreign backup file becomes one of the home's.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use crate::assemble::Setting;
use crate::cli::args::Global;
use crate::cli::host::status;
use crate::cli::request::store;
use crate::cli::secrets::Password;
use crate::cli::select::openable;
use crate::cli::text::{
    amount, fields, notes, number, opened_with, protected, reasons, size, warnings, word,
};
use crate::cli::{Answer, WrongUse, text};

#[derive(Debug, Args)]
pub struct Import {
    /// The backup file; it is copied and stays where it is
    pub file: PathBuf,
    #[command(flatten)]
    pub password: Password,
}

pub(crate) fn run(mut setting: Setting, global: &Global, import: &Import) -> anyhow::Result<Answer> {
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
