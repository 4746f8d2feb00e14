//! `larder delete`: deletes backups.

use std::io::IsTerminal;

use clap::Args;
use serde_json::json;

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::backups::info;
use crate::cli::confirm::confirm;
use crate::cli::global::Global;
use crate::cli::interrupt::is_interrupted;
use crate::cli::locations;
use crate::cli::request::change;
use crate::cli::select::{id, must_be_there};
use crate::cli::setup::require_home;
use crate::cli::text::date;
use crate::cli::value::{list, string};
use crate::process::terminal::{self, printable};
use crate::storage::locations::DirectoryLocation;

#[derive(Debug, Args)]
pub struct Delete {
    /// Ids of backups or the start of them, `latest`, `latest-automatic`, or names of files that are not readable as backups
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<String>,
    /// Delete the copy in this location (`larder locations`) instead of the home's own; `all` deletes every copy
    #[arg(long, value_name = "NAME")]
    pub location: Option<String>,
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// Delete even backups that are marked as kept (`larder keep`)
    #[arg(long)]
    pub force: bool,
}

pub(crate) fn run(setup: &HostSetup, global: &Global, delete: &Delete) -> anyhow::Result<Answer> {
    require_home(setup)?;
    let ids: Vec<_> =
        delete.ids.iter().map(|wanted| id(setup, global, wanted)).collect::<anyhow::Result<_>>()?;
    if !delete.yes && std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        confirm(&question(setup, global, &ids)?)?;
    }
    if let [only] = ids.as_slice() {
        return everywhere(setup, global, only, delete);
    }
    let (mut text, mut all, mut worst) = (String::new(), Vec::new(), ExitStatus::Done);
    for id in &ids {
        match everywhere(setup, global, id, delete) {
            Ok(answer) => {
                text += &answer.text;
                all.push(answer.json);
            }
            Err(error) if is_interrupted(&error) => return Err(error),
            Err(error) => {
                terminal::error(&printable(&format!("{error:#}"), "\n"));
                all.push(json!({"backup_id": id, "error": format!("{error:#}")}));
                worst = ExitStatus::Failed;
            }
        }
    }
    Ok(Answer { json: json!({"backups": all}), text, status: worst })
}

/// Deletes the copies that are meant.
fn everywhere(setup: &HostSetup, global: &Global, id: &str, delete: &Delete) -> anyhow::Result<Answer> {
    let agents = match delete.location.as_deref() {
        None => vec![DirectoryLocation::LOCAL.to_owned()],
        Some(ALL) => holders(setup, global, id)?,
        Some(name) => vec![locations::id(setup, name)?],
    };
    let (mut text, mut all) = (String::new(), Vec::new());
    for agent in &agents {
        let answer = one(setup, global, id, agent, delete.force)?;
        text += &answer.text;
        let mut json = answer.json;
        if let Some(fields) = json.as_object_mut() {
            fields.insert("agent_id".into(), agent.clone().into());
        }
        all.push(json);
    }
    let json = if agents.len() == 1 { all.pop().unwrap_or_default() } else { json!({"copies": all}) };
    Ok(Answer { text, status: ExitStatus::Done, json })
}

/// Every copy.
const ALL: &str = "all";

/// The locations that have a backup.
fn holders(setup: &HostSetup, global: &Global, id: &str) -> anyhow::Result<Vec<String>> {
    let info = info(setup, global)?;
    let backup = list(&info, "backups").iter().find(|backup| string(backup, "backup_id") == id);
    let agents = backup.and_then(|backup| backup.get("agents")).and_then(serde_json::Value::as_object);
    match agents {
        Some(agents) => Ok(agents.keys().cloned().collect()),
        None => Ok(vec![DirectoryLocation::LOCAL.to_owned()]),
    }
}

fn one(setup: &HostSetup, global: &Global, id: &str, agent: &str, force: bool) -> anyhow::Result<Answer> {
    let data = json!({"agent_id": agent, "backup_id": id, "force": force});
    let json = change(setup, global, "delete", "backup.delete", data)?;
    must_be_there(&json, "file", id)?;
    let from = if agent == DirectoryLocation::LOCAL { String::new() } else { format!(" from {agent}") };
    let text = format!("Backup {} deleted{from}: {}\n", printable(id, ""), string(&json, "file"));
    Ok(Answer { text, status: ExitStatus::Done, json })
}

fn question(setup: &HostSetup, global: &Global, ids: &[String]) -> anyhow::Result<String> {
    let info = info(setup, global)?;
    let line = |id: &String| {
        let known = list(&info, "backups").iter().find(|backup| string(backup, "backup_id") == *id);
        let about = known.map(|backup| format!("  {}  {}", date(backup), string(backup, "name")));
        format!("{}{}\n", printable(id, ""), about.unwrap_or_default())
    };
    let lines: String = ids.iter().map(line).collect();
    Ok(format!("{lines}Delete {}?", if ids.len() == 1 { "this backup" } else { "these backups" }))
}
