//! The words that several commands share. Pure: JSON in, text out.

use std::io::IsTerminal;

use chrono::{DateTime, FixedOffset};
use serde_json::Value;

use crate::model::Timestamp;
use crate::options::MAX_MESSAGE;

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
    larder_text::truncate(text, MAX_MESSAGE, kept)
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

pub(crate) fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// `2026-11-23T15:39:40.988161+01:00` without its fraction.
pub(crate) fn date(value: &Value) -> String {
    date_of(value, "date")
}

pub(crate) fn date_of(value: &Value, key: &str) -> String {
    let text = word(value, key);
    let (day, rest) = text.split_once('T').unwrap_or((&text, ""));
    let zone = rest.find(['+', '-', 'Z']).and_then(|at| rest.get(at..)).unwrap_or_default();
    format!("{day} {} {zone}", rest.get(..8).unwrap_or(rest)).trim_end().to_owned()
}

/// Lines of `name  value`, the values in one column.
pub(crate) fn fields(pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    pairs.iter().map(|(name, value)| format!("  {name:width$}  {value}\n")).collect()
}

pub(crate) fn amount(value: &Value) -> String {
    format!(
        "{} in {}, {}, {}",
        size(number(value, "bytes")),
        many(number(value, "files"), "file", "files"),
        many(number(value, "directories"), "directory", "directories"),
        many(number(value, "links"), "link", "links") + &links_out(value)
    )
}

/// How many of the links lead where a backup does not reach.
pub(crate) fn links_out(value: &Value) -> String {
    match number(value, "links_out") {
        0 => String::new(),
        1 => " (1 leads out of the home: only the link is stored)".into(),
        count => format!(" ({count} lead out of the home: only the links are stored)"),
    }
}

pub(crate) fn many(count: u64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// Paths with their reasons, or nothing.
pub(crate) fn reasons(title: &str, items: &[Value]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let lines = items.iter().map(|item| format!("  {}: {}\n", word(item, "path"), word(item, "reason")));
    format!("{title}\n{}", lines.collect::<String>())
}

/// `SecureTar 3`; none for what anyone can read.
pub(crate) fn securetar(value: &Value) -> Option<String> {
    value.get("securetar").and_then(Value::as_u64).map(|version| format!("SecureTar {version}"))
}

pub(crate) fn protected(value: &Value) -> String {
    securetar(value)
        .map_or("no: anyone can read it".into(), |securetar| format!("by a password, {securetar}"))
}

/// Which key fitted, where several were tried.
pub(crate) fn opened_with(value: &Value) -> String {
    match value.get("key").and_then(Value::as_str) {
        Some(label) => format!(", opened with the key \"{}\"", plain(label, "")),
        None => String::new(),
    }
}

pub(crate) fn warnings(value: &Value) -> String {
    told(value, "warnings")
}

/// What could not be kept or promised.
pub(crate) fn notes(value: &Value) -> String {
    told(value, "notes")
}

pub(crate) fn told(value: &Value, key: &str) -> String {
    let lines = list(value, key).iter().filter_map(Value::as_str);
    titled("Note:", lines.map(|line| format!("  {}\n", plain(line, ""))).collect())
}

pub(crate) fn titled(title: &str, lines: String) -> String {
    if lines.is_empty() { lines } else { format!("{title}\n{lines}") }
}

/// The time that a text of an answer names.
pub(crate) fn time(value: &Value, key: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(value.get(key)?.as_str()?).ok()
}

/// The same in seconds since 1970.
pub(crate) fn instant(value: &Value, key: &str) -> Option<i64> {
    time(value, key).map(|time| time.timestamp())
}

/// Why no automatic backup is planned, and how that is changed.
pub(crate) fn unplanned(schedule: &Value) -> String {
    let reason = word(schedule, "reason");
    let advice = "`larder settings set schedule.recurrence=daily` plans one every night";
    format!("{}; {advice}", reason.strip_prefix("never: ").unwrap_or(&reason))
}

/// How long ago that was: `5 min`, `9 h`, `3 d`.
pub(crate) fn age(value: &Value, key: &str, now: Timestamp) -> String {
    match instant(value, key).map(|then| now.seconds.saturating_sub(then)) {
        None => "–".into(),
        Some(..60) => "0 min".into(),
        Some(seconds @ ..3600) => format!("{} min", seconds / 60),
        Some(seconds @ ..172_800) => format!("{} h", seconds / 3600),
        Some(seconds) => format!("{} d", seconds / 86_400),
    }
}

/// What locations failed at, by location.
pub(crate) fn failures(value: &Value) -> Vec<(String, String)> {
    let errors = value.get("agent_errors").and_then(Value::as_object).into_iter().flatten();
    let told = |error: &Value| plain(error.as_str().unwrap_or_default(), "");
    errors.map(|(agent, error)| (plain(agent, ""), told(error))).collect()
}

/// How wide the terminal is; none where the answer goes elsewhere.
pub(crate) fn columns() -> Option<usize> {
    let size =
        rustix::termios::tcgetwinsize(std::io::stdout()).ok().filter(|_| std::io::stdout().is_terminal());
    size.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0)
}
