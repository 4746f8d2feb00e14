//! `larder delete`: deletes a backup.

use clap::Args;
use serde_json::json;

use super::args::Global;
use super::host::{call, need_home};
use super::which::must_be_there;
use super::{Answer, Status, text};
use crate::assemble::Setting;

#[derive(Debug, Args)]
pub struct Delete {
    /// The backup's id, or the name of a file among them that is not readable as a backup
    pub id: String,
    /// Though it is kept by hand (`larder keep`)
    #[arg(long)]
    pub force: bool,
}

pub(super) fn run(setting: &Setting, global: &Global, delete: &Delete) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let id = &delete.id;
    let json = call(
        &mut setting.writer("delete")?,
        global,
        "backup.delete",
        json!({"backup_id": id, "force": delete.force}),
    )?;
    must_be_there(&json, "file", id)?;
    Ok(Answer {
        text: format!("Backup {id} deleted: {}\n", text::word(&json, "file")),
        status: Status::Done,
        json,
    })
}
