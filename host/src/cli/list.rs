//! `larder list`: the backups.

use serde_json::{Value, json};

use super::args::Global;
use super::ask::call;
use super::host::{need_home, status};
use super::text::{date, flag, list, number, plain, reasons, securetar, size, word, yes};
use super::{Answer, Status};
use crate::assemble::Setting;

pub(super) fn run(setting: &Setting, global: &Global) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let json = call(&mut setting.reader()?, global, "backup.info", json!({}))?;
    let failed = json.get("agent_errors").and_then(Value::as_object).is_some_and(|errors| !errors.is_empty());
    let status = if failed { Status::Partly } else { status(&json, &["unreadable"]) };
    Ok(Answer { text: listed(&json), status, json })
}

fn listed(value: &Value) -> String {
    let backups = list(value, "backups");
    let mut text = if backups.is_empty() {
        "No backups.\n".to_owned()
    } else {
        format!("{:8}  {:26}  {:>11}  {:10}  {:11}  NAME\n", "ID", "DATE", "SIZE", "DATABASE", "PROTECTED")
    };
    for backup in backups {
        let database = yes(flag(backup, "database_included"));
        let (id, name) = (word(backup, "backup_id"), word(backup, "name"));
        text += &format!(
            "{id:8}  {:26}  {:>11}  {database:10}  {:11}  {name}\n",
            date(backup),
            size(stored_size(backup)),
            securetar(backup).unwrap_or("no".into())
        );
    }
    let errors = value.get("agent_errors").and_then(Value::as_object);
    for (agent, error) in errors.into_iter().flatten() {
        text += &format!("{agent}: {}\n", plain(error.as_str().unwrap_or_default(), ""));
    }
    text + &reasons("Not readable as backups (`larder delete FILE` removes one):", list(value, "unreadable"))
}

fn agent(backup: &Value) -> Option<&Value> {
    backup.get("agents")?.as_object()?.values().next()
}

pub(super) fn stored_size(backup: &Value) -> u64 {
    agent(backup).map_or(0, |agent| number(agent, "size"))
}
