//! Backups that are there: what becomes of them beside being read, and what the manager knows of them afterwards.

use serde_json::{Value, json};

use crate::config::Moment;
use crate::error::{Failure, Result};
use crate::home::Home;
use crate::jobs::library::LOCAL;
use crate::manager::announce;
use crate::manager::announce::{Said, tell};
use crate::manager::log;
use crate::manager::{State, begin, conclude, job, note_unsaved, parsed, save, typed, with};
use crate::model::{DeleteRequest, KeepRequest, VerifiedSize};
use crate::ports::Outside;

/// Verifies a backup, and remembers that it was good.
pub async fn verify(outside: &dyn Outside, data: &str) -> Result<Value> {
    let request: Value = parsed(data)?;
    let is_local = request.get("agent_id").and_then(Value::as_str).is_none_or(|agent| agent == LOCAL);
    let answer = job(outside, "verify", data, &mut |_, _, _| ()).await;
    if let (true, Err(failure), Some(id)) =
        (is_local, &answer, request.get("backup_id").and_then(Value::as_str))
        && failure.code == "backup_damaged"
    {
        // A command that only reads may not write; it has the damage remembered.
        let _ = remember_size(outside, &VerifiedSize { backup_id: id.into(), size: 0, damaged: true });
    }
    let answer = parsed(&answer?)?;
    let is_restorable = answer.get("restorable").and_then(Value::as_bool).unwrap_or(false);
    let found: Option<VerifiedSize> = serde_json::from_value(answer.clone()).ok();
    if let Some(found) = found.filter(|_| is_local && is_restorable) {
        // A command that only reads may not write; then it is verified all the same.
        let _ = remember_size(outside, &found);
    }
    Ok(answer)
}

/// Gives a backup another password. What takes the place of a local one was verified as it is now.
pub async fn rekey(outside: &dyn Outside, data: &str) -> Result<Value> {
    let answer = parsed(&job(outside, "rekey", data, &mut |_, _, _| ()).await?)?;
    if answer.get("replaced") == Some(&Value::Bool(true)) {
        remember_good(outside, &answer);
    }
    Ok(answer)
}

/// Remembers of a local backup that was stored and read back just now that it is good.
pub fn remember_good(outside: &dyn Outside, stored: &Value) {
    let found: Option<VerifiedSize> = serde_json::from_value(stored.clone()).ok();
    if let Some(remembered) = found.map(|found| remember_size(outside, &found)) {
        // A command beside a service may not write; it has the service remember it.
        note_unsaved(outside, remembered.err().filter(|failure| failure.code != "denied").as_ref());
    }
}

/// `backup.remember_verified`: what a command found out that only reads.
pub fn remember_verified(outside: &dyn Outside, data: &str) -> Result<Value> {
    let found = serde_json::from_str(data).map_err(|error| Failure::invalid(error.to_string()))?;
    remember_size(outside, &found).map(|()| Value::Null)
}

fn remember_size(outside: &dyn Outside, found: &VerifiedSize) -> Result<()> {
    let now = Moment::new(Home::read(outside, outside.snapshot().as_ref()).local(outside.now()));
    with(|inner| {
        match found.damaged {
            true => inner.store.damage(&found.backup_id, now),
            false => inner.store.verify(&found.backup_id, found.size, now),
        }
        inner.store.save(outside)
    })
}

/// Takes a foreign backup among the others, with Home Assistant's events of an upload around it.
pub async fn import(outside: &dyn Outside, data: &str) -> Result<Value> {
    begin(outside, State::ReceiveBackup, None)?;
    tell(outside, State::ReceiveBackup, None, Said::stage(Some("receive_file")));
    let result = job(outside, "import", data, &mut |_, _, _| ()).await.and_then(|answer| parsed(&answer));
    if let Ok(imported) = &result {
        tell(outside, State::ReceiveBackup, None, Said::stage(Some("upload_to_agents")));
        remember_good(outside, imported);
    }
    conclude(outside, State::ReceiveBackup, None, result.as_ref().err().map(announce::reason));
    result
}

/// Keeps a backup by hand, or lets the settings decide about it again.
pub async fn keep(outside: &dyn Outside, data: &str) -> Result<Value> {
    let KeepRequest { backup_id: id, release } = typed(data)?;
    let meant = json!({"agent_id": LOCAL, "backup_id": id}).to_string();
    let details = parsed(&job(outside, "details", &meant, &mut |_, _, _| ()).await?)?;
    let Some(backup) = details.get("backup").filter(|backup| !backup.is_null()) else {
        let message = format!("there is no backup {id} in {LOCAL}; `larder list` shows those that are there");
        return Err(Failure::new("backup_not_found", message));
    };
    let name = backup.get("name").cloned().unwrap_or_default();
    with(|inner| {
        let before = inner.store.is_kept(&id);
        inner.store.keep(&id, !release);
        inner.store.save(outside).inspect_err(|_| inner.store.keep(&id, before))
    })?;
    Ok(json!({"backup_id": id, "name": name, "kept": !release}))
}

/// `backup/delete`. What is gone is forgotten.
pub async fn delete(outside: &dyn Outside, data: &str) -> Result<Value> {
    let request: DeleteRequest = typed(data)?;
    let id = request.backup.backup_id;
    if let Some(id) = id.as_deref().filter(|id| !request.force && with(|inner| inner.store.is_kept(id))) {
        let message = format!(
            "the backup {id} is kept by hand: `larder keep {id} --release` lets go of it, `larder delete {id} --force` deletes it all \
             the same"
        );
        return Err(Failure::new("backup_kept", message));
    }
    let answer = parsed(&job(outside, "delete", data, &mut |_, _, _| ()).await?)?;
    if answer.get("file").is_some_and(Value::is_string) {
        log::info(outside, &format!("backup {} deleted", id.as_deref().unwrap_or_default()));
        with(|inner| inner.store.forget(|known| id.as_deref() == Some(known)));
        save(outside);
    }
    Ok(answer)
}
