//! Checks a single value against its rule. Knows neither its place nor other values.

use std::collections::BTreeSet;

use serde_json::Value;

use super::moment::{Moment, parse_time};
use super::python::{printable, repr, truncated};
use super::rule::{Purpose, Rule};
use crate::archive::Exclude;

/// What is wrong, and the rest of that message, which quotes the value; `None` if the value is right.
pub(super) fn wrong_scalar(rule: &Rule, value: &Value) -> Option<(String, String)> {
    let unless = |is_right: bool, what: &str| (!is_right).then(|| what.to_owned());
    let what = match rule {
        Rule::Bool => unless(value.is_boolean(), "expected bool"),
        Rule::Count => wrong_number(value, 1, u32::MAX.into()),
        Rule::Size => wrong_number(value, 0, u64::MAX),
        Rule::SecureTar => unless(matches!(value.as_u64(), Some(2 | 3)), "value must be one of [2, 3]"),
        Rule::Text => unless(value.is_string(), "expected str"),
        Rule::TextOrNull => unless(value.is_string() || value.is_null(), "expected str or None"),
        Rule::Moment => unless(value.as_str().and_then(Moment::parse).is_some(), "expected an ISO 8601 time"),
        Rule::Choice(choices) => choices.wrong(value),
        Rule::TextChoice(choices) => match value.is_string() {
            true => choices.wrong(value),
            false => Some("expected str".into()),
        },
        Rule::Time => return wrong_time(value),
        Rule::Pattern => return wrong_pattern(value),
        // Checked by `checker`, which knows their place.
        Rule::Anything | Rule::Secret | Rule::OrNull(_) | Rule::List(_) | Rule::Each(_) | Rule::Map(_) => {
            None
        }
    };
    what.map(|what| (what, String::new()))
}

/// What is wrong with a secret. An empty password would protect nothing or make every backup fail, so an update refuses it; a
/// document of Home Assistant may contain one.
pub(super) fn wrong_secret(value: &Value, purpose: Purpose) -> Option<&'static str> {
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() && purpose == Purpose::Update => {
            Some("length of value must be at least 1")
        }
        Value::String(_) => None,
        _ => Some("expected str or None"),
    }
}

fn wrong_number(value: &Value, least: u64, most: u64) -> Option<String> {
    let Value::Number(number) = value else {
        return Some("expected int".into());
    };
    match (number.as_u64(), number.as_f64()) {
        (Some(whole), _) if whole > most => Some(format!("value must be at most {most}")),
        (Some(whole), _) if whole >= least => None,
        (Some(_), _) => Some(format!("value must be at least {least}")),
        (None, _) if number.is_i64() => Some(format!("value must be at least {least}")),
        // An integer of more than 64 bits is parsed as a float, too.
        (None, Some(float)) if float > u64::MAX as f64 => Some(format!("value must be at most {most}")),
        (None, _) => Some("expected int".into()),
    }
}

fn wrong_time(value: &Value) -> Option<(String, String)> {
    let shown = match value {
        Value::String(text) if parse_time(text).is_some() => return None,
        Value::String(text) => printable(text),
        other => repr(other),
    };
    Some(("Invalid time specified".into(), truncated(format!(": {shown}"))))
}

fn wrong_pattern(value: &Value) -> Option<(String, String)> {
    let Some(text) = value.as_str() else {
        return Some(("expected str".into(), String::new()));
    };
    let error = Exclude::standard(true).with(&[text]).err()?;
    Some(("not a valid pattern".into(), truncated(printable(&format!(": {error}")))))
}

/// The texts that are in the list more than once.
pub(super) fn duplicates(items: &[Value]) -> BTreeSet<&str> {
    let mut seen = BTreeSet::new();
    items.iter().filter_map(Value::as_str).filter(|item| !seen.insert(*item)).collect()
}
