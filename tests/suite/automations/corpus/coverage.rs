//! Coverage of the corpus: every kind of trigger, condition and action, every template function, and the two
//! automations in Home Assistant's documentation of backups.

use std::collections::BTreeSet;
use std::fs;

use larder_tests::tests_directory;
use serde_json::Value;

use super::{load, scenarios};

/// The kinds by their names in the parsed form.
const KINDS: [&str; 29] = [
    "time",
    "time_pattern",
    "state",
    "numeric_state",
    "template",
    "event",
    "start",
    "shutdown",
    "trigger",
    "and",
    "or",
    "not",
    "call",
    "delay",
    "wait_template",
    "wait_for_trigger",
    "choose",
    "if",
    "repeat",
    "count",
    "while",
    "until",
    "for_each",
    "variables",
    "stop",
    "parallel",
    "sequence",
    "condition",
    "entity",
];

/// The documented template functions that Larder supports.
const WORDS: [&str; 48] = [
    "states",
    "state_attr",
    "is_state",
    "is_state_attr",
    "has_value",
    "now",
    "utcnow",
    "as_timestamp",
    "as_datetime",
    "as_local",
    "as_timedelta",
    "strptime",
    "today_at",
    "timedelta",
    "relative_time",
    "time_since",
    "time_until",
    "timestamp_custom",
    "timestamp_local",
    "timestamp_utc",
    "float",
    "int",
    "bool",
    "round",
    "multiply",
    "add",
    "max",
    "min",
    "is_number",
    "iif",
    "default",
    "from_json",
    "to_json",
    "slugify",
    "contains",
    "regex_match",
    "regex_search",
    "regex_replace",
    "regex_findall",
    "regex_findall_index",
    "match",
    "search",
    "trigger.",
    "this.",
    "repeat.",
    "wait.",
    "namespace",
    "context.id",
];

/// Verbatim from Home Assistant's documentation of backups.
const DOCUMENTED: [(&str, &str); 2] = [
    (
        "files/nightly-backup",
        "  - alias: \"Backup Home Assistant every night at 3 AM\"\n    triggers:\n      - trigger: time\n        at: \"03:00:00\"\n    actions:\n      - alias: \"Create backup now\"\n        action: backup.create\n",
    ),
    ("files/backup-failed", "{{ state_attr('event.backup_automatic_backup', 'failed_reason') }}\n"),
];

#[test]
fn the_corpus_has_every_kind_of_trigger_condition_and_action() {
    let mut found = BTreeSet::new();
    for name in scenarios() {
        for automation in load(&name).0.automations {
            keys(&serde_json::to_value(automation).unwrap(), &mut found);
        }
    }
    let missing: Vec<_> = KINDS.iter().filter(|kind| !found.contains(**kind)).collect();
    assert!(missing.is_empty(), "no scenario has {missing:?}");
}

/// The keys of mappings, and the names of kinds without fields.
fn keys(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.keys().cloned());
            found.extend(fields.get("kind").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| keys(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

#[test]
fn the_corpus_has_every_function_of_templates() {
    let text: String = scenarios().iter().map(|name| text(name)).collect();
    let is_used = |word: &str| match word.contains('.') {
        true => text.contains(word),
        false => {
            [format!("{word}("), format!("| {word}"), format!("is {word}")].iter().any(|it| text.contains(it))
        }
    };
    let missing: Vec<_> = WORDS.iter().filter(|word| !is_used(word)).collect();
    assert!(missing.is_empty(), "no scenario has {missing:?}");
}

#[test]
fn the_documented_automations_are_included_verbatim() {
    for (name, words) in DOCUMENTED {
        assert!(text(name).ends_with(words), "{name}");
    }
}

fn text(name: &str) -> String {
    fs::read_to_string(tests_directory().join(format!("scenarios/{name}.yaml"))).unwrap()
}
