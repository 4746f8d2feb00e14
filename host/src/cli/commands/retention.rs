//! `larder retention`: deletes backups that the retention settings do not keep, and says why.

use clap::Args;
use serde_json::{Value, json};

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::global::Global;
use crate::cli::request::{call, change};
use crate::cli::setup::{print_zone_problems, require_home};
use crate::cli::text::{counted, date};
use crate::cli::value::{flag, list, number, string};
use crate::process::terminal::printable;

#[derive(Debug, Args)]
pub struct Retention {
    /// Show the decisions and delete nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub(crate) fn run(setup: &HostSetup, global: &Global, retention: &Retention) -> anyhow::Result<Answer> {
    require_home(setup)?;
    let dry_run = retention.dry_run;
    let (action, data) = ("backup.retention", json!({"dry_run": dry_run}));
    let json = match dry_run {
        true => {
            let mut host = setup.reader()?;
            print_zone_problems(&host);
            call(&mut host, global, action, data)?
        }
        false => change(setup, global, "retention", action, data)?,
    };
    let failed = json.get("agent_errors").and_then(Value::as_object).is_some_and(|errors| !errors.is_empty());
    let status = if failed { ExitStatus::Partly } else { ExitStatus::Done };
    Ok(Answer { text: describe(&json), status, json })
}

fn describe(value: &Value) -> String {
    let mut text = String::new();
    for location in list(value, "locations") {
        text += &format!("{} ({}):\n", string(location, "agent_id"), string(location, "policy"));
        for decision in list(location, "decisions") {
            // A part of a backup is named only by its file.
            let name = if decision.get("name").is_some_and(Value::is_string) { "name" } else { "file" };
            let (id, name, reason) =
                (string(decision, "backup_id"), string(decision, name), string(decision, "reason"));
            text += &format!("  {id:8}  {:26}  {name}: {reason}\n", date(decision));
        }
        if list(location, "decisions").is_empty() {
            text += "  no backups\n";
        }
    }
    let errors = value.get("agent_errors").and_then(Value::as_object);
    for (agent, error) in errors.into_iter().flatten() {
        text += &format!("{agent}: {}\n", printable(error.as_str().unwrap_or_default(), ""));
    }
    let deleted = number(value, "deleted");
    let verb = if flag(value, "dry_run") { "would be deleted" } else { "deleted" };
    text + &format!("{} {verb}.\n", counted(deleted, "backup", "backups"))
}
