//! `larder rekey`: another password for a backup, in its place or as a copy.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use serde_json::{Map, Value};

use super::copy::{beside, written};
use crate::assemble::Setting;
use crate::cli::args::Global;
use crate::cli::host::{merge, status};
use crate::cli::request::store;
use crate::cli::secrets;
use crate::cli::secrets::Ring;
use crate::cli::select::{Read, openable};
use crate::cli::text::{opened_with, word};
use crate::cli::{Answer, WrongUse};

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("new").args(["new_password_file", "new_password_prompt", "new_key"])))]
pub struct Rekey {
    #[command(flatten)]
    pub read: Read,
    /// The first line of this file is the new password
    #[arg(long, value_name = "FILE", help_heading = "New password")]
    pub new_password_file: Option<PathBuf>,
    /// Asks for the new password on the terminal
    #[arg(long, help_heading = "New password")]
    pub new_password_prompt: bool,
    /// The key with this label in the key ring opens it from now on
    #[arg(long, value_name = "LABEL", help_heading = "New password")]
    pub new_key: Option<String>,
    /// The version of the encryption: 2 for a Home Assistant before 2026 [default: 3]
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(u8).range(2..=3))]
    pub securetar: Option<u8>,
    /// Writes a copy to this file and leaves the backup as it is [default: the new one takes its place]
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

pub(crate) fn run(mut setting: Setting, global: &Global, rekey: &Rekey) -> anyhow::Result<Answer> {
    let new = new_password(global, rekey)?;
    let mut data = openable(&mut setting, global, &rekey.read.which.backup, &rekey.read.password)?;
    if setting.file.is_some() && rekey.to.is_none() {
        return Err(WrongUse(
            "only a backup of the home is replaced by one with another password; name a file for the copy with --to".into(),
        )
        .into());
    }
    merge(&mut data, new);
    let is_in_place = Map::from_iter([("in_place".to_owned(), Value::Bool(rekey.to.is_none()))]);
    merge(&mut data, is_in_place);
    setting.output.clone_from(&rekey.to);
    let json = match rekey.to {
        Some(_) => beside(&setting, global, "backup.rekey", data)?,
        None => store(&setting, global, "rekey", "backup.rekey", data)?,
    };
    Ok(Answer { text: rekeyed(&json, rekey.to.is_none()), status: status(&json, &["notes"]), json })
}

/// What is to open it from now on, as the action takes it.
fn new_password(global: &Global, rekey: &Rekey) -> anyhow::Result<Map<String, Value>> {
    let mut fields = Map::new();
    if let Some(label) = &rekey.new_key {
        fields.insert("new_key".into(), label.clone().into());
        fields.insert("key_ring".into(), Ring::find(global)?.read()?.into());
    } else if let Some(file) = &rekey.new_password_file {
        fields.insert("new_password".into(), secrets::from_file(file)?.into());
    } else if rekey.new_password_prompt || secrets::can_ask() {
        fields.insert("new_password".into(), secrets::asked_twice("New password: ")?.into());
    }
    fields.extend(rekey.securetar.map(|version| ("securetar".to_owned(), version.into())));
    Ok(fields)
}

fn rekeyed(value: &Value, is_in_place: bool) -> String {
    let (id, name, opened) = (word(value, "backup_id"), word(value, "name"), opened_with(value));
    let how = match is_in_place {
        true => "has another password now; the one before opens it no more",
        false => "was copied under another password; the backup itself has the one before",
    };
    format!("Backup {id} ({name}{opened}) {how}.\n{}", written(value))
}
