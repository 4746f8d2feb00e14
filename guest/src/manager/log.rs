//! The log: one sentence for each thing that happened to a backup, with its cause.
//!
//! Owns the sentences, which are for users; programs use the answers, events and entities instead.

use std::time::Duration;

use serde_json::{Value, json};

use crate::archive::Instant;
use crate::error::Failure;
use crate::manager::document::PendingCopy;
use crate::manager::entities::Trigger;
use crate::ports::Host;

/// The topic of log messages.
const TOPIC: &str = "larder/log";
/// The most skipped paths that are logged for one backup.
const MAX_SKIPPED: usize = 20;

/// The level of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Error,
    Warning,
    Info,
    /// Shown only in verbose logs.
    Debug,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// Emits a message.
fn emit(host: &dyn Host, level: Level, message: &str) {
    host.emit(TOPIC, &json!({"message": message, "level": level.name()}).to_string());
}

pub fn error(host: &dyn Host, message: &str) {
    emit(host, Level::Error, message);
}

pub fn warn(host: &dyn Host, message: &str) {
    emit(host, Level::Warning, message);
}

pub fn info(host: &dyn Host, message: &str) {
    emit(host, Level::Info, message);
}

/// How the log names a backup that has no id yet.
pub fn kind(trigger: Trigger) -> String {
    match trigger {
        Trigger::Automatic => "automatic backup".into(),
        Trigger::Scheduled(name) => format!("backup of the schedule {name}"),
        Trigger::Manual => "backup".into(),
    }
}

/// A backup was started. `reason` is the schedule's; `None` if a client asked for it.
pub fn started(host: &dyn Host, trigger: Trigger, reason: Option<&str>) {
    let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    info(host, &format!("{} started{reason}", kind(trigger)));
}

/// A stage of a create began, by Home Assistant's name.
pub fn stage(host: &dyn Host, trigger: Trigger, stage: &str) {
    let what = match stage {
        "home_assistant" => "writing the backup",
        "upload_to_agents" => "verifying the backup",
        "cleaning_up" => "cleaning up",
        other => other,
    };
    emit(host, Level::Debug, &format!("{}: {what}", kind(trigger)));
}

/// A backup was made: which, where, its size, and how long it took.
pub fn made(host: &dyn Host, trigger: Trigger, created: &Value, started: Instant) {
    let took = Duration::from_secs(host.now().seconds.abs_diff(started.seconds));
    let size = created.get("size").and_then(Value::as_u64).unwrap_or(0);
    let verified = created.get("verified").and_then(Value::as_bool).unwrap_or(false);
    let verified = if verified { ", verified" } else { ", not verified" };
    info(
        host,
        &format!(
            "{} {} made in {}: {}, {}{verified}",
            kind(trigger),
            label(created),
            text(created, "agent_id"),
            format_size(size),
            format_duration(took)
        ),
    );
    log_problems(host, trigger, created);
}

/// Logs what was irregular or incomplete. For a manual backup the answer names most of it, so it is not logged again.
fn log_problems(host: &dyn Host, trigger: Trigger, created: &Value) {
    let warn_of = |entry: &Value| warn(host, &format!("{}: {}", text(entry, "path"), text(entry, "reason")));
    list(created, "doubted").iter().for_each(warn_of);
    if trigger != Trigger::Manual {
        list(created, "warnings").iter().filter_map(Value::as_str).for_each(|warning| warn(host, warning));
        let skipped = list(created, "skipped");
        skipped.iter().take(MAX_SKIPPED).for_each(warn_of);
        if let Some(more @ 1..) = skipped.len().checked_sub(MAX_SKIPPED) {
            warn(host, &format!("{more} more paths were skipped or are incomplete"));
        }
    }
}

/// A backup could not be stored in some of its locations.
pub fn not_stored(host: &dyn Host, id: &str, agents: &[String]) {
    warn(host, &format!("backup {id} was not stored in {}: no such location", agents.join(", ")));
}

/// A copy was stored in another location.
pub fn copied(host: &dyn Host, copied: &Value, failed_attempts: u32) {
    let after = match failed_attempts {
        0 => String::new(),
        1 => ", after one failed attempt".into(),
        count => format!(", after {count} failed attempts"),
    };
    let proof = proof(text(copied, "proof"));
    info(host, &format!("backup {} stored in {}{after}: {proof}", label(copied), text(copied, "agent_id")));
    list(copied, "notes").iter().filter_map(Value::as_str).for_each(|note| warn(host, note));
}

/// How a copy was proven, as a phrase.
fn proof(proof: &str) -> &'static str {
    match proof {
        "full" => "read back completely",
        "sample" => "size compared, samples read back",
        "digest" => "compared by its digests",
        _ => "size compared",
    }
}

/// A copy could not be stored, and is tried again.
pub fn not_copied(host: &dyn Host, copy: &PendingCopy, failure: &Failure) {
    let PendingCopy { backup_id, name, agent_id, .. } = copy;
    let message = format!(
        "backup {backup_id} ({name}) was not stored in {agent_id}, and is tried again: {}",
        failure.message
    );
    warn(host, &message);
}

/// A newer backup made a copy pointless.
pub fn given_up(host: &dyn Host, copy: &PendingCopy) {
    let PendingCopy { backup_id, name, agent_id, .. } = copy;
    info(
        host,
        &format!("backup {backup_id} ({name}) is no longer tried in {agent_id}: a newer one is stored there"),
    );
}

/// What was removed of interrupted uploads.
pub fn cleaned(host: &dyn Host, agent_id: &str, done: &Value) {
    list(done, "messages")
        .iter()
        .filter_map(Value::as_str)
        .for_each(|text| info(host, &format!("{agent_id}: {text}")));
}

/// The warning about a copy that anyone with access can read.
pub fn plain_copy(agent_id: &str) -> String {
    format!(
        "the copy in {agent_id} is not protected: anyone with access to it can read the home and its passwords; set a password, or \
         agents.{agent_id}.protected=false if that is meant"
    )
}

/// Something failed. `answered` says that the client gets the same message as its answer.
pub fn failed(host: &dyn Host, what: &str, failure: &Failure, answered: bool) {
    let message = format!("{what} failed: {}", failure.message);
    let data = json!({"message": message, "level": Level::Error.name(), "answered": answered});
    host.emit(TOPIC, &data.to_string());
}

/// Retention was applied. Logs what it deleted and kept, with the reason for each.
pub fn retained(host: &dyn Host, done: &Value) {
    for location in list(done, "locations") {
        let agent = text(location, "agent_id");
        let decisions = list(location, "decisions");
        decisions.iter().for_each(|decision| log_decision(host, agent, decision));
        let deleted = location.get("deleted").and_then(Value::as_u64).unwrap_or(0);
        let kept = decisions.iter().filter(|decision| is(decision, "keep")).count();
        if deleted > 0 {
            info(host, &format!("retention in {agent}: {deleted} deleted, {kept} kept"));
        }
    }
    for (agent, error) in done.get("agent_errors").and_then(Value::as_object).into_iter().flatten() {
        self::error(host, &format!("retention in {agent}: {}", error.as_str().unwrap_or_default()));
    }
}

fn log_decision(host: &dyn Host, agent: &str, decision: &Value) {
    let (level, what) = match (is(decision, "keep"), is(decision, "deleted")) {
        (true, _) => (Level::Debug, "kept in"),
        (false, true) => (Level::Info, "deleted from"),
        (false, false) => (Level::Error, "not deleted from"),
    };
    let backup = label(decision);
    let reason = text(decision, "reason");
    let reason = reason.strip_prefix("deleted: ").or(reason.strip_prefix("kept: ")).unwrap_or(reason);
    emit(host, level, &format!("backup {backup} {what} {agent}: {reason}"));
}

/// A backup's id and name. An incomplete backup has only the name of its file.
fn label(backup: &Value) -> String {
    let name = backup.get("name").and_then(Value::as_str).unwrap_or_else(|| text(backup, "file"));
    match text(backup, "backup_id") {
        "" => name.to_owned(),
        id => format!("{id} ({name})"),
    }
}

/// `150.3 MiB`.
fn format_size(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let mut amount = bytes as f64 / 1024.0;
    let mut units = units.iter();
    let mut unit = units.next().copied().unwrap_or_default();
    for next in units {
        if amount < 1024.0 {
            break;
        }
        amount /= 1024.0;
        unit = next;
    }
    format!("{amount:.1} {unit}")
}

/// `1 min 5 s`.
fn format_duration(took: Duration) -> String {
    let seconds = took.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn is(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_are_readable() {
        let sizes = [0, 1536, 157_605_888, 5 << 30, 3 << 50].map(format_size);
        assert_eq!(sizes, ["0.0 KiB", "1.5 KiB", "150.3 MiB", "5.0 GiB", "3072.0 TiB"]);
        let spans = [0, 59, 61, 3600, 93_784].map(|seconds| format_duration(Duration::from_secs(seconds)));
        assert_eq!(spans, ["0 s", "59 s", "1 min 1 s", "1 h 0 min", "26 h 3 min"]);
    }
}
