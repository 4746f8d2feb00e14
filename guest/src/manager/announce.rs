//! What the rest of the home hears and sees of the manager: Home Assistant's events, stages and entities.
//!
//! Owns their words and their order. Decides nothing and stores nothing.

use serde_json::{Value, json};

use crate::archive::Instant;
use crate::config::Moment;
use crate::error::Failure;
use crate::jobs::library::LOCAL;
use crate::manager::entities;
use crate::manager::entities::{Entity, LastEvent, Sensors, Trigger};
use crate::manager::log;
use crate::manager::{State, with};
use crate::ports::Outside;

/// Home Assistant's topic for what the manager does.
const EVENTS: &str = "backup/subscribe_events";
/// How far a job is: finer than Home Assistant's events, for a progress bar.
const PROGRESS: &str = "larder/progress";
/// A create's stages, in Home Assistant's words and order; `cleaning_up` follows.
const STAGES: [&str; 2] = ["home_assistant", "upload_to_agents"];
/// Seconds between two messages about how much of a location's copy is there.
const UPLOAD_STEP: i64 = 1;

/// Tells the stages of a create, each once and in order, whatever progress was missed.
pub struct Stages<'a> {
    outside: &'a dyn Outside,
    trigger: Trigger,
    /// How many stages were told.
    reached: usize,
    /// When it was told last how much is there.
    told: Option<Instant>,
}

impl<'a> Stages<'a> {
    pub fn new(outside: &'a dyn Outside, trigger: Trigger) -> Self {
        Self { outside, trigger, reached: 0, told: None }
    }

    pub fn progress(&mut self, stage: &str, done: u64, total: Option<u64>) {
        let at = STAGES.iter().position(|known| *known == stage).unwrap_or(self.reached.saturating_sub(1));
        self.reach(at);
        if let (1, Some(total)) = (at, total) {
            self.upload(LOCAL, done, total);
        }
    }

    /// What is still to be told of a backup that is there.
    pub fn finish(&mut self, created: &Value) {
        self.reach(STAGES.len().saturating_sub(1));
        let size = created.get("size").and_then(Value::as_u64).unwrap_or(0);
        let agent = created.get("agent_id").and_then(Value::as_str).unwrap_or(LOCAL);
        if self.told.is_none() {
            self.upload(agent, 0, size);
        }
        self.tell_upload(agent, size, size);
    }

    fn reach(&mut self, at: usize) {
        for stage in STAGES.iter().take(at.saturating_add(1)).skip(self.reached) {
            log::stage(self.outside, self.trigger, stage);
            tell(self.outside, State::CreateBackup, Some(self.trigger), Said::stage(Some(stage)));
        }
        self.reached = self.reached.max(at.saturating_add(1));
    }

    /// Nothing at the start, and then at most once a second; what is whole is told at the end.
    fn upload(&mut self, agent: &str, done: u64, total: u64) {
        let now = self.outside.now();
        match self.told {
            None => self.tell_upload(agent, 0, total),
            Some(told) if is_soon(told, now) || done == total => return,
            Some(_) => self.tell_upload(agent, done, total),
        }
        self.told = Some(now);
    }

    fn tell_upload(&self, agent: &str, done: u64, total: u64) {
        let event = json!({
            "manager_state": State::CreateBackup.name(),
            "agent_id": agent,
            "uploaded_bytes": done,
            "total_bytes": total,
        });
        self.outside.emit(EVENTS, &event.to_string());
    }
}

/// Whether the next message comes too early. A clock that was set back keeps nobody silent.
fn is_soon(told: Instant, now: Instant) -> bool {
    (0..UPLOAD_STEP).contains(&now.seconds.saturating_sub(told.seconds))
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

/// One of Home Assistant's messages about work that is under way.
#[derive(Clone, Copy)]
pub struct Said<'a> {
    stage: Option<&'a str>,
    /// `in_progress`, `core_restart`, `completed` or `failed`.
    state: &'static str,
    reason: Option<&'static str>,
}

impl<'a> Said<'a> {
    pub fn stage(stage: Option<&'a str>) -> Self {
        Self { stage, state: "in_progress", reason: None }
    }

    /// A restored home is about to be put in place: Home Assistant stops and starts again.
    pub fn restart() -> Self {
        Self { stage: None, state: "core_restart", reason: None }
    }

    /// How it ended: well, unless there is a reason why not.
    pub fn end(reason: Option<&'static str>) -> Self {
        Self { stage: None, state: if reason.is_some() { "failed" } else { "completed" }, reason }
    }
}

/// Shows and tells it: entities first, as Home Assistant does.
pub fn tell(outside: &dyn Outside, state: State, trigger: Option<Trigger>, said: Said<'_>) {
    note(outside, trigger, &said);
    show(outside);
    let event = json!({
        "manager_state": state.name(),
        "stage": said.stage,
        "state": said.state,
        "reason": said.reason,
    });
    outside.emit(EVENTS, &event.to_string());
    with(|inner| inner.last_action = Some(event));
}

/// Keeps it as the event entity's last event; restoring has none.
pub fn note(outside: &dyn Outside, trigger: Option<Trigger>, said: &Said<'_>) {
    let Some(trigger) = trigger else { return };
    let event = LastEvent {
        at: entities::milliseconds(outside.now()),
        event_type: said.state.to_owned(),
        backup_stage: said.stage.map(str::to_owned),
        failed_reason: said.reason.map(str::to_owned),
        trigger,
    };
    with(|inner| inner.store.set_event(event));
}

/// Publishes every entity; only what changed is heard of.
pub fn show(outside: &dyn Outside) {
    let published = with(|inner| {
        let config = inner.store.config();
        let utc = |moment: Moment| moment.time().to_utc();
        // What another process does is only known from what it stored.
        let is_elsewhere =
            inner.state == State::Idle && inner.store.event().is_some_and(LastEvent::is_in_progress);
        let state = if is_elsewhere { State::CreateBackup } else { inner.state };
        let sensors = Sensors {
            manager_state: state.name(),
            next: inner.next.at,
            last_attempted: config.last_attempted_automatic_backup.map(utc),
            last_successful: config.last_completed_automatic_backup.map(utc),
            size: config.last_completed_automatic_backup_size,
        };
        let event = entities::event(inner.store.event());
        std::iter::once(event).chain(entities::sensors(&sensors)).collect::<Vec<_>>()
    });
    for Entity { id, state, attributes } in published {
        outside.publish(id, &state, &attributes.to_string());
    }
}

/// How far a job is.
pub fn progress(outside: &dyn Outside, kind: &str, stage: &str, done: u64, total: Option<u64>) {
    let progress = json!({"job": kind, "stage": stage, "done": done, "total": total});
    outside.emit(PROGRESS, &progress.to_string());
}

/// The manager has nothing to do, or begins or ends to have.
pub fn enter(outside: &dyn Outside, state: State) {
    with(|inner| inner.state = state);
    show(outside);
    outside.emit(EVENTS, &json!({"manager_state": state.name()}).to_string());
}
