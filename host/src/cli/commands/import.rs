//! `larder import`: adds a backup file from elsewhere to the home's backups.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus, WrongUse};
use crate::cli::global::Global;
use crate::cli::secrets::PasswordArgs;
use crate::cli::select::{BackupArg, LocationArg, openable};
use crate::cli::store_action::store;
use crate::cli::text::{content, fields, notes, opened_with, protected, reasons, size, warnings};
use crate::cli::value;
use crate::cli::value::{number, string};
use crate::process::terminal::printable;

#[derive(Debug, Args)]
pub struct Import {
    /// The backup file; it is copied, and the original stays
    pub file: PathBuf,
    #[command(flatten)]
    pub password: PasswordArgs,
}

pub(crate) fn run(mut setup: HostSetup, global: &Global, import: &Import) -> anyhow::Result<Answer> {
    if setup.config.is_none() && setup.backups.is_none() {
        return Err(WrongUse(
            "which home does the backup belong to? Pass it with --config DIR or LARDER_CONFIG".into(),
        )
        .into());
    }
    // An absolute path cannot be mistaken for an id.
    let backup = std::path::absolute(&import.file)?.display().to_string();
    let backup = BackupArg { backup, at: LocationArg::default() };
    let data = openable(&mut setup, global, &backup, &import.password)?;
    let json = store(&setup, global, "import", "backup.import", data)?;
    let directory = setup.places()?.backups.unwrap_or_default();
    Ok(Answer { text: describe(&json, &directory), status: ExitStatus::of(&json, &["notes"]), json })
}

fn describe(value: &Value, directory: &Path) -> String {
    let pairs = [
        ("name", string(value, "name")),
        ("file", format!("{}/{}", printable(&directory.display().to_string(), ""), string(value, "file"))),
        ("size", format!("{} ({})", size(number(value, "size")), content(value))),
        ("protected", protected(value) + &opened_with(value)),
        ("verified", "yes: read back from the disk, complete".to_owned()),
    ];
    let cannot = reasons("Cannot be restored here:", value::list(value, "not_restorable"));
    format!(
        "Backup {} imported.\n{}{}{cannot}{}",
        string(value, "backup_id"),
        fields(&pairs),
        warnings(value),
        notes(value)
    )
}
