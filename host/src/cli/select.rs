//! Selecting the backup that a command is about, and the password or keys that open it.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value, json};

use super::answer::WrongUse;
use super::backups::{info, info_of};
use super::global::Global;
use super::locations;
use super::password_check;
use super::secrets;
use super::secrets::PasswordArgs;
use super::setup::require_home;
use super::text::failures;
use super::value;
use super::value::{flag, instant, list, merge, string, time};
use crate::assemble::HostSetup;
use crate::process::terminal;
use crate::runtime::Failure;
use crate::storage::locations::{DirectoryLocation, InputFile};

/// One backup.
#[derive(Debug, Clone, Args)]
pub struct BackupArg {
    /// A backup's id or the start of it, `latest`, `latest-automatic`, or the path of a backup file
    #[arg(value_name = "ID|FILE")]
    pub backup: String,
    #[command(flatten)]
    pub at: LocationArg,
}

/// Where the backup is.
#[derive(Debug, Clone, Default, Args)]
pub struct LocationArg {
    /// Use the copy in this location (`larder locations`) instead of the home's own
    #[arg(long, value_name = "NAME")]
    pub location: Option<String>,
}

/// One backup that may be protected, and its password.
#[derive(Debug, Args)]
pub struct ProtectedBackupArgs {
    #[command(flatten)]
    pub target: BackupArg,
    #[command(flatten)]
    pub password: PasswordArgs,
}

/// How far a backup is trusted that someone else may have made.
#[derive(Debug, Args)]
pub struct TrustArgs {
    /// As root, also restore set-user-id and set-group-id bits of files that root owns
    #[arg(long)]
    pub keep_setuid: bool,
}

const LATEST: &str = "latest";
const LATEST_AUTOMATIC: &str = "latest-automatic";
/// The length of backup ids in characters.
const ID_LENGTH: usize = 8;

/// The path, if an argument names a file and not an id.
fn named_file(backup: &str) -> Option<PathBuf> {
    let is_keyword = [LATEST, LATEST_AUTOMATIC].contains(&backup);
    let is_file = backup.contains('/') || backup.ends_with(".tar") || Path::new(backup).is_file();
    (is_file && !is_keyword).then(|| PathBuf::from(backup))
}

/// A backup as actions take it. A file is added to the setup, so that the host can read it.
pub(super) fn reference(setup: &mut HostSetup, global: &Global, wanted: &BackupArg) -> anyhow::Result<Value> {
    setup.file = named_file(&wanted.backup).filter(|_| wanted.at.location.is_none());
    require_home(setup)?;
    if setup.file.is_some() {
        return Ok(json!({"agent_id": InputFile::ID}));
    }
    let at = match &wanted.at.location {
        Some(name) => Some(locations::id(setup, name)?),
        None => None,
    };
    // Without other locations there is nothing to look up for a whole id.
    if is_whole(&wanted.backup) && (at.is_some() || setup.locations.is_empty()) {
        let at = at.unwrap_or_else(|| DirectoryLocation::LOCAL.to_owned());
        return Ok(json!({"agent_id": at, "backup_id": wanted.backup}));
    }
    let info = match &at {
        Some(at) => info_of(setup, global, at)?,
        None => info(setup, global)?,
    };
    let backups = list(&info, "backups");
    // A location that does not answer may have it.
    if let (true, Some((_, failure))) = (backups.is_empty(), failures(&info).into_iter().next()) {
        return Err(Failure { code: "unreachable".into(), message: failure }.into());
    }
    let id = find_id(backups, &wanted.backup)?;
    let at = at.unwrap_or_else(|| holder(backups, &id));
    Ok(json!({"agent_id": at, "backup_id": id}))
}

/// The location that a command reads a backup from: the home's own if it is there, else the first that has it.
fn holder(backups: &[Value], id: &str) -> String {
    let backup = backups.iter().find(|backup| string(backup, "backup_id") == id);
    let agents = backup.and_then(|backup| backup.get("agents")).and_then(Value::as_object);
    let local = DirectoryLocation::LOCAL;
    match agents {
        Some(agents) if !agents.contains_key(local) => agents.keys().next().cloned(),
        _ => None,
    }
    .unwrap_or_else(|| local.to_owned())
}

fn is_whole(wanted: &str) -> bool {
    wanted.len() == ID_LENGTH && wanted.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The whole id of a backup. An argument that matches no backup is returned unchanged; the action then reports it.
pub(super) fn id(setup: &HostSetup, global: &Global, wanted: &str) -> anyhow::Result<String> {
    if is_whole(wanted) {
        return Ok(wanted.to_owned());
    }
    find_id(list(&info(setup, global)?, "backups"), wanted)
}

fn find_id(backups: &[Value], wanted: &str) -> anyhow::Result<String> {
    let is_automatic = |backup: &&Value| flag(backup, "with_automatic_settings");
    match wanted {
        LATEST => newest(backups.iter()).ok_or_else(|| not_found("there are no backups")),
        LATEST_AUTOMATIC => newest(backups.iter().filter(is_automatic))
            .ok_or_else(|| not_found("there is no automatic backup; `larder list` shows the others")),
        _ => by_prefix(backups, wanted),
    }
}

fn by_prefix(backups: &[Value], wanted: &str) -> anyhow::Result<String> {
    let mut ids: Vec<_> = backups.iter().map(|backup| string(backup, "backup_id")).collect();
    ids.retain(|id| !wanted.is_empty() && id.starts_with(wanted));
    ids.dedup();
    match ids.as_slice() {
        [only] => Ok(only.clone()),
        several if several.iter().any(|id| id == wanted) => Ok(wanted.to_owned()),
        [] => Ok(wanted.to_owned()),
        several => Err(WrongUse(format!(
            "{} backup ids start with {wanted}: {}; write more of the id",
            several.len(),
            several.join(", ")
        ))
        .into()),
    }
}

/// The newest backup made before an instant, in seconds since 1970. `shown` is the instant as the user wrote it.
pub(super) fn latest_before(
    setup: &HostSetup,
    global: &Global,
    before: i64,
    shown: &str,
) -> anyhow::Result<String> {
    let info = info(setup, global)?;
    let is_older = |backup: &&Value| instant(backup, "date").is_some_and(|date| date < before);
    let found = newest(list(&info, "backups").iter().filter(is_older));
    found.ok_or_else(|| {
        not_found(&format!("there is no backup from before {shown}; `larder list` shows all backups"))
    })
}

fn newest<'a>(backups: impl Iterator<Item = &'a Value>) -> Option<String> {
    let newest = backups.max_by_key(|backup| time(backup, "date"));
    newest.map(|backup| string(backup, "backup_id"))
}

pub(super) fn not_found(message: &str) -> anyhow::Error {
    Failure { code: "backup_not_found".into(), message: message.into() }.into()
}

/// An error if an answer has null in `key`. That is how Home Assistant's protocol answers for a backup that does not exist.
pub(super) fn must_be_there(answer: &Value, key: &str, id: &str) -> anyhow::Result<()> {
    match answer.get(key).is_some_and(Value::is_null) {
        false => Ok(()),
        true => Err(no_backup(id)),
    }
}

pub(super) fn no_backup(id: &str) -> anyhow::Error {
    not_found(&format!("there is no backup {id}; `larder list` shows all backups"))
}

/// How many passwords the user may try.
const ATTEMPTS: u32 = 3;

/// A backup and the password or keys that open it, as actions take them. If none was given that opens it, asks on the terminal.
pub(super) fn openable(
    setup: &mut HostSetup,
    global: &Global,
    wanted: &BackupArg,
    password: &PasswordArgs,
) -> anyhow::Result<Value> {
    let backup = reference(setup, global, wanted)?;
    let given = secrets::given_or_key_ring(global, password)?;
    let with = |given: Map<String, Value>| {
        let mut data = backup.clone();
        merge(&mut data, given);
        data
    };
    if given.contains_key("password") || given.contains_key("key") || !secrets::can_prompt() {
        return Ok(with(given));
    }
    let mut check = password_check::check(setup, global, with(given.clone()))?;
    let mut given = given;
    for _ in 0..ATTEMPTS {
        if password_check::verdict(&check) != "wrong" {
            break;
        }
        let password = secrets::prompt(&format!("Password for {}: ", value::string(&check, "name")))?;
        given = Map::from_iter([("password".to_owned(), password.into())]);
        check = password_check::check(setup, global, with(given.clone()))?;
        if password_check::verdict(&check) == "wrong" {
            terminal::message("Wrong password.");
        }
    }
    Ok(with(given))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::find_id;

    fn backup(id: &str, date: &str, automatic: bool) -> Value {
        json!({"backup_id": id, "date": date, "with_automatic_settings": automatic})
    }

    #[test]
    fn a_backup_is_found_by_the_start_of_its_id_or_as_the_latest() {
        let backups = [
            // Sorts behind the next one as text, but is newer.
            backup("1a2b3c4d", "2026-10-25T02:30:00.000000+01:00", false),
            backup("1affffff", "2026-10-25T02:40:00.000000+02:00", true),
            backup("9", "2026-01-01T00:00:00.000000+01:00", true),
            backup("99", "2025-01-01T00:00:00.000000+01:00", false),
        ];
        let cases = [
            ("latest", Ok("1a2b3c4d")),
            ("latest-automatic", Ok("1affffff")),
            ("1a2", Ok("1a2b3c4d")),
            ("1a", Err("2 backup ids start with 1a: 1a2b3c4d, 1affffff; write more of the id")),
            // One id may be the start of another.
            ("9", Ok("9")),
            // Unknown: the action reports it.
            ("7", Ok("7")),
            ("", Ok("")),
        ];
        for (wanted, expected) in cases {
            let found = find_id(&backups, wanted).map_err(|error| error.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{wanted}");
        }
        assert_eq!(find_id(&[], "latest").unwrap_err().to_string(), "there are no backups");
    }
}
