//! `larder delete`: deletes backups.

use std::io::IsTerminal;

use clap::Args;
use serde_json::{Value, json};

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::backups::info;
use crate::cli::confirm::confirm;
use crate::cli::global::Global;
use crate::cli::interrupt::is_interrupted;
use crate::cli::locations;
use crate::cli::request::change;
use crate::cli::select::{id, no_backup, not_found};
use crate::cli::setup::require_home;
use crate::cli::text::{date, failures};
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
        Some(ALL) => match holders(&info(setup, global)?, id) {
            found if found.is_empty() => vec![DirectoryLocation::LOCAL.to_owned()],
            found => found,
        },
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
fn holders(info: &Value, id: &str) -> Vec<String> {
    let backup = list(info, "backups").iter().find(|backup| string(backup, "backup_id") == id);
    let agents = backup.and_then(|backup| backup.get("agents")).and_then(Value::as_object);
    agents.into_iter().flatten().map(|(agent, _)| agent.clone()).collect()
}

fn one(setup: &HostSetup, global: &Global, id: &str, agent: &str, force: bool) -> anyhow::Result<Answer> {
    let data = json!({"agent_id": agent, "backup_id": id, "force": force});
    let json = change(setup, global, "delete", "backup.delete", data)?;
    if json.get("file").is_some_and(Value::is_null) {
        return Err(not_there(setup, global, id, agent)?);
    }
    let from = if agent == DirectoryLocation::LOCAL { String::new() } else { format!(" from {agent}") };
    let text = format!("Backup {} deleted{from}: {}\n", printable(id, ""), string(&json, "file"));
    Ok(Answer { text, status: ExitStatus::Done, json })
}

/// Why nothing was deleted in a location. A backup that is elsewhere is named with its place: that copy may be the last one, so it is
/// deleted only by name.
fn not_there(setup: &HostSetup, global: &Global, id: &str, agent: &str) -> anyhow::Result<anyhow::Error> {
    let info = info(setup, global)?;
    let mut elsewhere = holders(&info, id);
    // A listing may be some seconds old.
    elsewhere.retain(|holder| holder != agent);
    Ok(match (elsewhere.is_empty(), failures(&info).first()) {
        (true, None) => no_backup(id),
        (true, Some((other, error))) => not_found(&format!(
            "there is no backup {id} in {agent}; whether {other} has it is unknown: {error}"
        )),
        (false, _) => not_found(&format!(
            "there is no copy of backup {id} in {agent}, but in {}; choose with --location, or delete all with `--location all`",
            elsewhere.join(", ")
        )),
    })
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
