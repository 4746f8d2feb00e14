//! The manager: decides whether an action may run now and which job does it, and records the result.
//!
//! This file handles start-up and dispatches actions and timers; it is the only one that names all the others. Heavy work is
//! done in jobs. What must survive a restart is in the stored document (`store`), and is saved before it is announced.

pub mod announce;
pub mod backups;
pub mod copies;
pub mod copy;
pub mod create;
pub mod document;
pub mod entities;
pub mod histories;
pub mod job;
pub mod leftovers;
pub mod listing;
pub mod log;
pub mod merged;
pub mod objections;
pub mod operation;
pub mod planning;
pub mod refusal;
pub mod restore;
pub mod retention;
pub mod schedules;
pub mod settings;
pub mod state;
pub mod store;
#[cfg(test)]
mod tests;
pub mod timers;
pub mod together;
pub mod uploads;

use serde_json::Value;

use crate::actions;
use crate::error::Result;
use crate::manager::announce::{Announcement, publish_entities, record_event, set_state};
use crate::manager::entities::Trigger;
use crate::manager::state::{Inner, State, save, with};
use crate::manager::store::Store;
use crate::ports::Host;

/// Home Assistant's `failed_reason` of an interrupted backup.
const INTERRUPTED: &str = "unknown_error";

/// Loads the document, finds out whether a backup was interrupted, and publishes the entities.
pub fn set_up(host: &dyn Host) -> Result<()> {
    let store = Store::load(host);
    if let Err(failure) = store.check() {
        let text = format!("{}; until then only manual backups and restores work", failure.message);
        log::error(host, &text);
    }
    with(|inner| *inner = Inner { store, ..Inner::default() });
    schedules::load(host);
    let interrupted = record_interruption(host);
    planning::plan(host);
    // A new schedule has no history: only its saved plan tells a later start that its first run was missed.
    if with(|inner| !inner.named.is_empty()) {
        save(host);
    }
    publish_entities(host);
    match interrupted {
        Some(trigger) => {
            log::warn(host, "the previous backup was interrupted; its partial file has been removed");
            operation::conclude(host, State::CreateBackup, Some(trigger), Some(INTERRUPTED));
        }
        None => {
            set_state(host, State::Idle);
            planning::set_timers(host);
        }
    }
    timers::begin_maintenance(host);
    uploads::begin(host);
    Ok(())
}

/// If the stored event says "in progress", the backup was interrupted: records that it failed, and returns what had started it.
/// A read-only host cannot know whether another process is still making the backup, so the event stays unchanged.
fn record_interruption(host: &dyn Host) -> Option<Trigger> {
    let event = with(|inner| inner.store.event().filter(|event| event.is_in_progress()).cloned())?;
    let which = event.trigger.schedule();
    let was_interrupted = with(|inner| which.is_some_and(|which| inner.store.history(which).interrupted));
    let set_interrupted = |interrupted| {
        with(|inner| which.map(|which| inner.store.set_interrupted(which, interrupted)));
    };
    set_interrupted(true);
    record_event(host, Some(event.trigger), &Announcement::end(Some(INTERRUPTED)));
    match with(|inner| inner.store.save(host)) {
        Err(refusal) if refusal.code == "denied" => {
            set_interrupted(was_interrupted);
            with(|inner| inner.store.set_event(event));
            None
        }
        // Any other failure to save is logged when the operation is concluded.
        _ => Some(event.trigger),
    }
}

/// Runs an action and returns its answer as JSON. A new action needs a row in the table of `actions`. It needs an arm here only if
/// the manager does more than run the job.
pub async fn call(host: &dyn Host, name: &str, data: &str) -> Result<String> {
    let action = actions::check(name, data)?;
    if action.needs_document {
        with(|inner| inner.store.check())?;
    }
    match action.job {
        "create" => text(create::manual(host, data).await),
        "create_automatic" => text(create::automatic(host).await),
        "create_scheduled" => text(create::by_name(host, data).await),
        "restore" => restore::restore(host, data).await,
        "info" => text(listing::info(host, data).await),
        "verify" => text(backups::verify(host, data).await),
        "remember_verified" => text(backups::remember_verified(host, data)),
        "details" => text(listing::details(host, data).await),
        "delete" => text(backups::delete(host, data).await),
        "rekey" => text(backups::rekey(host, data).await),
        "import" => text(backups::import(host, data).await),
        "keep" => text(backups::keep(host, data).await),
        "copy" => text(copy::copy(host, data).await),
        "agents_info" => text(Ok(listing::agents(host))),
        "config_info" => text(Ok(settings::info(host))),
        "config_update" => text(settings::update(host, data)),
        "schedule" => text(planning::schedule(host, data)),
        "retention" => text(retention::apply(host, data).await),
        "adopt" => text(settings::adopt(host)),
        kind => job::job(host, kind, data, &mut |_, _, _| ()).await,
    }
}

fn text(answer: Result<Value>) -> Result<String> {
    answer.map(|answer| answer.to_string())
}

/// A timer fired.
pub async fn timer(host: &dyn Host, name: &str) -> Result<()> {
    timers::fired(host, name).await
}
