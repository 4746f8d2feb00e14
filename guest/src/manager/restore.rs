//! Restoring a backup, with Home Assistant's events around the job: in progress, restart, completed or failed.

use crate::error::Result;
use crate::jobs::restore::PUT_IN_PLACE;
use crate::manager::announce::{Announcement, announce};
use crate::manager::job::{job, parsed};
use crate::manager::operation::{begin, conclude};
use crate::manager::state::State;
use crate::manager::{log, refusal};
use crate::model::RestoreRequest;
use crate::ports::Host;

/// `backup.restore`. Clients get Home Assistant's answer; the log gets the full failure.
pub async fn restore(host: &dyn Host, data: &str) -> Result<String> {
    let request: RestoreRequest = parsed(data)?;
    begin(host, State::RestoreBackup, None)?;
    let id = request.read.backup.backup_id.as_deref();
    let what = id.map_or_else(|| "restore".to_owned(), |id| format!("restore of backup {id}"));
    log::info(host, &format!("{what} started"));
    let result = restore_job(host, data, &request).await;
    let refusal = result.as_ref().err().map(|failure| refusal::of_restore(failure, &request.read.backup));
    conclude(host, State::RestoreBackup, None, refusal.as_ref().map(|refusal| refusal.reason));
    match result {
        Ok(answer) => {
            log::info(host, &format!("{what} completed"));
            Ok(answer)
        }
        Err(failure) => {
            let answer = refusal.map_or_else(|| failure.clone(), |refusal| refusal.answer);
            log::failed(host, &what, &failure, failure.message == answer.message);
            Err(answer)
        }
    }
}

async fn restore_job(host: &dyn Host, data: &str, request: &RestoreRequest) -> Result<String> {
    if let Some(failure) = refusal::unknown_agent(&request.read.backup, &host.locations()) {
        return Err(failure);
    }
    let mut is_announced = request.elsewhere || request.dry_run;
    let mut restart = |is_due: bool| {
        if is_due && !std::mem::replace(&mut is_announced, true) {
            announce(host, State::RestoreBackup, None, Announcement::restart());
        }
    };
    let result = job(host, "restore", data, &mut |stage, _, _| restart(stage == PUT_IN_PLACE)).await;
    // Progress events may be missed.
    restart(result.is_ok());
    result
}
