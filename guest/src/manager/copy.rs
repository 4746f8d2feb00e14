//! `backup.copy`: stores an existing backup in another location because somebody asks for it.
//!
//! How a copy is stored and recorded is the matter of `uploads`.

use serde_json::{Value, json};

use crate::error::{Failure, Result};
use crate::jobs::stored_backups::LOCAL;
use crate::manager::announce::{progress, publish_entities};
use crate::manager::job::{parsed, run};
use crate::manager::leftovers::{abandon, clean_unfinished};
use crate::manager::log;
use crate::manager::state::{save, with};
use crate::manager::uploads::{self, Attempt, attempt, conclude, made_up, source_of, stage};
use crate::ports::{Host, STAGING};

/// `backup.copy`: stores an existing backup in another location as well.
pub async fn copy(host: &dyn Host, data: &str) -> Result<Value> {
    uploads::start();
    let copied = copy_one(host, data).await;
    uploads::end(host);
    copied
}

async fn copy_one(host: &dyn Host, data: &str) -> Result<Value> {
    let request: Value = parsed(data)?;
    let text = |key: &str| request.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (id, to) = (text("backup_id"), text("to"));
    let from = request.get("agent_id").and_then(Value::as_str).unwrap_or(LOCAL).to_owned();
    let place = host.place(&to)?;
    if to == from || to == STAGING || !place.writable {
        return Err(Failure::invalid(format!("{id} cannot be copied to {to}; name another location")));
    }
    clean_unfinished(host).await;
    let asked = json!({"agent_id": from, "backup_id": id}).to_string();
    let details = run(host, "details", &asked).await?;
    let Some(backup) = details.get("backup").filter(|backup| !backup.is_null()) else {
        let message = format!("there is no backup {id} in {from}; `larder list` shows all backups");
        return Err(Failure::new("backup_not_found", message));
    };
    let mut source = source_of(backup);
    (source.from, source.agent_id) = (from, to);
    source.size = backup.get("size").and_then(Value::as_u64).unwrap_or(source.size);
    let is_plain = backup.get("securetar").is_none_or(Value::is_null);
    let password = with(|inner| {
        let config = inner.store.config();
        let is_wanted = config.agents.get(&source.agent_id).is_none_or(|agent| agent.protected);
        let create = &config.create_backup;
        let securetar = create.securetar.unwrap_or(3);
        let password = create.password.as_ref().filter(|_| is_wanted);
        password.map(|password| json!({"password": password.reveal(), "securetar": securetar}))
    });
    let mut warnings = Vec::new();
    if is_plain && place.id != LOCAL {
        match password {
            Some(password) => {
                let to = source.agent_id.clone();
                source = stage(host, &source, true, &password.to_string()).await?;
                source.agent_id = to;
            }
            None => warnings.push(log::plain_copy(&source.agent_id)),
        }
    }
    let waiting = with(|inner| inner.store.pending().iter().find(|it| it.is_same(&source)).cloned());
    if let Some(waiting) = &waiting {
        source = source.started_by(waiting.trigger());
    }
    with(|inner| inner.store.add_pending(vec![source.clone()]));
    save(host);
    let mut report = |stage: &str, done, total| progress(host, "copy", stage, done, total);
    // One that waits may have been stored by an attempt that was cut off.
    let which = if waiting.is_some() { Attempt::Again } else { Attempt::Asked };
    let result = attempt(host, &source, which, &mut report).await;
    match &result {
        Ok(_) => {
            conclude(host, &source, &result);
            made_up(host, &source);
            abandon(host).await;
        }
        // Whoever asked is told, and asks again. A copy that waited before goes on waiting.
        Err(_) => {
            with(|inner| {
                inner.store.drop_pending(&source);
                inner.store.add_pending(waiting.into_iter().collect());
            });
            save(host);
        }
    }
    let mut copied = result?;
    if let Some(fields) = copied.as_object_mut() {
        fields.insert("warnings".into(), warnings.into());
    }
    publish_entities(host);
    Ok(copied)
}
