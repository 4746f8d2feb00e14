//! `larder restore`: replaces the home by what a backup holds, or fills a new directory.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::args::Global;
use super::ask::call;
use super::host::{merge, say_notices, status};
use super::show::shown;
use super::text::{amount, flag, list, notes, opened_with, reasons, warnings, word};
use super::which::{Read, must_be_there, openable, reference};
use super::{Answer, WrongUse};
use crate::assemble::Setting;
use crate::staging;

#[derive(Debug, Args)]
pub struct Restore {
    #[command(flatten)]
    pub read: Read,
    /// Into a new or empty directory instead of in place
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// Only one part of the home
    #[arg(long, value_enum)]
    pub only: Option<Part>,
    /// Checks everything, changes nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Does not ask before it replaces the home
    #[arg(long)]
    pub yes: bool,
    /// In spite of a newer backup, or of a database that another process has open
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub trust: Trust,
}

/// What is believed of a backup that somebody else may have made.
#[derive(Debug, Args)]
pub struct Trust {
    /// As root, restores set-user-id and set-group-id bits of files of root, too
    #[arg(long)]
    pub keep_setuid: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Everything but the recorder's database
    Homeassistant,
    /// The recorder's database
    Database,
}

pub(super) fn run(mut setting: Setting, global: &Global, restore: &Restore) -> anyhow::Result<Answer> {
    let backup = reference(&mut setting, &restore.read.which)?;
    setting.target.clone_from(&restore.to);
    setting.keep_setuid = restore.trust.keep_setuid;
    // A restore that was cut off is completed or undone before what is there counts.
    if let Some(to) = restore.to.as_ref().filter(|to| !staging::was_interrupted(to)) {
        must_be_empty(to)?;
    } else if restore.to.is_none() && setting.config.is_none() {
        return Err(WrongUse(
            "restore where? Name the home with --config DIR, or a new directory with --to DIR".into(),
        )
        .into());
    }
    let target = restore
        .to
        .as_ref()
        .or(setting.config.as_ref())
        .map(|path| path.display().to_string())
        .unwrap_or_default();
    if restore.to.is_none() && !restore.dry_run && !restore.yes {
        ask(&setting, global, &restore.read.which.backup, backup, &target)?;
    }
    let mut data = openable(&mut setting, global, &restore.read)?;
    let options = json!({
        "restore_homeassistant": restore.only != Some(Part::Database),
        "restore_database": restore.only != Some(Part::Homeassistant),
        "elsewhere": restore.to.is_some(),
        "dry_run": restore.dry_run,
        "force": restore.force,
    });
    merge(&mut data, options);
    let mut host = match (restore.dry_run, &restore.to) {
        (true, _) => setting.reader()?,
        (false, Some(_)) => setting.elsewhere()?,
        (false, None) => setting.writer("restore")?,
    };
    if let Some(to) = &restore.to {
        say_notices(&mut host);
        must_be_empty(to)?;
    }
    let json = call(&mut host, global, "backup.restore", data)?;
    Ok(Answer { text: restored(&json, &target), status: status(&json, &["skipped", "notes"]), json })
}

fn must_be_empty(directory: &Path) -> anyhow::Result<()> {
    match std::fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot use {}", directory.display())),
        Ok(mut entries) => match entries.all(|entry| entry.is_ok_and(|entry| is_own(&entry.file_name()))) {
            true => Ok(()),
            false => Err(WrongUse(format!(
                "{} is not empty; restore to a new directory, or in place without --to",
                directory.display()
            ))
            .into()),
        },
    }
}

/// Names of ours do not count as contents.
fn is_own(name: &std::ffi::OsStr) -> bool {
    name.as_encoded_bytes().starts_with(crate::model::RESERVED_PREFIX)
}

/// Asks before a home is replaced. Without a terminal there is nobody to ask.
fn ask(setting: &Setting, global: &Global, id: &str, backup: Value, target: &str) -> anyhow::Result<()> {
    if !std::io::stdin().is_terminal() {
        return Err(WrongUse(format!(
            "this replaces the home in {target} and nobody can be asked; add --yes"
        ))
        .into());
    }
    let details = call(&mut setting.reader()?, global, "backup.details", backup)?;
    must_be_there(&details, "backup", id)?;
    let question = format!("{}Replace the home in {target} by this backup? [y/N] ", shown(&details));
    std::io::stderr().write_all(question.as_bytes())?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(anyhow::anyhow!("nothing was changed: the answer was not yes")),
    }
}

fn restored(value: &Value, target: &str) -> String {
    let parts = match (flag(value, "restored_homeassistant"), flag(value, "restored_database")) {
        (true, true) => "configuration and database",
        (true, false) => "configuration",
        _ => "database",
    };
    let (id, name) = (word(value, "backup_id"), word(value, "name"));
    let verb = if flag(value, "dry_run") { "could be " } else { "" };
    format!(
        "Backup {id} ({name}) {verb}restored to {target}: {parts}, {}{}.\n{}{}{}{}",
        amount(value),
        opened_with(value),
        warnings(value),
        reasons("Not restored:", list(value, "skipped")),
        notes(value),
        reasons("Links that lead nowhere:", list(value, "dangling"))
    )
}
