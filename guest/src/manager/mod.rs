//! The manager: whether an action may run now, which job does it, and what is remembered when it is done.
//!
//! This file handles start-up and dispatches actions and timers; it is the only one that names all the others. It does no heavy
//! work, which is for the jobs. What must survive a restart is in the stored document (`store`), and is saved before it is
//! announced.

pub mod announce;
pub mod backups;
pub mod create;
pub mod document;
pub mod entities;
pub mod job;
pub mod listing;
pub mod log;
pub mod objections;
pub mod operation;
pub mod planning;
pub mod refusal;
pub mod restore;
pub mod retention;
pub mod settings;
pub mod state;
pub mod store;
pub mod timers;

use serde_json::Value;

use crate::actions;
use crate::error::Result;
use crate::manager::announce::{Announcement, publish_entities, record_event, set_state};
use crate::manager::entities::Trigger;
use crate::manager::state::{Inner, State, with};
use crate::manager::store::Store;
use crate::ports::Outside;

/// Home Assistant's `failed_reason` of an interrupted backup.
const INTERRUPTED: &str = "unknown_error";

/// Loads the document, finds out whether a backup was interrupted, and publishes the entities.
pub fn set_up(outside: &dyn Outside) -> Result<()> {
    let store = Store::load(outside);
    if let Err(failure) = store.check() {
        let text = format!("{}; until then only manual backups and restores work", failure.message);
        log::error(outside, &text);
    }
    with(|inner| *inner = Inner { store, ..Inner::default() });
    let interrupted = record_interruption(outside);
    planning::plan(outside);
    publish_entities(outside);
    match interrupted {
        Some(trigger) => {
            log::warn(outside, "the previous backup was interrupted; its partial file has been removed");
            operation::conclude(outside, State::CreateBackup, Some(trigger), Some(INTERRUPTED));
        }
        None => {
            set_state(outside, State::Idle);
            planning::set_timers(outside);
        }
    }
    timers::begin_maintenance(outside);
    Ok(())
}

/// If the stored event says "in progress", the backup was interrupted: records that it failed, and returns what had started
/// it. A host that only reads cannot know whether another process is still making the backup, so the event stays as it is.
fn record_interruption(outside: &dyn Outside) -> Option<Trigger> {
    let event = with(|inner| inner.store.event().filter(|event| event.is_in_progress()).cloned())?;
    let was_interrupted = with(|inner| inner.store.history().interrupted);
    with(|inner| inner.store.set_interrupted(was_interrupted || event.trigger == Trigger::Automatic));
    record_event(outside, Some(event.trigger), &Announcement::end(Some(INTERRUPTED)));
    match with(|inner| inner.store.save(outside)) {
        Err(refusal) if refusal.code == "denied" => {
            with(|inner| {
                inner.store.set_interrupted(was_interrupted);
                inner.store.set_event(event);
            });
            None
        }
        // Any other failure to save is logged when the operation is concluded.
        _ => Some(event.trigger),
    }
}

/// Runs an action and returns its answer as JSON. A new action needs a row in the table of `actions`. It needs an arm here only if
/// the manager does more than run the job.
pub async fn call(outside: &dyn Outside, name: &str, data: &str) -> Result<String> {
    let action = actions::check(name, data)?;
    if action.needs_document {
        with(|inner| inner.store.check())?;
    }
    match action.job {
        "create" => text(create::manual(outside, data).await),
        "create_automatic" => text(create::automatic(outside).await),
        "restore" => restore::restore(outside, data).await,
        "info" => text(listing::info(outside, data).await),
        "verify" => text(backups::verify(outside, data).await),
        "remember_verified" => text(backups::remember_verified(outside, data)),
        "details" => text(listing::details(outside, data).await),
        "delete" => text(backups::delete(outside, data).await),
        "rekey" => text(backups::rekey(outside, data).await),
        "import" => text(backups::import(outside, data).await),
        "keep" => text(backups::keep(outside, data).await),
        "agents_info" => text(Ok(listing::agents(outside))),
        "config_info" => text(Ok(settings::info(outside))),
        "config_update" => text(settings::update(outside, data)),
        "schedule" => text(planning::schedule(outside, data)),
        "retention" => text(retention::apply(outside, data).await),
        "adopt" => text(settings::adopt(outside)),
        kind => job::job(outside, kind, data, &mut |_, _, _| ()).await,
    }
}

fn text(answer: Result<Value>) -> Result<String> {
    answer.map(|answer| answer.to_string())
}

/// A timer fired.
pub async fn timer(outside: &dyn Outside, name: &str) -> Result<()> {
    timers::fired(outside, name).await
}
