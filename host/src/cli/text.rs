//! Answers in words. Pure: JSON in, text out.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::driver::Notification;
use crate::options::{ENTRY_MEMORY, Limits, MAX_MESSAGE};

/// Bytes for people: `9.1 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

/// A text of an answer on one line. It may come from an archive that somebody made to steer a terminal.
pub(crate) fn word(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).map_or_else(|| "–".to_owned(), |text| plain(text, ""))
}

/// A text without characters that a terminal would act on, but for the `kept` ones, and of a sane length.
pub(crate) fn plain(text: &str, kept: &str) -> String {
    larder_text::cut(text, MAX_MESSAGE, kept)
}

pub(crate) fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

pub(crate) fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// `2026-11-23T15:39:40.988161+01:00` without its fraction.
fn date(value: &Value) -> String {
    let text = word(value, "date");
    let (day, rest) = text.split_once('T').unwrap_or((&text, ""));
    let zone = rest.find(['+', '-', 'Z']).and_then(|at| rest.get(at..)).unwrap_or_default();
    format!("{day} {} {zone}", rest.get(..8).unwrap_or(rest)).trim_end().to_owned()
}

/// Lines of `name  value`, the values in one column.
fn fields(pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    pairs.iter().map(|(name, value)| format!("  {name:width$}  {value}\n")).collect()
}

fn amount(value: &Value) -> String {
    format!(
        "{} in {}, {}, {}",
        size(number(value, "bytes")),
        many(number(value, "files"), "file", "files"),
        many(number(value, "directories"), "directory", "directories"),
        many(number(value, "links"), "link", "links") + &links_out(value)
    )
}

/// How many of the links lead where a backup does not reach.
fn links_out(value: &Value) -> String {
    match number(value, "links_out") {
        0 => String::new(),
        1 => " (1 leads out of the home: only the link is stored)".into(),
        count => format!(" ({count} lead out of the home: only the links are stored)"),
    }
}

fn many(count: u64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// Paths with their reasons, or nothing.
fn reasons(title: &str, items: &[Value]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let lines = items.iter().map(|item| format!("  {}: {}\n", word(item, "path"), word(item, "reason")));
    format!("{title}\n{}", lines.collect::<String>())
}

pub(crate) fn created(value: &Value, directory: &str) -> String {
    let pairs = [
        ("name", word(value, "name")),
        ("file", format!("{directory}/{}", word(value, "file"))),
        ("size", format!("{} ({})", size(number(value, "size")), amount(value))),
        ("protected", protected(value)),
        ("verified", format!("{}: read back from the disk, whole", yes(flag(value, "verified")))),
    ];
    format!(
        "Backup {} created.\n{}{}{}{}{}",
        word(value, "backup_id"),
        fields(&pairs),
        warnings(value),
        reasons("Skipped or incomplete:", list(value, "skipped")),
        notes(value),
        reasons("In doubt:", list(value, "doubted"))
    )
}

pub(crate) fn preview(value: &Value, limits: &Limits) -> String {
    let available = value.get("available").and_then(Value::as_u64).map_or("unknown".into(), size);
    let mut pairs = vec![
        ("name", word(value, "name")),
        ("content", amount(value)),
        ("database", yes(flag(value, "database_included")).to_owned()),
        ("archive", format!("about {}", size(number(value, "estimated_size")))),
        ("free", available),
    ];
    pairs.extend(large(value, limits).map(|text| ("memory", text)));
    let largest = list(value, "largest").iter();
    let largest =
        largest.map(|item| format!("  {:>11}  {}\n", size(number(item, "size")), word(item, "path")));
    let excluded = list(value, "excluded").iter().map(|item| {
        let (entries, bytes) =
            (many(number(item, "entries"), "entry", "entries"), size(number(item, "bytes")));
        format!("  {}: {entries}, {bytes}\n", word(item, "pattern"))
    });
    format!(
        "A backup would hold:\n{}{}Largest:\n{}{}{}",
        fields(&pairs),
        warnings(value),
        largest.collect::<String>(),
        titled("Left out by pattern:", excluded.collect()),
        reasons("Would be skipped:", list(value, "skipped"))
    )
}

/// What the list of a large home takes while a backup is made, where that is more than is usual.
fn large(value: &Value, limits: &Limits) -> Option<String> {
    let entries = ["files", "directories", "links"].into_iter().map(|key| number(value, key)).sum::<u64>();
    let entries = usize::try_from(entries).unwrap_or(usize::MAX);
    let is_large = entries.saturating_mul(ENTRY_MEMORY) > limits.memory;
    let most = limits.memory_for(entries) >> 20;
    is_large
        .then(|| format!("up to {most} MiB, for the list of so many files (limits memory and home-memory)"))
}

/// `SecureTar 3`; none for what anyone can read.
fn securetar(value: &Value) -> Option<String> {
    value.get("securetar").and_then(Value::as_u64).map(|version| format!("SecureTar {version}"))
}

fn protected(value: &Value) -> String {
    securetar(value)
        .map_or("no: anyone can read it".into(), |securetar| format!("by a password, {securetar}"))
}

/// Which key fitted, where several were tried.
fn opened_with(value: &Value) -> String {
    match value.get("key").and_then(Value::as_str) {
        Some(label) => format!(", opened with the key \"{}\"", plain(label, "")),
        None => String::new(),
    }
}

fn warnings(value: &Value) -> String {
    told(value, "warnings")
}

/// What could not be kept or promised.
fn notes(value: &Value) -> String {
    told(value, "notes")
}

fn told(value: &Value, key: &str) -> String {
    let lines = list(value, key).iter().filter_map(Value::as_str);
    titled("Note:", lines.map(|line| format!("  {}\n", plain(line, ""))).collect())
}

fn titled(title: &str, lines: String) -> String {
    if lines.is_empty() { lines } else { format!("{title}\n{lines}") }
}

pub(crate) fn listed(value: &Value) -> String {
    let backups = list(value, "backups");
    let mut text = if backups.is_empty() {
        "No backups.\n".to_owned()
    } else {
        format!("{:8}  {:26}  {:>11}  {:10}  {:11}  NAME\n", "ID", "DATE", "SIZE", "DATABASE", "PROTECTED")
    };
    for backup in backups {
        let database = yes(flag(backup, "database_included"));
        let (id, name) = (word(backup, "backup_id"), word(backup, "name"));
        text += &format!(
            "{id:8}  {:26}  {:>11}  {database:10}  {:11}  {name}\n",
            date(backup),
            size(stored_size(backup)),
            securetar(backup).unwrap_or("no".into())
        );
    }
    let errors = value.get("agent_errors").and_then(Value::as_object);
    for (agent, error) in errors.into_iter().flatten() {
        text += &format!("{agent}: {}\n", plain(error.as_str().unwrap_or_default(), ""));
    }
    text + &reasons("Not readable as backups (`larder delete FILE` removes one):", list(value, "unreadable"))
}

fn agent(backup: &Value) -> Option<&Value> {
    backup.get("agents")?.as_object()?.values().next()
}

fn stored_size(backup: &Value) -> u64 {
    agent(backup).map_or(0, |agent| number(agent, "size"))
}

pub(crate) fn shown(value: &Value) -> String {
    let backup = value.get("backup").unwrap_or(value);
    let names = |key: &str, field: &str| {
        let name = |item: &Value| item.as_str().map_or_else(|| word(item, field), |name| plain(name, ""));
        let names: Vec<_> = list(backup, key).iter().map(name).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    let pairs = [
        ("name", word(backup, "name")),
        ("date", date(backup)),
        ("file", word(backup, "file")),
        ("size", size(stored_size(backup))),
        ("home assistant", word(backup, "homeassistant_version")),
        ("database", yes(flag(backup, "database_included")).to_owned()),
        ("protected", protected(backup)),
        ("add-ons", names("addons", "name")),
        ("folders", names("folders", "slug")),
        ("members", names("members", "name")),
    ];
    let missing = reasons("Missing:", list(backup, "missing"));
    let lost = missing + &reasons("Cannot be restored here:", list(backup, "not_restorable"));
    format!("Backup {}\n{}{}{lost}", word(backup, "backup_id"), fields(&pairs), warnings(backup))
}

pub(crate) fn verified(value: &Value) -> String {
    let id = word(value, "backup_id");
    let verdict = match flag(value, "restorable") {
        true => format!("Backup {id} is restorable: every byte of the home in it was read and checked."),
        false => format!("Backup {id} is whole, but cannot be restored here: {}.", word(value, "reason")),
    };
    let mut pairs = vec![
        ("name", word(value, "name")),
        ("date", date(value)),
        ("file", word(value, "file")),
        ("size", format!("{} ({})", size(number(value, "size")), amount(value))),
        ("database", yes(flag(value, "database_included")).to_owned()),
        ("protected", protected(value) + &opened_with(value)),
    ];
    let parts: Vec<_> =
        list(value, "parts").iter().filter_map(Value::as_str).map(|part| plain(part, "")).collect();
    if !parts.is_empty() {
        pairs.push(("other parts", format!("{}: read and checked, too", parts.join(", "))));
    }
    format!(
        "{verdict}\n{}{}{}{}{}",
        fields(&pairs),
        warnings(value),
        reasons("Missing:", list(value, "missing")),
        reasons("Left out by a restore:", list(value, "skipped")),
        reasons("Cannot be restored here:", list(value, "not_restorable"))
    )
}

pub(crate) fn restored(value: &Value, target: &str) -> String {
    let parts = match (flag(value, "restored_homeassistant"), flag(value, "restored_database")) {
        (true, true) => "configuration and database",
        (true, false) => "configuration",
        _ => "database",
    };
    let (id, name) = (word(value, "backup_id"), word(value, "name"));
    let verb = if flag(value, "dry_run") { "could be " } else { "" };
    format!(
        "Backup {id} ({name}) {verb}restored to {target}: {parts}, {}{}.\n{}{}{}{}",
        amount(value),
        opened_with(value),
        warnings(value),
        reasons("Not restored:", list(value, "skipped")),
        notes(value),
        reasons("Links that lead nowhere:", list(value, "dangling"))
    )
}

pub(crate) fn extracted(value: &Value, target: &str) -> String {
    let (id, amount, opened) = (word(value, "backup_id"), amount(value), opened_with(value));
    let damaged = value.get("damaged").and_then(Value::as_str).map(|why| {
        let why = plain(why, "");
        format!("This backup is damaged: what came out stands before the damage. Check it before you use it.\n  {why}\n")
    });
    format!(
        "Extracted from backup {id} to {target}: {amount}{opened}.\n{}{}{}{}",
        damaged.unwrap_or_default(),
        warnings(value),
        reasons("Not extracted:", list(value, "skipped")),
        notes(value)
    )
}

pub(crate) fn checked(value: &Value) -> String {
    let (id, name) = (word(value, "backup_id"), word(value, "name"));
    let securetar = securetar(value).unwrap_or_default();
    match value.get("verdict").and_then(Value::as_str) {
        Some("right") => match value.get("key").and_then(Value::as_str) {
            Some(label) => {
                format!("Right: the key \"{}\" opens backup {id} ({name}, {securetar}).\n", plain(label, ""))
            }
            None => format!("Right: the password opens backup {id} ({name}, {securetar}).\n"),
        },
        Some("wrong") => format!("Wrong: {}.\n", word(value, "reason")),
        Some("not_protected") => format!("Backup {id} ({name}) is not protected: anyone can read it.\n"),
        _ => format!("Cannot tell: {}.\n", word(value, "reason")),
    }
}

pub(crate) fn copied(value: &Value) -> String {
    let verb = if securetar(value).is_some() { "Encrypted" } else { "Decrypted" };
    let parts = many(number(value, "parts"), "part", "parts");
    let pairs = [
        ("file", word(value, "file")),
        ("size", format!("{} ({parts})", size(number(value, "size")))),
        ("protected", protected(value)),
        ("verified", format!("{}: read back from the disk, equal", yes(flag(value, "verified")))),
    ];
    let (id, name, opened) = (word(value, "backup_id"), word(value, "name"), opened_with(value));
    format!("{verb} copy of backup {id} ({name}) written{opened}.\n{}{}", fields(&pairs), notes(value))
}

pub(crate) fn keys(value: &Value, ring: &str) -> String {
    let keys = list(value, "keys");
    if keys.is_empty() {
        return format!("No keys in the key ring {ring}.\n");
    }
    let width = keys.iter().map(|key| word(key, "label").chars().count()).max().unwrap_or(0);
    let lines = keys.iter().map(|key| format!("  {:width$}  {}\n", word(key, "label"), word(key, "created")));
    format!("Keys in {ring}:\n{}", lines.collect::<String>())
}

pub(crate) fn settings(value: &Value) -> String {
    let config = value.get("config").unwrap_or(&Value::Null);
    let mut lines = Vec::new();
    flatten("", config, &mut lines);
    if let Some(zone) = value.get("time_zone") {
        lines.push(("time_zone".into(), format!("{} (from {})", word(zone, "name"), word(zone, "origin"))));
    }
    let width = lines.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    let lines: String = lines.iter().map(|(key, value)| format!("{key:width$}  {value}\n")).collect();
    let has_next = config.get("next_automatic_backup").is_some_and(Value::is_string);
    let agents = config.pointer("/create_backup/agent_ids").and_then(Value::as_array);
    let nowhere = match has_next && agents.is_some_and(Vec::is_empty) {
        true => "Note:\n  automatic backups have nowhere to go; set create_backup.agent_ids=backup.local\n",
        false => "",
    };
    lines + nowhere + &warnings(value)
}

/// `retention.copies  3`, one line a value.
fn flatten(prefix: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&plain(&key, ""), value, lines);
            }
        }
        Value::String(text) => lines.push((prefix.to_owned(), plain(text, ""))),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let items: Vec<_> = items.iter().filter_map(Value::as_str).map(|item| plain(item, "")).collect();
            let text = if items.is_empty() { "none".to_owned() } else { items.join(", ") };
            lines.push((prefix.to_owned(), text));
        }
        Value::Null => lines.push((prefix.to_owned(), "not set".to_owned())),
        other => lines.push((prefix.to_owned(), plain(&other.to_string(), ""))),
    }
}

pub(crate) fn schedule(value: &Value) -> String {
    let runs = list(value, "runs");
    let zone =
        format!("Time zone: {} (from {})\n", word(value, "time_zone"), word(value, "time_zone_origin"));
    let lines = match runs {
        [] => format!("No automatic backups are planned: {}.\n", word(value, "reason")),
        _ => runs.iter().map(|run| format!("{}  {}\n", word(run, "local"), word(run, "reason"))).collect(),
    };
    lines + &zone
}

pub(crate) fn retention(value: &Value) -> String {
    let mut text = String::new();
    for location in list(value, "locations") {
        text += &format!("{} ({}):\n", word(location, "agent_id"), word(location, "policy"));
        for decision in list(location, "decisions") {
            // A part of a backup has no other name than its file's.
            let name = if decision.get("name").is_some_and(Value::is_string) { "name" } else { "file" };
            let (id, name, reason) =
                (word(decision, "backup_id"), word(decision, name), word(decision, "reason"));
            text += &format!("  {id:8}  {:26}  {name}: {reason}\n", date(decision));
        }
        if list(location, "decisions").is_empty() {
            text += "  no backups\n";
        }
    }
    let errors = value.get("agent_errors").and_then(Value::as_object);
    for (agent, error) in errors.into_iter().flatten() {
        text += &format!("{agent}: {}\n", plain(error.as_str().unwrap_or_default(), ""));
    }
    let deleted = number(value, "deleted");
    let verb = if flag(value, "dry_run") { "would be deleted" } else { "deleted" };
    text + &format!("{} {verb}.\n", many(deleted, "backup", "backups"))
}

pub(crate) fn states(states: &[Value]) -> String {
    let width = states.iter().map(|state| word(state, "entity_id").len()).max().unwrap_or(0);
    let line = |state: &Value| format!("{:width$}  {}\n", word(state, "entity_id"), word(state, "state"));
    states.iter().map(line).collect()
}

/// What is to stay in sight, the newest first.
pub(crate) fn notifications(all: &BTreeMap<String, Notification>) -> String {
    let mut all: Vec<_> = all.iter().collect();
    all.sort_by(|(_, one), (_, other)| other.created_at.cmp(&one.created_at));
    let line = |(id, it): &(&String, &Notification)| {
        let title = it.title.as_deref().map_or(String::new(), |title| format!("{}: ", plain(title, "")));
        format!("  {title}{} ({})\n", plain(&it.message, ""), plain(id, ""))
    };
    titled("Notifications:", all.iter().map(line).collect())
}

pub(crate) fn adopted(value: &Value) -> String {
    let lines = |key: &str| {
        let line = |item: &Value| format!("  {}: {}\n", word(item, "what"), word(item, "value"));
        list(value, key).iter().map(line).collect::<String>()
    };
    let taken = titled("Taken over from Home Assistant:", lines("taken"));
    taken + &titled("Not taken:", lines("not_taken")) + &warnings(value)
}
