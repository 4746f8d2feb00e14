//! The manager: whether a command may run now, which job does it, and what subscribers hear of it.
//!
//! It never touches a file itself; all work is a job. Its state lives as long as its instance.

use std::cell::Cell;

use serde_json::json;

use crate::actions;
use crate::error::{Failure, Result};
use crate::ports::{Event, Outside};

/// Home Assistant's topic for what the manager does.
const EVENTS: &str = "backup/subscribe_events";
/// How far a job is: finer than Home Assistant's events, for a progress bar.
const PROGRESS: &str = "larder/progress";

/// Home Assistant's manager states.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    CreateBackup,
    RestoreBackup,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::CreateBackup => "create_backup",
            Self::RestoreBackup => "restore_backup",
        }
    }
}

thread_local! {
    static STATE: Cell<State> = const { Cell::new(State::Idle) };
}

/// Does what is asked and answers when it is done.
pub async fn call(outside: &dyn Outside, name: &str, data: &str) -> Result<String> {
    let kind = actions::check(name, data)?;
    match kind {
        "create" => busy(outside, State::CreateBackup, kind, data).await,
        "restore" => busy(outside, State::RestoreBackup, kind, data).await,
        _ => job(outside, kind, data, &mut |_| ()).await,
    }
}

/// Work that only one at a time may do: with Home Assistant's events around it.
async fn busy(outside: &dyn Outside, state: State, kind: &str, data: &str) -> Result<String> {
    let current = STATE.get();
    if current != State::Idle {
        let message = format!("Backup manager busy: {}", current.name());
        return Err(Failure::new("home_assistant_error", message));
    }
    STATE.set(state);
    tell(outside, state, None, "in_progress", None);
    let result = job(outside, kind, data, &mut |stage| {
        tell(outside, state, Some(stage), "in_progress", None);
    })
    .await;
    match &result {
        Ok(_) => {
            tell(outside, state, Some("cleaning_up"), "in_progress", None);
            tell(outside, state, None, "completed", None);
        }
        Err(failure) => tell(outside, state, None, "failed", Some(reason(failure))),
    }
    STATE.set(State::Idle);
    outside.emit(EVENTS, &json!({"manager_state": "idle"}).to_string());
    result
}

/// Home Assistant's `failed_reason` for a failure.
fn reason(failure: &Failure) -> &str {
    match failure.code.as_ref() {
        "home_assistant_error" => "backup_manager_error",
        "password_incorrect" | "backup_not_found" | "invalid_backup_filename" => failure.code.as_ref(),
        "plugin_stopped" => "unknown_error",
        _ => "upload_failed",
    }
}

fn tell(outside: &dyn Outside, state: State, stage: Option<&str>, what: &str, reason: Option<&str>) {
    let event = json!({"manager_state": state.name(), "stage": stage, "state": what, "reason": reason});
    outside.emit(EVENTS, &event.to_string());
}

/// Runs a job to its end, with the action's own data. `staged` hears of each stage once.
async fn job(outside: &dyn Outside, kind: &str, data: &str, staged: &mut dyn FnMut(&str)) -> Result<String> {
    let job = outside.start_job(kind, data)?;
    let mut current = String::new();
    loop {
        match job.next().await {
            Event::Finished(result) => return result,
            Event::Progress { stage, done, total } => {
                if stage != current {
                    staged(&stage);
                }
                let progress = json!({"job": kind, "stage": stage, "done": done, "total": total});
                outside.emit(PROGRESS, &progress.to_string());
                current = stage;
            }
        }
    }
}
