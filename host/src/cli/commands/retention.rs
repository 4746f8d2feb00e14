//! `larder retention`: deletes what the settings do not keep, and says why.

use clap::Args;
use serde_json::{Value, json};

use crate::assemble::Setting;
use crate::cli::args::Global;
use crate::cli::host::{need_home, say_zone_problems};
use crate::cli::request::{call, change};
use crate::cli::text::{date, flag, list, many, number, plain, word};
use crate::cli::{Answer, Status};

#[derive(Debug, Args)]
pub struct Retention {
    /// Says it and deletes nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub(crate) fn run(setting: &Setting, global: &Global, retention: &Retention) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let dry_run = retention.dry_run;
    let (action, data) = ("backup.retention", json!({"dry_run": dry_run}));
    let json = match dry_run {
        true => {
            let mut host = setting.reader()?;
            say_zone_problems(&host);
            call(&mut host, global, action, data)?
        }
        false => change(setting, global, "retention", action, data)?,
    };
    let failed = json.get("agent_errors").and_then(Value::as_object).is_some_and(|errors| !errors.is_empty());
    let status = if failed { Status::Partly } else { Status::Done };
    Ok(Answer { text: shown(&json), status, json })
}

fn shown(value: &Value) -> String {
    let mut text = String::new();
    for location in list(value, "locations") {
        text += &format!("{} ({}):\n", word(location, "agent_id"), word(location, "policy"));
        for decision in list(location, "decisions") {
            // A part of a backup has no other name than its file's.
            let name = if decision.get("name").is_some_and(Value::is_string) { "name" } else { "file" };
            let (id, name, reason) =
                (word(decision, "backup_id"), word(decision, name), word(decision, "reason"));
            text += &format!("  {id:8}  {:26}  {name}: {reason}\n", date(decision));
        }
        if list(location, "decisions").is_empty() {
            text += "  no backups\n";
        }
    }
    let errors = value.get("agent_errors").and_then(Value::as_object);
    for (agent, error) in errors.into_iter().flatten() {
        text += &format!("{agent}: {}\n", plain(error.as_str().unwrap_or_default(), ""));
    }
    let deleted = number(value, "deleted");
    let verb = if flag(value, "dry_run") { "would be deleted" } else { "deleted" };
    text + &format!("{} {verb}.\n", many(deleted, "backup", "backups"))
}
