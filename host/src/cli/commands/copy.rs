//! `larder encrypt` and `larder decrypt`: a copy of a backup, protected or not.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use crate::assemble::{Places, Setting};
use crate::cli::args::Global;
use crate::cli::host::{merge, status};
use crate::cli::request::call;
use crate::cli::secrets;
use crate::cli::secrets::{Password, Protect};
use crate::cli::select::{Read, Which, openable, reference};
use crate::cli::text::{
    fields, flag, many, notes, number, opened_with, protected, securetar, size, warnings, word, yes,
};
use crate::cli::{Answer, WrongUse};

#[derive(Debug, Args)]
pub struct Encrypt {
    #[command(flatten)]
    pub which: Which,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    #[command(flatten)]
    pub protect: Protect,
}

#[derive(Debug, Args)]
pub struct Decrypt {
    #[command(flatten)]
    pub read: Read,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
}

pub(crate) fn encrypt(mut setting: Setting, global: &Global, encrypt: &Encrypt) -> anyhow::Result<Answer> {
    let mut data = reference(&mut setting, global, &encrypt.which.backup)?;
    setting.output = Some(encrypt.to.clone());
    let mut fields = secrets::protection(global, &encrypt.protect)?;
    if fields.is_empty() && secrets::can_ask() {
        let password = Password { password_prompt: true, ..Password::default() };
        fields = secrets::given_for_new(global, &password)?;
    }
    merge(&mut data, fields);
    copy(&setting, global, "backup.encrypt", data)
}

pub(crate) fn decrypt(mut setting: Setting, global: &Global, decrypt: &Decrypt) -> anyhow::Result<Answer> {
    let data = openable(&mut setting, global, &decrypt.read.which.backup, &decrypt.read.password)?;
    setting.output = Some(decrypt.to.clone());
    copy(&setting, global, "backup.decrypt", data)
}

fn copy(setting: &Setting, global: &Global, action: &str, data: Value) -> anyhow::Result<Answer> {
    let json = beside(setting, global, action, data)?;
    Ok(Answer { text: copied(&json), status: status(&json, &["notes"]), json })
}

/// Writes a copy of a backup, not among the backups: two of one id would be one too many.
pub(crate) fn beside(setting: &Setting, global: &Global, action: &str, data: Value) -> anyhow::Result<Value> {
    let mut host = setting.elsewhere()?;
    let Places { backups, output, .. } = &host.places;
    if output.as_ref().and_then(|output| output.parent()) == backups.as_deref() {
        return Err(WrongUse(
            "a copy beside the backups would be a second one of the same id; write it elsewhere".into(),
        )
        .into());
    }
    call(&mut host, global, action, data)
}

fn copied(value: &Value) -> String {
    let verb = if securetar(value).is_some() { "Encrypted" } else { "Decrypted" };
    let (id, name, opened) = (word(value, "backup_id"), word(value, "name"), opened_with(value));
    format!("{verb} copy of backup {id} ({name}) written{opened}.\n{}", written(value))
}

/// What was written, and what is to be said of it.
pub(crate) fn written(value: &Value) -> String {
    let parts = many(number(value, "parts"), "part", "parts");
    let pairs = [
        ("file", word(value, "file")),
        ("size", format!("{} ({parts})", size(number(value, "size")))),
        ("protected", protected(value)),
        ("verified", format!("{}: read back from the disk, equal", yes(flag(value, "verified")))),
    ];
    fields(&pairs) + &warnings(value) + &notes(value)
}
