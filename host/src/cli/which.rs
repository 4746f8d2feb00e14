//! Which backup is meant, and what opens it.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value, json};

use super::args::Global;
use super::ask::call;
use super::check_password::{CHECK, verdict};
use super::host::{merge, need_home};
use super::secrets::{self, Password};
use super::text;
use crate::assemble::Setting;
use crate::locations::{LocalDirectory, SingleFile};
use crate::runtime::Failure;
use crate::terminal::say;

#[derive(Debug, Args)]
pub struct Which {
    /// A backup's id, or the path of a backup file
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

/// Whether what a person wrote is a file rather than an id.
fn named_file(backup: &str) -> Option<PathBuf> {
    let is_file = backup.contains('/') || backup.ends_with(".tar") || Path::new(backup).is_file();
    is_file.then(|| PathBuf::from(backup))
}

/// The backup that is meant, as actions take it; a file becomes readable through the setting.
pub(super) fn reference(setting: &mut Setting, which: &Which) -> anyhow::Result<Value> {
    setting.file = named_file(&which.backup);
    need_home(setting)?;
    Ok(match &setting.file {
        Some(_) => json!({"agent_id": SingleFile::ID}),
        None => json!({"agent_id": LocalDirectory::ID, "backup_id": which.backup}),
    })
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
pub(super) fn openable(setting: &mut Setting, global: &Global, read: &Read) -> anyhow::Result<Value> {
    let backup = reference(setting, &read.which)?;
    let given = secrets::given_or_ring(global, &read.password)?;
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
