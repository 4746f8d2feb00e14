//! Verifies, rekeys, imports, keeps and deletes existing backups, and records the results.

use serde_json::{Value, json};

use crate::error::{Failure, Result};
use crate::jobs::stored_backups::LOCAL;
use crate::manager::announce::{self, Announcement, announce};
use crate::manager::copies::CopyState;
use crate::manager::job::{job, parsed, run};
use crate::manager::operation::{begin, conclude};
use crate::manager::planning::home;
use crate::manager::state::{State, note_unsaved, save, with};
use crate::manager::{listing, log, uploads};
use crate::model::{DeleteRequest, KeepRequest, VerifiedSize};
use crate::ports::Host;
use crate::settings::Moment;

/// `backup.verify`. Records whether a backup is good or damaged in its location.
pub async fn verify(host: &dyn Host, data: &str) -> Result<Value> {
    let request: Value = parsed(data)?;
    let agent = request.get("agent_id").and_then(Value::as_str).unwrap_or(LOCAL).to_owned();
    // A file named on the command line is in no location.
    let is_located = host.locations().iter().any(|location| location.id == agent && location.writable);
    let answer = job(host, "verify", data, &mut |_, _, _| ()).await;
    let agent_id = Some(agent);
    if let (true, Err(failure), Some(id)) =
        (is_located, &answer, request.get("backup_id").and_then(Value::as_str))
        && failure.code == "backup_damaged"
    {
        // A read-only host refuses to save; its command then asks the service to record the damage.
        let found = VerifiedSize {
            backup_id: id.into(),
            agent_id: agent_id.clone(),
            file: None,
            size: 0,
            damaged: true,
        };
        let _ = remember_size(host, &found);
    }
    let answer: Value = parsed(&answer?)?;
    let is_restorable = answer.get("restorable").and_then(Value::as_bool).unwrap_or(false);
    let found: Option<VerifiedSize> = serde_json::from_value(answer.clone()).ok();
    if let Some(found) = found.filter(|_| is_located && is_restorable) {
        // The backup is verified even if a read-only host refuses to save the result.
        let _ = remember_size(host, &VerifiedSize { agent_id, ..found });
    }
    Ok(answer)
}

/// `backup.rekey`. If a local backup was replaced, the job has verified it, and that is recorded.
pub async fn rekey(host: &dyn Host, data: &str) -> Result<Value> {
    let answer = run(host, "rekey", data).await?;
    if answer.get("replaced") == Some(&Value::Bool(true)) {
        remember_good(host, &answer);
    }
    Ok(answer)
}

/// Records that a local backup, just stored and read back, is good.
fn remember_good(host: &dyn Host, stored: &Value) {
    let found: Option<VerifiedSize> = serde_json::from_value(stored.clone()).ok();
    if let Some(remembered) = found.map(|found| remember_size(host, &found)) {
        // A command that runs next to a service may not save; it asks the service to record the result.
        note_unsaved(host, remembered.err().filter(|failure| failure.code != "denied").as_ref());
    }
}

/// `backup.remember_verified`: records the result of a command that may not save.
pub fn remember_verified(host: &dyn Host, data: &str) -> Result<Value> {
    remember_size(host, &parsed(data)?).map(|()| Value::Null)
}

fn remember_size(host: &dyn Host, found: &VerifiedSize) -> Result<()> {
    let now = Moment::new(home(host).local(host.now()));
    let agent = found.agent_id.as_deref().unwrap_or(LOCAL);
    let modified = uploads::modified(host, &json!({"agent_id": agent, "file": found.file}));
    with(|inner| {
        match (agent == LOCAL, found.damaged) {
            (true, true) => inner.store.set_damaged(&found.backup_id, now),
            (true, false) => inner.store.set_verified(&found.backup_id, found.size, now),
            (false, is_damaged) => {
                let state = match is_damaged {
                    true => CopyState::Damaged,
                    false => CopyState::Good { size: found.size, modified },
                };
                inner.store.set_copy_verified(&found.backup_id, agent, state, now);
            }
        }
        inner.store.save(host)
    })
}

/// `backup.import`: copies a foreign backup into the local location, with Home Assistant's events of an upload around the
/// job.
pub async fn import(host: &dyn Host, data: &str) -> Result<Value> {
    begin(host, State::ReceiveBackup, None)?;
    announce(host, State::ReceiveBackup, None, Announcement::stage(Some("receive_file")));
    let result = run(host, "import", data).await;
    if let Ok(imported) = &result {
        announce(host, State::ReceiveBackup, None, Announcement::stage(Some("upload_to_agents")));
        remember_good(host, imported);
    }
    conclude(host, State::ReceiveBackup, None, result.as_ref().err().map(announce::reason));
    result
}

/// `backup.keep`: protects a backup from retention in every location, or ends that.
pub async fn keep(host: &dyn Host, data: &str) -> Result<Value> {
    let KeepRequest { backup_id: id, release } = parsed(data)?;
    let backup = listing::find(host, &id).await?;
    let name = backup.get("name").cloned().unwrap_or_default();
    with(|inner| {
        let before = inner.store.is_kept(&id);
        inner.store.keep(&id, !release);
        inner.store.save(host).inspect_err(|_| inner.store.keep(&id, before))
    })?;
    Ok(json!({"backup_id": id, "name": name, "kept": !release}))
}

/// `backup.delete`. Refuses a backup that is marked as kept, unless forced. Removes what is recorded of a deleted one.
pub async fn delete(host: &dyn Host, data: &str) -> Result<Value> {
    let request: DeleteRequest = parsed(data)?;
    let id = request.backup.backup_id;
    if let Some(id) = id.as_deref().filter(|id| !request.force && with(|inner| inner.store.is_kept(id))) {
        let message = format!(
            "backup {id} is marked as kept: release it with `larder keep {id} --release`, or delete it anyway with `larder delete \
             {id} --force`"
        );
        return Err(Failure::new("backup_kept", message));
    }
    let answer = run(host, "delete", data).await?;
    if answer.get("file").is_some_and(Value::is_string) {
        log::info(host, &format!("backup {} deleted", id.as_deref().unwrap_or_default()));
        let agent = request.backup.agent_id.as_deref().unwrap_or(LOCAL);
        with(|inner| inner.store.forget_copy(id.as_deref().unwrap_or_default(), agent));
        save(host);
    }
    Ok(answer)
}
