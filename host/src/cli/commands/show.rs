//! `larder show`: describes one backup.

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::description::describe;
use crate::cli::global::Global;
use crate::cli::request::call;
use crate::cli::select::{BackupArg, must_be_there, reference};

pub(crate) fn run(mut setup: HostSetup, global: &Global, target: &BackupArg) -> anyhow::Result<Answer> {
    let data = reference(&mut setup, global, target)?;
    let json = call(&mut setup.reader()?, global, "backup.details", data)?;
    must_be_there(&json, "backup", &target.backup)?;
    Ok(Answer { text: describe(&json), status: ExitStatus::Done, json })
}
