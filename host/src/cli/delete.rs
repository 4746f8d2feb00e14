//! `larder delete`: deletes a backup.

use clap::Args;
use serde_json::json;

use super::args::Global;
use super::ask::change;
use super::host::need_home;
use super::which::must_be_there;
use super::{Answer, Status, text};
use crate::assemble::Setting;

#[derive(Debug, Args)]
pub struct Delete {
    /// The backup's id, or the name of a file among them that is not readable as a backup
    pub id: String,
}

pub(super) fn run(setting: &Setting, global: &Global, delete: &Delete) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let id = &delete.id;
    let json = change(setting, global, "delete", "backup.delete", json!({"backup_id": id}))?;
    must_be_there(&json, "file", id)?;
    Ok(Answer {
        text: format!("Backup {id} deleted: {}\n", text::word(&json, "file")),
        status: Status::Done,
        json,
    })
}
