//! Which backup is meant, and what opens it.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value, json};

use super::WrongUse;
use super::args::Global;
use super::commands::check_password::{CHECK, verdict};
use super::commands::list::info;
use super::host::{merge, need_home};
use super::request::call;
use super::secrets::{self, Password};
use super::text::{self, flag, instant, list, time, word};
use crate::assemble::Setting;
use crate::process::terminal::say;
use crate::runtime::Failure;
use crate::storage::locations::{InputFile, LocalDirectory};

#[derive(Debug, Args)]
pub struct Which {
    /// A backup's id or its beginning, `latest`, `latest-automatic`, or the path of a backup file
    #[arg(value_name = "ID|FILE")]
    pub backup: String,
}

/// A backup that may be protected.
#[derive(Debug, Args)]
pub struct Read {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub password: Password,
}

const LATEST: &str = "latest";
const LATEST_AUTOMATIC: &str = "latest-automatic";
/// Characters of the ids that Home Assistant and Larder give.
const ID: usize = 8;

/// Whether what a person wrote is a file rather than an id.
fn named_file(backup: &str) -> Option<PathBuf> {
    let is_word = [LATEST, LATEST_AUTOMATIC].contains(&backup);
    let is_file = backup.contains('/') || backup.ends_with(".tar") || Path::new(backup).is_file();
    (is_file && !is_word).then(|| PathBuf::from(backup))
}

/// The backup that is meant, as actions take it; a file becomes readable through the setting.
pub(super) fn reference(setting: &mut Setting, global: &Global, wanted: &str) -> anyhow::Result<Value> {
    setting.file = named_file(wanted);
    need_home(setting)?;
    Ok(match &setting.file {
        Some(_) => json!({"agent_id": InputFile::ID}),
        None => json!({"agent_id": LocalDirectory::ID, "backup_id": id(setting, global, wanted)?}),
    })
}

/// The id that is meant. What fits no backup stays as it is: whoever looks for it says so.
pub(super) fn id(setting: &Setting, global: &Global, wanted: &str) -> anyhow::Result<String> {
    let is_whole = wanted.len() == ID && wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_whole {
        return Ok(wanted.to_owned());
    }
    chosen(list(&info(setting, global)?, "backups"), wanted)
}

fn chosen(backups: &[Value], wanted: &str) -> anyhow::Result<String> {
    let is_automatic = |backup: &&Value| flag(backup, "with_automatic_settings");
    match wanted {
        LATEST => newest(backups.iter()).ok_or_else(|| none("there are no backups")),
        LATEST_AUTOMATIC => newest(backups.iter().filter(is_automatic))
            .ok_or_else(|| none("there is no automatic backup; `larder list` shows the others")),
        _ => by_beginning(backups, wanted),
    }
}

fn by_beginning(backups: &[Value], wanted: &str) -> anyhow::Result<String> {
    let mut ids: Vec<_> = backups.iter().map(|backup| word(backup, "backup_id")).collect();
    ids.retain(|id| !wanted.is_empty() && id.starts_with(wanted));
    ids.dedup();
    match ids.as_slice() {
        [only] => Ok(only.clone()),
        several if several.iter().any(|id| id == wanted) => Ok(wanted.to_owned()),
        [] => Ok(wanted.to_owned()),
        several => Err(WrongUse(format!(
            "{} backups begin with {wanted}: {}; write more of the id",
            several.len(),
            several.join(", ")
        ))
        .into()),
    }
}

/// The newest backup that was made before an instant (seconds since 1970).
pub(super) fn latest_before(
    setting: &Setting,
    global: &Global,
    before: i64,
    shown: &str,
) -> anyhow::Result<String> {
    let info = info(setting, global)?;
    let is_older = |backup: &&Value| instant(backup, "date").is_some_and(|date| date < before);
    let found = newest(list(&info, "backups").iter().filter(is_older));
    found.ok_or_else(|| none(&format!("there is no backup from before {shown}; `larder list` shows all")))
}

fn newest<'a>(backups: impl Iterator<Item = &'a Value>) -> Option<String> {
    let newest = backups.max_by_key(|backup| time(backup, "date"));
    newest.map(|backup| word(backup, "backup_id"))
}

fn none(message: &str) -> anyhow::Error {
    Failure { code: "backup_not_found".into(), message: message.into() }.into()
}

/// Home Assistant answers with nothing about what is not there; a person should hear of it.
pub(super) fn must_be_there(answer: &Value, key: &str, id: &str) -> anyhow::Result<()> {
    match answer.get(key).is_some_and(Value::is_null) {
        false => Ok(()),
        true => {
            let message = format!("there is no backup {id}; `larder list` shows those that are there");
            Err(Failure { code: "backup_not_found".into(), message }.into())
        }
    }
}

/// How often a person may mistype.
const ATTEMPTS: u32 = 3;

/// A backup and what opens it, as actions take it. Where nothing that was given opens it, a person on a terminal is asked.
pub(super) fn openable(
    setting: &mut Setting,
    global: &Global,
    wanted: &str,
    password: &Password,
) -> anyhow::Result<Value> {
    let backup = reference(setting, global, wanted)?;
    let given = secrets::given_or_ring(global, password)?;
    let with = |given: Map<String, Value>| {
        let mut data = backup.clone();
        merge(&mut data, given);
        data
    };
    if given.contains_key("password") || given.contains_key("key") || !secrets::can_ask() {
        return Ok(with(given));
    }
    let mut check = call(&mut setting.reader()?, global, CHECK, with(given.clone()))?;
    let mut given = given;
    for _ in 0..ATTEMPTS {
        if verdict(&check) != "wrong" {
            break;
        }
        let password = secrets::asked(&format!("Password of {}: ", text::word(&check, "name")))?;
        given = Map::from_iter([("password".to_owned(), password.into())]);
        check = call(&mut setting.reader()?, global, CHECK, with(given.clone()))?;
        if verdict(&check) == "wrong" {
            say("It does not fit.");
        }
    }
    Ok(with(given))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::chosen;

    fn backup(id: &str, date: &str, automatic: bool) -> Value {
        json!({"backup_id": id, "date": date, "with_automatic_settings": automatic})
    }

    #[test]
    fn a_backup_is_meant_by_the_beginning_of_its_id_or_as_the_latest() {
        let backups = [
            // Written later than the next one by the text alone.
            backup("1a2b3c4d", "2026-10-25T02:30:00.000000+01:00", false),
            backup("1affffff", "2026-10-25T02:40:00.000000+02:00", true),
            backup("9", "2026-01-01T00:00:00.000000+01:00", true),
            backup("99", "2025-01-01T00:00:00.000000+01:00", false),
        ];
        let cases = [
            ("latest", Ok("1a2b3c4d")),
            ("latest-automatic", Ok("1affffff")),
            ("1a2", Ok("1a2b3c4d")),
            ("1a", Err("2 backups begin with 1a: 1a2b3c4d, 1affffff; write more of the id")),
            // One id may be the beginning of another.
            ("9", Ok("9")),
            // Not there: whoever looks for it says so.
            ("7", Ok("7")),
            ("", Ok("")),
        ];
        for (wanted, expected) in cases {
            let found = chosen(&backups, wanted).map_err(|error| error.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{wanted}");
        }
        assert_eq!(chosen(&[], "latest").unwrap_err().to_string(), "there are no backups");
    }
}
