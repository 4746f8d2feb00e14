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
use crate::cli::request::change;
use crate::cli::select::{id, must_be_there};
use crate::cli::setup::require_home;
use crate::cli::text::date;
use crate::cli::value::{list, string};
use crate::process::terminal::{self, printable};

#[derive(Debug, Args)]
pub struct Delete {
    /// Ids of backups or the start of them, `latest`, `latest-automatic`, or names of files that are not readable as backups
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<String>,
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
        return one(setup, global, only, delete.force);
    }
    let (mut text, mut all, mut worst) = (String::new(), Vec::new(), ExitStatus::Done);
    for id in &ids {
        match one(setup, global, id, delete.force) {
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

fn one(setup: &HostSetup, global: &Global, id: &str, force: bool) -> anyhow::Result<Answer> {
    let json = change(setup, global, "delete", "backup.delete", json!({"backup_id": id, "force": force}))?;
    must_be_there(&json, "file", id)?;
    let text = format!("Backup {} deleted: {}\n", printable(id, ""), string(&json, "file"));
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
