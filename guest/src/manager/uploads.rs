//! Copies of backups in other locations: stores them side by side, remembers those that failed, and tries them again.
//!
//! What is to be copied is saved before the first byte is sent, so an interruption at any time is made up for. Each location is independent of
//! the others.

use std::cell::RefCell;

use serde_json::{Map, Value, json};

use crate::error::{Failure, Result};
use crate::jobs::stored_backups::LOCAL;
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
            Err(failure) => outcomes.push(Outcome { agent_id: copy.agent_id, result: Err(failure) }),
        }
    }
    with(|inner| inner.store.add_pending(pending.clone()));
    save(host);
    outcomes.extend(attempt_all(host, pending, true, Some(stages)).await);
    outcomes
}

/// The new backup as the source of its copies.
fn source_of(created: &Value) -> PendingCopy {
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
async fn stage(host: &dyn Host, made: &PendingCopy, is_protected: bool, data: &str) -> Result<PendingCopy> {
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

/// Tries to store these copies side by side, and records what came of it.
async fn attempt_all(
    host: &dyn Host,
    pending: Vec<PendingCopy>,
    is_new: bool,
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
                let result = attempt(host, &copy, is_new, &mut report).await;
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
    clean_staging(host);
    set_timer(host);
    outcomes
}

async fn attempt(
    host: &dyn Host,
    copy: &PendingCopy,
    is_new: bool,
    report: &mut dyn FnMut(&str, u64, Option<u64>),
) -> Result<Value> {
    let input = json!({"agent_id": copy.from, "file": copy.file, "to": copy.agent_id, "is_new": is_new});
    parsed(&job(host, "copy", &input.to_string(), report).await?)
}

/// Records the end of an attempt, and saves it.
fn conclude(host: &dyn Host, copy: &PendingCopy, result: &Result<Value>) {
    let now = Moment::new(home(host).local(host.now()));
    match result {
        Ok(copied) => {
            let modified = copied.get("modified").and_then(Value::as_i64).unwrap_or(0);
            let given_up = with(|inner| {
                inner.store.set_copied(copied, modified, now);
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
    clean_unfinished(host).await;
    clean_staging(host);
    if with(|inner| std::mem::replace(&mut inner.uploading, true)) {
        return;
    }
    let now = Moment::new(home(host).local(host.now()));
    let due = with(|inner| inner.store.due_copies(now));
    if !due.is_empty() {
        let outcomes = attempt_all(host, due.clone(), false, None).await;
        for (copy, outcome) in due.iter().zip(&outcomes) {
            if outcome.result.is_ok() {
                made_up(host, copy);
            }
        }
    }
    with(|inner| inner.uploading = false);
    set_timer(host);
}

/// A copy was stored after all. When it was the last one that a planned backup lacked, that backup counts as completed.
fn made_up(host: &dyn Host, copy: &PendingCopy) {
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

/// Sets the timer for the next attempt; at once if there is something to clean.
pub fn set_timer(host: &dyn Host) {
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

/// `backup.copy`: stores an existing backup in another location as well.
pub async fn copy(host: &dyn Host, data: &str) -> Result<Value> {
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
    with(|inner| inner.store.add_pending(vec![source.clone()]));
    save(host);
    let mut report = |stage: &str, done, total| progress(host, "copy", stage, done, total);
    let result = attempt(host, &source, false, &mut report).await;
    match &result {
        Ok(_) => conclude(host, &source, &result),
        // Whoever asked is told, and asks again; only what the schedule wants is tried again by itself.
        Err(_) => {
            with(|inner| inner.store.drop_pending(&source));
            save(host);
        }
    }
    clean_staging(host);
    set_timer(host);
    let mut copied = result?;
    if let Some(fields) = copied.as_object_mut() {
        fields.insert("warnings".into(), warnings.into());
    }
    publish_entities(host);
    Ok(copied)
}
