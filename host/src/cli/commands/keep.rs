//! `larder keep`: marks a backup that retention never deletes.

use clap::Args;
use serde_json::json;

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::global::Global;
use crate::cli::request::change;
use crate::cli::select::id;
use crate::cli::setup::require_home;
use crate::cli::value;

#[derive(Debug, Args)]
pub struct Keep {
    /// The backup's id or the start of it, `latest`, or `latest-automatic`
    pub id: String,
    /// Let the retention settings decide about the backup again
    #[arg(long)]
    pub release: bool,
}

pub(crate) fn run(setup: &HostSetup, global: &Global, keep: &Keep) -> anyhow::Result<Answer> {
    require_home(setup)?;
    let data = json!({"backup_id": id(setup, global, &keep.id)?, "release": keep.release});
    let json = change(setup, global, "keep", "backup.keep", data)?;
    let (id, name) = (value::string(&json, "backup_id"), value::string(&json, "name"));
    let what = match keep.release {
        false => "is kept, whatever the retention settings say; `--release` undoes this",
        true => "is no longer marked as kept: the retention settings apply to it again",
    };
    Ok(Answer { text: format!("Backup {id} ({name}) {what}.\n"), status: ExitStatus::Done, json })
}
