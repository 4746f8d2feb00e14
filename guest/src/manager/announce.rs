//! The manager's announcements: Home Assistant's events with their stages, and the entities.
//!
//! Owns the form of the events and their order. Decides nothing and saves nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::archive::Instant;
use crate::error::Failure;
use crate::jobs::stored_backups::LOCAL;
use crate::manager::entities;
use crate::manager::entities::{Entity, LastEvent, Sensors, Trigger};
use crate::manager::log;
use crate::manager::state::{State, with};
use crate::ports::Host;
use crate::settings::Moment;

/// Home Assistant's topic for the manager's events.
const EVENTS: &str = "backup/subscribe_events";
/// Progress of a job, finer than Home Assistant's events, for a progress bar.
const PROGRESS: &str = "larder/progress";
/// The stages of a create, by Home Assistant's names and in its order; `cleaning_up` follows.
const STAGES: [&str; 2] = ["home_assistant", "upload_to_agents"];
/// Seconds between two events about the progress of an upload.
const UPLOAD_INTERVAL: i64 = 1;

/// Announces the stages of a create, each once and in order, even if progress events were missed.
pub struct Stages<'a> {
    host: &'a dyn Host,
    trigger: Trigger,
    /// The number of stages that were announced.
    announced: usize,
    /// Whether it is made in the local location, whose "upload" is its proof.
    is_local: bool,
    /// When the progress of each upload was last announced.
    last_uploads: BTreeMap<String, Instant>,
}

impl<'a> Stages<'a> {
    pub fn new(host: &'a dyn Host, trigger: Trigger, is_local: bool) -> Self {
        Self { host, trigger, announced: 0, is_local, last_uploads: BTreeMap::new() }
    }

    pub fn progress(&mut self, stage: &str, done: u64, total: Option<u64>) {
        let at = STAGES.iter().position(|known| *known == stage).unwrap_or(self.announced.saturating_sub(1));
        self.reach(at);
        if let (1, Some(total), true) = (at, total, self.is_local) {
            self.upload(LOCAL, done, total);
        }
    }

    /// Announces the stages that are left after the backup was made.
    pub fn finish(&mut self, created: &Value) {
        self.reach(STAGES.len().saturating_sub(1));
        let size = created.get("size").and_then(Value::as_u64).unwrap_or(0);
        if self.is_local {
            self.uploaded(LOCAL, size);
        }
    }

    /// A copy is being stored.
    pub fn uploading(&mut self, agent: &str, done: u64, total: Option<u64>) {
        if let Some(total) = total {
            self.upload(agent, done, total);
        }
    }

    /// A copy of that size is stored.
    pub fn uploaded(&mut self, agent: &str, size: u64) {
        if !self.last_uploads.contains_key(agent) {
            self.upload(agent, 0, size);
        }
        self.announce_upload(agent, size, size);
    }

    fn reach(&mut self, at: usize) {
        for stage in STAGES.iter().take(at.saturating_add(1)).skip(self.announced) {
            log::stage(self.host, self.trigger, stage);
            announce(self.host, State::CreateBackup, Some(self.trigger), Announcement::stage(Some(stage)));
        }
        self.announced = self.announced.max(at.saturating_add(1));
    }

    /// Announces 0 bytes first, then progress at most once per interval. [`Self::finish`] announces the end.
    fn upload(&mut self, agent: &str, done: u64, total: u64) {
        let now = self.host.now();
        match self.last_uploads.get(agent) {
            None => self.announce_upload(agent, 0, total),
            Some(last) if is_too_soon(*last, now) || done == total => return,
            Some(_) => self.announce_upload(agent, done, total),
        }
        self.last_uploads.insert(agent.to_owned(), now);
    }

    fn announce_upload(&self, agent: &str, done: u64, total: u64) {
        let event = json!({
            "manager_state": State::CreateBackup.name(),
            "agent_id": agent,
            "uploaded_bytes": done,
            "total_bytes": total,
        });
        self.host.emit(EVENTS, &event.to_string());
    }
}

/// Whether the interval has not passed yet. If the clock was set back, it counts as passed.
fn is_too_soon(last: Instant, now: Instant) -> bool {
    (0..UPLOAD_INTERVAL).contains(&now.seconds.saturating_sub(last.seconds))
}

/// Home Assistant's `failed_reason` for a backup that was not made.
pub fn reason(failure: &Failure) -> &'static str {
    match failure.code.as_ref() {
        "home_assistant_error" => "backup_manager_error",
        "password_incorrect" => "password_incorrect",
        "backup_not_found" => "backup_not_found",
        "plugin_stopped" => "unknown_error",
        _ => "upload_failed",
    }
}

/// One of Home Assistant's events about an operation.
#[derive(Clone, Copy)]
pub struct Announcement<'a> {
    stage: Option<&'a str>,
    /// `in_progress`, `core_restart`, `completed` or `failed`.
    state: &'static str,
    reason: Option<&'static str>,
}

impl<'a> Announcement<'a> {
    pub fn stage(stage: Option<&'a str>) -> Self {
        Self { stage, state: "in_progress", reason: None }
    }

    /// A restored home is about to be put in place: Home Assistant stops and starts again.
    pub fn restart() -> Self {
        Self { stage: None, state: "core_restart", reason: None }
    }

    /// The end: a failure if there is a reason, else a success.
    pub fn end(reason: Option<&'static str>) -> Self {
        Self { stage: None, state: if reason.is_some() { "failed" } else { "completed" }, reason }
    }
}

/// Publishes the entities, then emits the event: the order that Home Assistant has.
pub fn announce(host: &dyn Host, state: State, trigger: Option<Trigger>, announcement: Announcement<'_>) {
    record_event(host, trigger, &announcement);
    publish_entities(host);
    let event = json!({
        "manager_state": state.name(),
        "stage": announcement.stage,
        "state": announcement.state,
        "reason": announcement.reason,
    });
    host.emit(EVENTS, &event.to_string());
    with(|inner| inner.last_action = Some(event));
}

/// Makes it the last event of the event entity. Restores and imports have no trigger and do not change that entity.
pub fn record_event(host: &dyn Host, trigger: Option<Trigger>, announcement: &Announcement<'_>) {
    let Some(trigger) = trigger else { return };
    let event = LastEvent {
        at: entities::milliseconds(host.now()),
        event_type: announcement.state.to_owned(),
        backup_stage: announcement.stage.map(str::to_owned),
        failed_reason: announcement.reason.map(str::to_owned),
        trigger,
    };
    with(|inner| inner.store.set_event(event));
}

/// Publishes every entity; the host passes on only what changed.
pub fn publish_entities(host: &dyn Host) {
    let published = with(|inner| {
        let config = inner.store.config();
        let utc = |moment: Moment| moment.time().to_utc();
        // The work of another process is known only from what that process stored.
        let is_elsewhere =
            inner.state == State::Idle && inner.store.event().is_some_and(LastEvent::is_in_progress);
        let state = if is_elsewhere { State::CreateBackup } else { inner.state };
        let sensors = Sensors {
            manager_state: state.name(),
            next: inner.next.at,
            last_attempted: config.last_attempted_automatic_backup.map(utc),
            last_successful: config.last_completed_automatic_backup.map(utc),
            size: config.last_completed_automatic_backup_size,
            schedules: inner.shown_schedules(),
        };
        let event = entities::event(inner.store.event());
        std::iter::once(event).chain(entities::sensors(&sensors)).collect::<Vec<_>>()
    });
    for Entity { id, state, attributes } in published {
        host.publish(id, &state, &attributes.to_string());
    }
}

/// Emits the progress of a job.
pub fn progress(host: &dyn Host, kind: &str, stage: &str, done: u64, total: Option<u64>) {
    let progress = json!({"job": kind, "stage": stage, "done": done, "total": total});
    host.emit(PROGRESS, &progress.to_string());
}

/// Changes the manager's state, publishes the entities and emits the state.
pub fn set_state(host: &dyn Host, state: State) {
    with(|inner| inner.state = state);
    publish_entities(host);
    host.emit(EVENTS, &json!({"manager_state": state.name()}).to_string());
}
