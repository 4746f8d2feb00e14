//! Restoring a backup, with Home Assistant's events around the job: in progress, restart, completed or failed.

use crate::error::Result;
use crate::jobs::restore::PUT_IN_PLACE;
use crate::manager::announce::{Announcement, announce};
use crate::manager::job::{job, parsed};
use crate::manager::operation::{begin, conclude};
use crate::manager::state::State;
use crate::manager::{log, refusal};
use crate::model::RestoreRequest;
use crate::ports::Outside;

/// `backup.restore`. Clients get the answer that Home Assistant gives; the log gets the failure in full.
pub async fn restore(outside: &dyn Outside, data: &str) -> Result<String> {
    let request: RestoreRequest = parsed(data)?;
    begin(outside, State::RestoreBackup, None)?;
    let id = request.read.backup.backup_id.as_deref();
    let what = id.map_or_else(|| "restore".to_owned(), |id| format!("restore of backup {id}"));
    log::info(outside, &format!("{what} started"));
    let result = restore_job(outside, data, &request).await;
    let refusal = result.as_ref().err().map(|failure| refusal::of_restore(failure, &request.read.backup));
    conclude(outside, State::RestoreBackup, None, refusal.as_ref().map(|refusal| refusal.reason));
    match result {
        Ok(answer) => {
            log::info(outside, &format!("{what} completed"));
            Ok(answer)
        }
        Err(failure) => {
            let answer = refusal.map_or_else(|| failure.clone(), |refusal| refusal.answer);
            log::failed(outside, &what, &failure, failure.message == answer.message);
            Err(answer)
        }
    }
}

async fn restore_job(outside: &dyn Outside, data: &str, request: &RestoreRequest) -> Result<String> {
    if let Some(failure) = refusal::unknown_agent(&request.read.backup, &outside.locations()) {
        return Err(failure);
    }
    let mut is_announced = request.elsewhere || request.dry_run;
    let mut restart = |is_due: bool| {
        if is_due && !std::mem::replace(&mut is_announced, true) {
            announce(outside, State::RestoreBackup, None, Announcement::restart());
        }
    };
    let result = job(outside, "restore", data, &mut |stage, _, _| restart(stage == PUT_IN_PLACE)).await;
    // Progress events may be missed.
    restart(result.is_ok());
    result
}
