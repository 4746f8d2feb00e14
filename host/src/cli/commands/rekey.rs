//! `larder rekey`: changes the password of a backup, in place or in a copy.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use serde_json::{Map, Value};

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus, WrongUse};
use crate::cli::copies::{describe_copy, write_copy};
use crate::cli::global::Global;
use crate::cli::ring_file::Ring;
use crate::cli::secrets;
use crate::cli::select::{ProtectedBackupArgs, openable};
use crate::cli::store_action::store;
use crate::cli::text::opened_with;
use crate::cli::value::{merge, string};

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("new").args(["new_password_file", "new_password_prompt", "new_key"])))]
pub struct Rekey {
    #[command(flatten)]
    pub read: ProtectedBackupArgs,
    /// Use the first line of this file as the new password
    #[arg(long, value_name = "FILE", help_heading = "New password")]
    pub new_password_file: Option<PathBuf>,
    /// Ask for the new password on the terminal
    #[arg(long, help_heading = "New password")]
    pub new_password_prompt: bool,
    /// Use the key with this label from the key ring as the new password
    #[arg(long, value_name = "LABEL", help_heading = "New password")]
    pub new_key: Option<String>,
    /// The SecureTar version: 2 for Home Assistant before 2026 [default: 3]
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(u8).range(2..=3))]
    pub securetar: Option<u8>,
    /// Write a copy to this file and keep the backup unchanged [default: change the backup in place]
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

pub(crate) fn run(mut setup: HostSetup, global: &Global, rekey: &Rekey) -> anyhow::Result<Answer> {
    let new = new_password(global, rekey)?;
    let mut data = openable(&mut setup, global, &rekey.read.target, &rekey.read.password)?;
    if setup.file.is_some() && rekey.to.is_none() {
        return Err(WrongUse(
            "only backups of the home can be changed in place; choose a file for the copy with --to".into(),
        )
        .into());
    }
    merge(&mut data, new);
    let is_in_place = Map::from_iter([("in_place".to_owned(), Value::Bool(rekey.to.is_none()))]);
    merge(&mut data, is_in_place);
    setup.output.clone_from(&rekey.to);
    let json = match rekey.to {
        Some(_) => write_copy(&setup, global, "backup.rekey", data)?,
        None => store(&setup, global, "rekey", "backup.rekey", data)?,
    };
    Ok(Answer { text: describe(&json, rekey.to.is_none()), status: ExitStatus::of(&json, &["notes"]), json })
}

/// The new password or key as fields of the action.
fn new_password(global: &Global, rekey: &Rekey) -> anyhow::Result<Map<String, Value>> {
    let mut fields = Map::new();
    if let Some(label) = &rekey.new_key {
        fields.insert("new_key".into(), label.clone().into());
        fields.insert("key_ring".into(), Ring::find(global)?.read()?.into());
    } else if let Some(file) = &rekey.new_password_file {
        fields.insert("new_password".into(), secrets::password_from_file(file)?.into());
    } else if rekey.new_password_prompt || secrets::can_prompt() {
        fields.insert("new_password".into(), secrets::prompt_twice("New password: ")?.into());
    }
    fields.extend(rekey.securetar.map(|version| ("securetar".to_owned(), version.into())));
    Ok(fields)
}

fn describe(value: &Value, is_in_place: bool) -> String {
    let (id, name, opened) = (string(value, "backup_id"), string(value, "name"), opened_with(value));
    let how = match is_in_place {
        true => "now has the new password; the old one no longer opens it",
        false => "was copied with the new password; the backup itself keeps the old one",
    };
    format!("Backup {id} ({name}{opened}) {how}.\n{}", describe_copy(value))
}
