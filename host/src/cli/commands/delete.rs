//! `larder delete`: deletes backups.

use std::io::IsTerminal;

use clap::Args;
use serde_json::json;

use super::list::info;
use crate::assemble::Setting;
use crate::cli::args::Global;
use crate::cli::confirm::confirm;
use crate::cli::host::need_home;
use crate::cli::request::change;
use crate::cli::select::{id, must_be_there};
use crate::cli::text::{date, list, plain, word};
use crate::cli::{Answer, Status, is_interrupted};
use crate::process::terminal::say;

#[derive(Debug, Args)]
pub struct Delete {
    /// Backups' ids or their beginnings, `latest`, `latest-automatic`, or names of files that are not readable as backups
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<String>,
    /// Does not ask
    #[arg(long)]
    pub yes: bool,
    /// Though it is kept by hand (`larder keep`)
    #[arg(long)]
    pub force: bool,
}

pub(crate) fn run(setting: &Setting, global: &Global, delete: &Delete) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let ids: Vec<_> =
        delete.ids.iter().map(|wanted| id(setting, global, wanted)).collect::<anyhow::Result<_>>()?;
    if !delete.yes && std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        confirm(&question(setting, global, &ids)?)?;
    }
    if let [only] = ids.as_slice() {
        return one(setting, global, only, delete.force);
    }
    let (mut told, mut all, mut worst) = (String::new(), Vec::new(), Status::Done);
    for id in &ids {
        match one(setting, global, id, delete.force) {
            Ok(answer) => {
                told += &answer.text;
                all.push(answer.json);
            }
            Err(error) if is_interrupted(&error) => return Err(error),
            Err(error) => {
                say(&format!("error: {}", plain(&format!("{error:#}"), "\n")));
                all.push(json!({"backup_id": id, "error": format!("{error:#}")}));
                worst = Status::Failed;
            }
        }
    }
    Ok(Answer { json: json!({"backups": all}), text: told, status: worst })
}

fn one(setting: &Setting, global: &Global, id: &str, force: bool) -> anyhow::Result<Answer> {
    let json = change(setting, global, "delete", "backup.delete", json!({"backup_id": id, "force": force}))?;
    must_be_there(&json, "file", id)?;
    let text = format!("Backup {} deleted: {}\n", plain(id, ""), word(&json, "file"));
    Ok(Answer { text, status: Status::Done, json })
}

fn question(setting: &Setting, global: &Global, ids: &[String]) -> anyhow::Result<String> {
    let info = info(setting, global)?;
    let line = |id: &String| {
        let known = list(&info, "backups").iter().find(|backup| word(backup, "backup_id") == *id);
        let about = known.map(|backup| format!("  {}  {}", date(backup), word(backup, "name")));
        format!("{}{}\n", plain(id, ""), about.unwrap_or_default())
    };
    let lines: String = ids.iter().map(line).collect();
    Ok(format!("{lines}Delete {}?", if ids.len() == 1 { "this backup" } else { "these backups" }))
}
