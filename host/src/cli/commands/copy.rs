//! `larder copy`: stores existing backups in another location as well.

use clap::Args;
use serde_json::{Value, json};

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus, WrongUse};
use crate::cli::backups::info;
use crate::cli::global::Global;
use crate::cli::interrupt::is_interrupted;
use crate::cli::locations;
use crate::cli::request::change;
use crate::cli::select::{BackupArg, LocationArg, reference};
use crate::cli::text::{counted, fields, notes, size, warnings, yes_no};
use crate::cli::value::{flag, list, number, string};
use crate::process::terminal::{self, printable};

#[derive(Debug, Args)]
pub struct Copy {
    /// Ids of backups or the start of them, `latest` or `latest-automatic`
    #[arg(value_name = "ID", required_unless_present = "all")]
    pub ids: Vec<String>,
    /// Copy every backup that the location does not have
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    /// The location that gets the copy
    #[arg(long, value_name = "NAME")]
    pub to: String,
    #[command(flatten)]
    pub at: LocationArg,
}

pub(crate) fn run(setup: &HostSetup, global: &Global, copy: &Copy) -> anyhow::Result<Answer> {
    let to = locations::id(setup, &copy.to)?;
    let wanted = if copy.all { missing(setup, global, copy, &to)? } else { copy.ids.clone() };
    if let ([only], false) = (wanted.as_slice(), copy.all) {
        return one(setup, global, copy, only, &to);
    }
    let (mut text, mut all, mut worst, mut done) = (String::new(), Vec::new(), ExitStatus::Done, 0);
    for id in &wanted {
        match one(setup, global, copy, id, &to) {
            Ok(answer) => {
                text += &answer.text;
                all.push(answer.json);
                worst = worst.worse(answer.status);
                done += 1;
            }
            Err(error) if is_interrupted(&error) => return Err(error),
            Err(error) => {
                terminal::error(&printable(&format!("{id}: {error:#}"), "\n"));
                all.push(json!({"backup_id": id, "error": format!("{error:#}")}));
                worst = ExitStatus::Failed;
            }
        }
    }
    text += &format!("{} copied to {to}.\n", counted(done, "backup", "backups"));
    Ok(Answer { json: json!({"backups": all}), text, status: worst })
}

/// The backups that a location does not have, oldest first.
fn missing(setup: &HostSetup, global: &Global, copy: &Copy, to: &str) -> anyhow::Result<Vec<String>> {
    if copy.at.location.is_some() {
        return Err(WrongUse("--all copies from wherever a backup is; leave --location out".into()).into());
    }
    let info = info(setup, global)?;
    let lacks = |backup: &&Value| backup.get("agents").is_some_and(|agents| agents.get(to).is_none());
    let ids = list(&info, "backups").iter().filter(lacks).map(|backup| string(backup, "backup_id"));
    Ok(ids.rev().collect())
}

fn one(setup: &HostSetup, global: &Global, copy: &Copy, id: &str, to: &str) -> anyhow::Result<Answer> {
    let mut own = setup.clone();
    let mut data = reference(&mut own, global, &BackupArg { backup: id.to_owned(), at: copy.at.clone() })?;
    if own.file.is_some() {
        return Err(WrongUse(format!("{id} is a file; `larder import` adds it to the backups first")).into());
    }
    if let Some(fields) = data.as_object_mut() {
        fields.insert("to".into(), to.into());
    }
    let json = change(setup, global, "copy", "backup.copy", data)?;
    Ok(Answer { text: describe(&json), status: ExitStatus::of(&json, &["notes"]), json })
}

fn describe(value: &Value) -> String {
    let proof = match string(value, "proof").as_str() {
        "full" => "read back completely, equal",
        "sample" => "size compared, samples read back",
        "digest" => "compared by its digests",
        _ => "size compared",
    };
    let pairs = [
        ("name", string(value, "name")),
        ("file", string(value, "file")),
        ("size", size(number(value, "size"))),
        ("protected", yes_no(flag(value, "protected")).to_owned()),
        ("proof", proof.to_owned()),
    ];
    format!(
        "Backup {} copied to {}.\n{}{}{}",
        string(value, "backup_id"),
        string(value, "agent_id"),
        fields(&pairs),
        warnings(value),
        notes(value)
    )
}
