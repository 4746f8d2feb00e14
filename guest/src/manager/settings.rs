//! The automatic backup settings: shows and changes them, and imports those of the home's Home Assistant.
//!
//! The rules are in `crate::settings`. This file saves their result and publishes what follows from it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::error::Result;
use crate::home::text;
use crate::manager::announce::publish_entities;
use crate::manager::document::{HomeFiles, Item, adopt as adopt_home};
use crate::manager::job::parsed;
use crate::manager::planning::{home, plan, set_timers, upcoming};
use crate::manager::state::with;
use crate::manager::{log, objections};
use crate::ports::Host;
use crate::protection::password;
use crate::settings::{Config, Invalid};

/// `backup.config.info`.
pub fn info(host: &dyn Host) -> Value {
    let home = home(host);
    let mut info = with(|inner| {
        let next = inner.next.at.map(|at| home.local_time(at));
        inner.store.config().info(next.as_ref(), inner.next.additional)
    });
    objections::add_to(&mut info, host);
    info
}

/// `backup.config.update`: Home Assistant's body, or `assignments` as typed on a command line, or both.
pub fn update(host: &dyn Host, data: &str) -> Result<Value> {
    let mut body: Value = parsed(data)?;
    let assignments = body.as_object_mut().and_then(|body| body.remove("assignments"));
    let assignments: Vec<String> =
        assignments.map(serde_json::from_value).transpose().unwrap_or_default().unwrap_or_default();
    let caution = objections::caution(&mut body)?;
    let known = objections::known_locations(host);
    let config = with(|inner| {
        let before = inner.store.config();
        let config = before.assigned(&assignments)?.update(&body)?;
        config.must_be_sensible(before, &known, caution)?;
        Ok::<_, Invalid>(config)
    })?;
    let is_new = body.pointer("/create_backup/password").is_some();
    let password = config.create_backup.password.as_ref().filter(|_| is_new);
    let doubts = password.map(|password| password::doubts(password.reveal())).unwrap_or_default();
    change(host, config)?;
    let warnings: Vec<_> = doubts.into_iter().chain(objections::all(host)).collect();
    Ok(match warnings.is_empty() {
        // Home Assistant's answer.
        true => Value::Null,
        false => json!({"warnings": warnings}),
    })
}

/// Saves new settings, then publishes what follows from them. If they cannot be saved, the old ones stay.
fn change(host: &dyn Host, config: Config) -> Result<()> {
    let before = with(|inner| {
        let before = inner.store.config().clone();
        inner.store.set_config(config);
        inner.store.set_planned(None, None);
        before
    });
    plan(host);
    if let Err(failure) = with(|inner| inner.store.save(host)) {
        with(|inner| inner.store.set_config(before));
        plan(host);
        return Err(failure.about("the settings were not changed"));
    }
    publish_entities(host);
    set_timers(host);
    log::info(host, &format!("the automatic backup settings were changed; {}", upcoming(host, None)));
    Ok(())
}

/// The locations that take over the settings of a Home Assistant agent, by the agent's id.
fn adopts(host: &dyn Host) -> BTreeMap<String, String> {
    host.locations().into_iter().filter_map(|location| Some((location.adopts?, location.id))).collect()
}

/// `backup.adopt`: imports the settings of the home's Home Assistant. Only reads its files.
pub fn adopt(host: &dyn Host) -> Result<Value> {
    let snapshot = host.snapshot();
    let read = |path| text(snapshot.as_ref(), path);
    let [backup, uuid, version] = [".storage/backup", ".storage/core.uuid", ".HA_VERSION"].map(read);
    let (backup, uuid, version) = (backup?, uuid?, version?);
    let files = HomeFiles { backup: backup.as_deref(), uuid: uuid.as_deref(), version: version.as_deref() };
    let adopts = adopts(host);
    let adopted = adopt_home(&files, &host.time_zone(), &adopts);
    let list = |items: &[Item]| {
        items.iter().map(|item| json!({"what": item.what, "value": item.value})).collect::<Value>()
    };
    let mut answer = json!({"taken": list(&adopted.taken), "not_taken": list(&adopted.not_taken)});
    with(|inner| {
        for backup in &adopted.backups {
            inner.store.add_backup(&backup.backup_id, backup.failed_agent_ids.clone());
        }
    });
    if let Some(config) = adopted.config {
        change(host, config)?;
        objections::add_to(&mut answer, host);
    }
    Ok(answer)
}
