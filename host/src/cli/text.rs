//! Formatting shared by several commands: JSON in, text out.

use std::io::IsTerminal;

use serde_json::Value;

use super::value::{instant, list, number, string};
use crate::model::Timestamp;
use crate::process::terminal::printable;
use crate::storage::locations::DirectoryLocation;

/// What is shown for a setting without a value.
pub(crate) const NOT_SET: &str = "not set";

/// A size in bytes, formatted: `9.1 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

pub(crate) fn yes_no(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// The date of a backup: `2026-11-23 15:39:40 +01:00`.
pub(crate) fn date(value: &Value) -> String {
    date_of(value, "date")
}

/// The same for another field.
pub(crate) fn date_of(value: &Value, key: &str) -> String {
    let text = string(value, key);
    let (day, rest) = text.split_once('T').unwrap_or((&text, ""));
    let zone = rest.find(['+', '-', 'Z']).and_then(|at| rest.get(at..)).unwrap_or_default();
    format!("{day} {} {zone}", rest.get(..8).unwrap_or(rest)).trim_end().to_owned()
}

/// Lines of `  name  value`, with aligned values.
pub(crate) fn fields(pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    pairs.iter().map(|(name, value)| format!("  {name:width$}  {value}\n")).collect()
}

/// The contents of a backup: `9.1 MiB in 23 files, 16 directories, 0 links`.
pub(crate) fn content(value: &Value) -> String {
    format!(
        "{} in {}, {}, {}",
        size(number(value, "bytes")),
        counted(number(value, "files"), "file", "files"),
        counted(number(value, "directories"), "directory", "directories"),
        counted(number(value, "links"), "link", "links") + &links_out(value)
    )
}

/// How many links point outside the home.
pub(crate) fn links_out(value: &Value) -> String {
    match number(value, "links_out") {
        0 => String::new(),
        1 => " (1 points outside the home: only the link is stored)".into(),
        count => format!(" ({count} point outside the home: only the links are stored)"),
    }
}

/// A count with its noun: `1 file`, `2 files`.
pub(crate) fn counted(count: u64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// A titled list of paths with their reasons. Empty if there are none.
pub(crate) fn reasons(title: &str, items: &[Value]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let lines = items.iter().map(|item| format!("  {}: {}\n", string(item, "path"), string(item, "reason")));
    format!("{title}\n{}", lines.collect::<String>())
}

/// `SecureTar 3`; `None` for an unprotected backup.
pub(crate) fn securetar(value: &Value) -> Option<String> {
    value.get("securetar").and_then(Value::as_u64).map(|version| format!("SecureTar {version}"))
}

pub(crate) fn protected(value: &Value) -> String {
    securetar(value)
        .map_or("no: anyone can read it".into(), |securetar| format!("by a password, {securetar}"))
}

/// Which key opened the backup, if a key ring was tried.
pub(crate) fn opened_with(value: &Value) -> String {
    match value.get("key").and_then(Value::as_str) {
        Some(label) => format!(", opened with the key \"{}\"", printable(label, "")),
        None => String::new(),
    }
}

pub(crate) fn warnings(value: &Value) -> String {
    note_section(value, "warnings")
}

/// What the action could not keep or guarantee.
pub(crate) fn notes(value: &Value) -> String {
    note_section(value, "notes")
}

/// The texts of a list below `Note:`.
pub(crate) fn note_section(value: &Value, key: &str) -> String {
    let lines = list(value, key).iter().filter_map(Value::as_str);
    section("Note:", lines.map(|line| format!("  {}\n", printable(line, ""))).collect())
}

/// Lines below a title. Empty without lines.
pub(crate) fn section(title: &str, lines: String) -> String {
    if lines.is_empty() { lines } else { format!("{title}\n{lines}") }
}

/// What to do when automatic backups have nowhere to be stored.
pub(crate) fn no_location() -> String {
    format!("automatic backups have no location; set create_backup.agent_ids={}", DirectoryLocation::LOCAL)
}

/// Why no automatic backup is planned, and how to change that.
pub(crate) fn no_backup_planned(schedule: &Value) -> String {
    let reason = string(schedule, "reason");
    let advice = "`larder settings set schedule.recurrence=daily` schedules one every night";
    format!("{}; {advice}", reason.strip_prefix("never: ").unwrap_or(&reason))
}

/// How long ago a field's time was: `5 min`, `9 h`, `3 d`.
pub(crate) fn age(value: &Value, key: &str, now: Timestamp) -> String {
    match instant(value, key).map(|then| now.seconds.saturating_sub(then)) {
        None => "–".into(),
        Some(..60) => "0 min".into(),
        Some(seconds @ ..3600) => format!("{} min", seconds / 60),
        Some(seconds @ ..172_800) => format!("{} h", seconds / 3600),
        Some(seconds) => format!("{} d", seconds / 86_400),
    }
}

/// The errors of locations, each with its location.
pub(crate) fn failures(value: &Value) -> Vec<(String, String)> {
    let errors = value.get("agent_errors").and_then(Value::as_object).into_iter().flatten();
    let message = |error: &Value| printable(error.as_str().unwrap_or_default(), "");
    errors.map(|(agent, error)| (printable(agent, ""), message(error))).collect()
}

/// The width of the terminal; `None` if standard output is not a terminal.
pub(crate) fn columns() -> Option<usize> {
    let size =
        rustix::termios::tcgetwinsize(std::io::stdout()).ok().filter(|_| std::io::stdout().is_terminal());
    size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// `1 automation`, `2 automations`.
pub(crate) fn automations_count(count: u64) -> String {
    counted(count, "automation", "automations")
}
