//! `larder extract`: takes files or directories out of a backup.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::restore::Trust;
use crate::assemble::Setting;
use crate::cli::args::Global;
use crate::cli::host::{merge, status};
use crate::cli::request::call;
use crate::cli::select::{Read, openable};
use crate::cli::text::{amount, list, notes, opened_with, plain, reasons, warnings, word};
use crate::cli::{Answer, Status};

#[derive(Debug, Args)]
pub struct Extract {
    #[command(flatten)]
    pub read: Read,
    /// Paths in the home, or in the part: `automations.yaml`, `.storage`; `.` for everything
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<OsString>,
    /// Out of another part than the home: an add-on or a folder, as `larder show` lists them
    #[arg(long, value_name = "NAME")]
    pub part: Option<String>,
    /// Takes what stands before the damage of a damaged backup; check it before you use it
    #[arg(long)]
    pub keep_going: bool,
    /// The directory to put them into
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    #[command(flatten)]
    pub trust: Trust,
}

pub(crate) fn run(mut setting: Setting, global: &Global, extract: &Extract) -> anyhow::Result<Answer> {
    let mut data = openable(&mut setting, global, &extract.read.which.backup, &extract.read.password)?;
    setting.target = Some(extract.to.clone());
    setting.keep_setuid = extract.trust.keep_setuid;
    let paths: Value = extract.paths.iter().map(|path| path_of(path)).collect();
    merge(&mut data, json!({"paths": paths, "keep_going": extract.keep_going}));
    if let Some(part) = &extract.part {
        merge(&mut data, json!({"part": part}));
    }
    let json = call(&mut setting.elsewhere()?, global, "backup.extract", data)?;
    let target = extract.to.display().to_string();
    let is_partly = json.get("damaged").is_some_and(Value::is_string);
    let status = if is_partly { Status::Partly } else { status(&json, &["skipped", "notes"]) };
    Ok(Answer { text: extracted(&json, &target), status, json })
}

/// A path as actions take it: bytes where it is not UTF-8.
fn path_of(path: &OsStr) -> Value {
    path.to_str().map_or_else(|| json!(path.as_encoded_bytes()), Into::into)
}

fn extracted(value: &Value, target: &str) -> String {
    let (id, amount, opened) = (word(value, "backup_id"), amount(value), opened_with(value));
    let damaged = value.get("damaged").and_then(Value::as_str).map(|why| {
        let why = plain(why, "");
        format!("This backup is damaged: what came out stands before the damage. Check it before you use it.\n  {why}\n")
    });
    format!(
        "Extracted from backup {id} to {target}: {amount}{opened}.\n{}{}{}{}",
        damaged.unwrap_or_default(),
        warnings(value),
        reasons("Not extracted:", list(value, "skipped")),
        notes(value)
    )
}
