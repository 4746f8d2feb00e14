//! Copies of backups in other locations: stores them side by side, remembers those that failed, and tries them again.
//!
//! What is to be copied is saved before the first byte is sent, so an interruption at any time is made up for. Each location is independent of
//! the others.

use std::cell::RefCell;

use serde_json::{Map, Value, json};

use crate::error::Result;
use crate::manager::announce::{Announcement, Stages, progress, publish_entities, record_event};
use crate::manager::document::PendingCopy;
use crate::manager::entities::Trigger;
use crate::manager::job::{job, parsed, run};
use crate::manager::leftovers::{abandon, clean_staging, clean_unfinished};
use crate::manager::log;
use crate::manager::planning::{home, later};
use crate::manager::state::{save, with};
use crate::manager::together::{self, Work};
use crate::model::Copy;
use crate::ports::{Host, STAGING};
use crate::protection::key::random_hex;
use crate::settings::Moment;

/// The timer of copies that are tried again.
pub const TIMER: &str = "uploads";
/// Seconds until the first further attempt; each later pause is twice as long.
const FIRST_PAUSE: i64 = 5 * 60;
/// The longest pause, in seconds.
const LONGEST_PAUSE: i64 = 6 * 3600;

/// A copy that was stored, or why it was not.
pub struct Outcome {
    pub agent_id: String,
    pub result: Result<Value>,
}

/// A backup is about to be made or copied; [`end`] follows.
pub fn start() {
    with(|inner| inner.copying = inner.copying.saturating_add(1));
}

/// That has ended: what it left is removed, and what waits is planned.
pub fn end(host: &dyn Host) {
    with(|inner| inner.copying = inner.copying.saturating_sub(1));
    clean_staging(host);
    set_timer(host);
}

/// Stores the copies of a new backup. `data` is the request of the create job: it has the password.
pub async fn store_all(
    host: &dyn Host,
    trigger: Trigger,
    created: &Value,
    data: &str,
    stages: &mut Stages<'_>,
) -> Vec<Outcome> {
    let copies: Vec<Copy> =
        created.get("copies").cloned().and_then(|it| serde_json::from_value(it).ok()).unwrap_or_default();
    if copies.is_empty() {
        return Vec::new();
    }
    clean_unfinished(host).await;
    let made = source_of(created);
    let is_protected = created.get("securetar").is_some_and(|version| !version.is_null());
    let (mut pending, mut outcomes) = (Vec::new(), Vec::new());
    let mut other: Option<Result<PendingCopy>> = None;
    for copy in copies {
        let source = if copy.is_protected == is_protected {
            Ok(made.clone())
        } else {
            if other.is_none() {
                other = Some(stage(host, &made, copy.is_protected, data).await);
            }
            other.clone().unwrap_or_else(|| Ok(made.clone()))
        };
        match source {
            Ok(source) => {
                pending.push(PendingCopy { agent_id: copy.agent_id, ..source.started_by(trigger) });
            }
            // Without the staged file there is nothing to try again.
            Err(failure) => {
                log::failed(
                    host,
                    &format!("storing backup {} in {}", made.backup_id, copy.agent_id),
                    &failure,
                    false,
                );
                outcomes.push(Outcome { agent_id: copy.agent_id, result: Err(failure) });
            }
        }
    }
    with(|inner| inner.store.add_pending(pending.clone()));
    save(host);
    outcomes.extend(attempt_all(host, pending, Attempt::First, Some(stages)).await);
    outcomes
}

/// The new backup as the source of its copies.
pub(super) fn source_of(created: &Value) -> PendingCopy {
    let text = |key: &str| created.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    PendingCopy {
        backup_id: text("backup_id"),
        name: text("name"),
        date: text("date"),
        from: text("agent_id"),
        file: text("file"),
        size: created.get("size").and_then(Value::as_u64).unwrap_or(0),
        ..PendingCopy::default()
    }
}

/// Makes a copy with the other protection in the staging area.
pub(super) async fn stage(
    host: &dyn Host,
    made: &PendingCopy,
    is_protected: bool,
    data: &str,
) -> Result<PendingCopy> {
    // A name of its own: what an interrupted attempt left is neither in the way nor mistaken for it.
    let kind = if is_protected { "protected" } else { "plain" };
    let file = format!("{}-{kind}-{}.tar", made.backup_id, random_hex::<4>(host));
    let mut input: Map<String, Value> = parsed(data)?;
    input.insert("agent_id".into(), made.from.clone().into());
    input.insert("file".into(), made.file.clone().into());
    input.insert("to_file".into(), file.clone().into());
    input.insert("unprotected".into(), (!is_protected).into());
    let staged = run(host, "stage", &Value::Object(input).to_string()).await?;
    let size = staged.get("size").and_then(Value::as_u64).unwrap_or(0);
    Ok(PendingCopy { from: STAGING.into(), file, size, ..made.clone() })
}

/// What is known of the location before an attempt.
#[derive(Clone, Copy)]
pub(super) enum Attempt {
    /// The backup is new: nothing of it is anywhere else.
    First,
    /// An earlier attempt may have stored it and been cut off before it knew.
    Again,
    /// Somebody asks for a copy, and is told if there is one.
    Asked,
}

/// Tries to store these copies side by side, and records what came of it.
async fn attempt_all(
    host: &dyn Host,
    pending: Vec<PendingCopy>,
    which: Attempt,
    stages: Option<&mut Stages<'_>>,
) -> Vec<Outcome> {
    let stages = stages.map(RefCell::new);
    let work: Vec<Work<'_, Outcome>> = pending
        .into_iter()
        .map(|copy| -> Work<'_, Outcome> {
            let stages = &stages;
            Box::pin(async move {
                let mut report = |stage: &str, done, total| {
                    if let Some(stages) = stages
                        && stage == "upload_to_agents"
                    {
                        stages.borrow_mut().uploading(&copy.agent_id, done, total);
                    }
                    progress(host, "copy", stage, done, total);
                };
                let result = attempt(host, &copy, which, &mut report).await;
                conclude(host, &copy, &result);
                if let (Some(stages), Ok(_)) = (stages, &result) {
                    stages.borrow_mut().uploaded(&copy.agent_id, copy.size);
                }
                Outcome { agent_id: copy.agent_id, result }
            })
        })
        .collect();
    let outcomes = together::all(work).await;
    abandon(host).await;
    outcomes
}

pub(super) async fn attempt(
    host: &dyn Host,
    copy: &PendingCopy,
    which: Attempt,
    report: &mut dyn FnMut(&str, u64, Option<u64>),
) -> Result<Value> {
    let (is_new, is_resumed) = (matches!(which, Attempt::First), matches!(which, Attempt::Again));
    let input = json!({
        "agent_id": copy.from,
        "file": copy.file,
        "to": copy.agent_id,
        "is_new": is_new,
        "is_resumed": is_resumed,
    });
    parsed(&job(host, "copy", &input.to_string(), report).await?)
}

/// Records the end of an attempt, and saves it.
pub(super) fn conclude(host: &dyn Host, copy: &PendingCopy, result: &Result<Value>) {
    let now = Moment::new(home(host).local(host.now()));
    match result {
        Ok(copied) => {
            let given_up = with(|inner| {
                inner.store.set_copied(copied, now);
                inner.store.remove_pending(copy)
            });
            for older in &given_up {
                log::given_up(host, older);
            }
            with(|inner| inner.abandoned.extend(given_up));
            log::copied(host, copied, copy.attempts);
        }
        Err(failure) => {
            log::not_copied(host, copy, failure);
            let pause = FIRST_PAUSE.saturating_mul(1_i64 << copy.attempts.min(10)).min(LONGEST_PAUSE);
            let next = Moment::new(home(host).local(later(host, pause)));
            with(|inner| inner.store.set_failed(copy, failure, next));
        }
    }
    save(host);
}

/// When a stored copy was written, as its location said it last.
pub fn modified(host: &dyn Host, copied: &Value) -> i64 {
    let text = |key: &str| copied.get(key).and_then(Value::as_str).unwrap_or_default();
    let objects = host.remembered(text("agent_id")).unwrap_or_default();
    objects.iter().find(|object| object.name == text("file")).map_or(0, |object| object.modified)
}

/// The timer fired, at start-up or later: tries what is due, and gives up what nobody wants any more.
pub async fn fired(host: &dyn Host) {
    if with(|inner| inner.copying > 0) {
        return;
    }
    start();
    clean_unfinished(host).await;
    let now = Moment::new(home(host).local(host.now()));
    let due = with(|inner| inner.store.due_copies(now));
    if !due.is_empty() {
        let outcomes = attempt_all(host, due.clone(), Attempt::Again, None).await;
        for (copy, outcome) in due.iter().zip(&outcomes) {
            if outcome.result.is_ok() {
                made_up(host, copy);
            }
        }
    }
    end(host);
}

/// A copy was stored after all. When it was the last one that a planned backup lacked, that backup counts as completed.
pub(super) fn made_up(host: &dyn Host, copy: &PendingCopy) {
    let is_complete = with(|inner| inner.store.is_complete(&copy.backup_id));
    if !is_complete {
        return;
    }
    let trigger = copy.trigger();
    let now = Moment::new(home(host).local(host.now()));
    let is_newest = with(|inner| {
        if let Some(which) = trigger.schedule().filter(|which| inner.store.is_last_of(*which, &copy.date)) {
            inner.store.set_completed(which, now, copy.size);
        }
        inner.store.is_newest(&copy.backup_id)
    });
    if is_newest {
        record_event(host, Some(trigger), &Announcement::end(None));
    }
    save(host);
    publish_entities(host);
}

/// Sets the timer for the next attempt. While something is copied, its end does that.
fn set_timer(host: &dyn Host) {
    if with(|inner| inner.copying > 0) {
        return;
    }
    if with(|inner| inner.store.pending().iter().any(|copy| copy.next.is_none())) {
        return host.set_timer(TIMER, host.now());
    }
    let next = with(|inner| inner.store.next_copy());
    match next {
        Some(at) => {
            let at = at.time().to_utc();
            let at =
                crate::archive::Instant { seconds: at.timestamp(), nanoseconds: at.timestamp_subsec_nanos() };
            host.set_timer(TIMER, at);
        }
        None => host.cancel_timer(TIMER),
    }
}

/// At start-up: everything that is pending is due.
pub fn begin(host: &dyn Host) {
    with(|inner| inner.store.make_all_due());
    host.set_timer(TIMER, host.now());
}
