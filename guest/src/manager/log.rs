//! What people read in the log: one sentence for each thing that happened to a backup, with what it happened to and why.
//!
//! Owns the words. Whoever only reads a list or a state reads no sentence.

use std::time::Duration;

use serde_json::{Value, json};

use crate::archive::Instant;
use crate::error::Failure;
use crate::manager::entities::Trigger;
use crate::ports::Outside;

/// Sentences for people.
const TOPIC: &str = "larder/log";
/// Skipped paths that are named in the log, each night anew.
const TOLD: usize = 20;

/// How much a sentence matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Error,
    Warning,
    Info,
    /// Said only to who asks for more.
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

pub fn say(outside: &dyn Outside, level: Level, message: &str) {
    outside.emit(TOPIC, &json!({"message": message, "level": level.name()}).to_string());
}

pub fn error(outside: &dyn Outside, message: &str) {
    say(outside, Level::Error, message);
}

pub fn warn(outside: &dyn Outside, message: &str) {
    say(outside, Level::Warning, message);
}

pub fn info(outside: &dyn Outside, message: &str) {
    say(outside, Level::Info, message);
}

/// What a backup is called that nobody has named yet.
pub fn kind(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Automatic => "automatic backup",
        Trigger::Manual => "backup",
    }
}

/// `reason` is the schedule's; none when somebody asked.
pub fn started(outside: &dyn Outside, trigger: Trigger, reason: Option<&str>) {
    let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    info(outside, &format!("{} started{reason}", kind(trigger)));
}

/// What it does meanwhile, by the name of the stage.
pub fn stage(outside: &dyn Outside, trigger: Trigger, stage: &str) {
    let what = match stage {
        "home_assistant" => "reading the home and writing it",
        "upload_to_agents" => "reading back what was written",
        "cleaning_up" => "cleaning up",
        other => other,
    };
    say(outside, Level::Debug, &format!("{}: {what}", kind(trigger)));
}

/// A backup was made: which, where, how large, how long it took.
pub fn made(outside: &dyn Outside, trigger: Trigger, created: &Value, started: Instant) {
    let took = Duration::from_secs(outside.now().seconds.abs_diff(started.seconds));
    let size = created.get("size").and_then(Value::as_u64).unwrap_or(0);
    let verified = created.get("verified").and_then(Value::as_bool).unwrap_or(false);
    let verified = if verified { ", verified" } else { ", not verified" };
    info(
        outside,
        &format!(
            "{} {} made in {}: {}, {}{verified}",
            kind(trigger),
            called(created),
            word(created, "agent_id"),
            amount(size),
            span(took)
        ),
    );
    oddities(outside, trigger, created);
}

/// What is odd about it. Who made it by hand sees the rest in the answer.
fn oddities(outside: &dyn Outside, trigger: Trigger, created: &Value) {
    let tell = |odd: &Value| warn(outside, &format!("{}: {}", word(odd, "path"), word(odd, "reason")));
    list(created, "doubted").iter().for_each(tell);
    if trigger == Trigger::Automatic {
        list(created, "warnings").iter().filter_map(Value::as_str).for_each(|warning| warn(outside, warning));
        let skipped = list(created, "skipped");
        skipped.iter().take(TOLD).for_each(tell);
        if let Some(more @ 1..) = skipped.len().checked_sub(TOLD) {
            warn(outside, &format!("{more} more were skipped or are incomplete"));
        }
    }
}

/// `answered`: whoever asked is told the same.
pub fn failed(outside: &dyn Outside, what: &str, failure: &Failure, answered: bool) {
    let message = format!("{what} failed: {}", failure.message);
    let data = json!({"message": message, "level": Level::Error.name(), "answered": answered});
    outside.emit(TOPIC, &data.to_string());
}

/// What retention kept and deleted, and why.
pub fn retained(outside: &dyn Outside, done: &Value) {
    for location in list(done, "locations") {
        let agent = word(location, "agent_id");
        let decisions = list(location, "decisions");
        decisions.iter().for_each(|decision| decided(outside, agent, decision));
        let deleted = location.get("deleted").and_then(Value::as_u64).unwrap_or(0);
        let kept = decisions.iter().filter(|decision| is(decision, "keep")).count();
        if deleted > 0 {
            info(outside, &format!("retention in {agent}: {deleted} deleted, {kept} kept"));
        }
    }
    for (agent, error) in done.get("agent_errors").and_then(Value::as_object).into_iter().flatten() {
        self::error(outside, &format!("retention in {agent}: {}", error.as_str().unwrap_or_default()));
    }
}

fn decided(outside: &dyn Outside, agent: &str, decision: &Value) {
    let (level, what) = match (is(decision, "keep"), is(decision, "deleted")) {
        (true, _) => (Level::Debug, "kept"),
        (false, true) => (Level::Info, "deleted"),
        (false, false) => (Level::Error, "not deleted"),
    };
    let backup = called(decision);
    let reason = word(decision, "reason");
    let reason = reason.strip_prefix("deleted: ").or(reason.strip_prefix("kept: ")).unwrap_or(reason);
    say(outside, level, &format!("backup {backup} {what} in {agent}: {reason}"));
}

/// A backup's id and name; a part of one has no other name than its file's.
fn called(backup: &Value) -> String {
    let name = backup.get("name").and_then(Value::as_str).unwrap_or_else(|| word(backup, "file"));
    match word(backup, "backup_id") {
        "" => name.to_owned(),
        id => format!("{id} ({name})"),
    }
}

/// For people: `150.3 MiB`.
fn amount(bytes: u64) -> String {
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

fn span(took: Duration) -> String {
    let seconds = took.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

fn word<'a>(value: &'a Value, key: &str) -> &'a str {
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
    fn sizes_and_times_are_told_as_people_say_them() {
        let sizes = [0, 1536, 157_605_888, 5 << 30, 3 << 50].map(amount);
        assert_eq!(sizes, ["0.0 KiB", "1.5 KiB", "150.3 MiB", "5.0 GiB", "3072.0 TiB"]);
        let spans = [0, 59, 61, 3600, 93_784].map(|seconds| span(Duration::from_secs(seconds)));
        assert_eq!(spans, ["0 s", "59 s", "1 min 1 s", "1 h 0 min", "26 h 3 min"]);
    }
}
