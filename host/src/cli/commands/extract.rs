//! `larder extract`: extracts files or directories from a backup.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::global::Global;
use crate::cli::request::call;
use crate::cli::select::{ProtectedBackupArgs, TrustArgs, openable};
use crate::cli::text::{content, notes, opened_with, reasons, warnings};
use crate::cli::value::{list, merge, string};
use crate::process::terminal::printable;

#[derive(Debug, Args)]
pub struct Extract {
    #[command(flatten)]
    pub read: ProtectedBackupArgs,
    /// Paths in the home or in the part, such as `automations.yaml` or `.storage`; `.` extracts everything
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<OsString>,
    /// Extract from an add-on or a folder instead of the home; `larder show` lists them
    #[arg(long, value_name = "NAME")]
    pub part: Option<String>,
    /// If the backup is damaged, extract what precedes the damage; check it before you use it
    #[arg(long)]
    pub keep_going: bool,
    /// The directory to extract to
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    #[command(flatten)]
    pub trust: TrustArgs,
}

pub(crate) fn run(mut setup: HostSetup, global: &Global, extract: &Extract) -> anyhow::Result<Answer> {
    let mut data = openable(&mut setup, global, &extract.read.target, &extract.read.password)?;
    setup.target = Some(extract.to.clone());
    setup.keep_setuid = extract.trust.keep_setuid;
    let paths: Value = extract.paths.iter().map(|path| path_of(path)).collect();
    merge(&mut data, json!({"paths": paths, "keep_going": extract.keep_going}));
    if let Some(part) = &extract.part {
        merge(&mut data, json!({"part": part}));
    }
    let json = call(&mut setup.elsewhere()?, global, "backup.extract", data)?;
    let target = extract.to.display().to_string();
    let is_partly = json.get("damaged").is_some_and(Value::is_string);
    let status = if is_partly { ExitStatus::Partly } else { ExitStatus::of(&json, &["skipped", "notes"]) };
    Ok(Answer { text: describe(&json, &target), status, json })
}

/// A path as actions take it: text, or bytes if it is not UTF-8.
fn path_of(path: &OsStr) -> Value {
    path.to_str().map_or_else(|| json!(path.as_encoded_bytes()), Into::into)
}

fn describe(value: &Value, target: &str) -> String {
    let (id, amount, opened) = (string(value, "backup_id"), content(value), opened_with(value));
    let damaged = value.get("damaged").and_then(Value::as_str).map(|why| {
        let why = printable(why, "");
        format!("This backup is damaged: only what precedes the damage was extracted. Check it before you use it.\n  {why}\n")
    });
    format!(
        "Extracted from backup {id} to {target}: {amount}{opened}.\n{}{}{}{}",
        damaged.unwrap_or_default(),
        warnings(value),
        reasons("Not extracted:", list(value, "skipped")),
        notes(value)
    )
}
