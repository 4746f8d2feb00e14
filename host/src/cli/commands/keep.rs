//! `larder keep`: a backup that retention never deletes.

use clap::Args;
use serde_json::json;

use crate::assemble::Setting;
use crate::cli::args::Global;
use crate::cli::host::need_home;
use crate::cli::request::change;
use crate::cli::select::id;
use crate::cli::{Answer, Status, text};

#[derive(Debug, Args)]
pub struct Keep {
    /// The backup's id or its beginning, `latest`, `latest-automatic`
    pub id: String,
    /// Lets the retention settings decide about it again
    #[arg(long)]
    pub release: bool,
}

pub(crate) fn run(setting: &Setting, global: &Global, keep: &Keep) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let data = json!({"backup_id": id(setting, global, &keep.id)?, "release": keep.release});
    let json = change(setting, global, "keep", "backup.keep", data)?;
    let (id, name) = (text::word(&json, "backup_id"), text::word(&json, "name"));
    let what = match keep.release {
        false => "is kept, whatever the retention settings say; `--release` ends that",
        true => "is kept by hand no more: the retention settings decide about it",
    };
    Ok(Answer { text: format!("Backup {id} ({name}) {what}.\n"), status: Status::Done, json })
}
