//! Settings as typed on a command line: `schedule.time=03:30`, `agents.backup.local.retention.copies=2`.
//!
//! Turns them into the body of an update, which then checks the values. Refuses passwords: other users of the machine can read a
//! command line.

use serde_json::{Map, Value};

use super::Invalid;
use super::rule::{Key, Rule};
use super::schema::BODY;

/// The body of an update with these `KEY=VALUE`.
///
/// The key decides how the value is read. Lists are separated by commas, or written as JSON in `[…]`; an empty value is an empty
/// list. `null` unsets a value that may be unset. The id of a location may contain dots.
pub fn from_assignments(assignments: &[String]) -> Result<Value, Invalid> {
    let mut body = Value::Object(Map::new());
    let mut wrong = Vec::new();
    for assignment in assignments {
        if let Err(line) = assign(&mut body, assignment) {
            wrong.push(line);
        }
    }
    if wrong.is_empty() { Ok(body) } else { Err(Invalid::new(wrong)) }
}

fn assign(body: &mut Value, assignment: &str) -> Result<(), String> {
    let Some((key, text)) = assignment.split_once('=') else {
        // Not quoted: without its key, the text may be a password.
        return Err("expected KEY=VALUE, for example schedule.time=03:30, but one setting has no `=`".into());
    };
    let steps = steps(key);
    let rule = steps.iter().try_fold(&BODY, |rule, step| rule.below(step));
    let value = match rule {
        Some(Rule::Secret) => {
            return Err(format!(
                "{key}: passwords are not accepted on the command line, where others can read them; use --password-file FILE or \
                 --password-prompt"
            ));
        }
        Some(Rule::Map(keys)) => return Err(group(key, keys)),
        Some(Rule::OrNull(Rule::Map(keys))) if text != "null" => return Err(group(key, keys)),
        Some(Rule::Each(_)) => {
            return Err(format!(
                "{key}: expected a location and one of its settings, for example {key}.backup.local.protected=true"
            ));
        }
        Some(rule) => rule.read(text),
        // The value is not quoted: it may be a password under a mistyped key.
        None => return Err(unknown(key, &steps)),
    };
    put(body, &steps, value)
        .ok_or_else(|| format!("{key}: given twice, or once as a whole and once in part; give it once"))
}

fn group(key: &str, keys: &[Key]) -> String {
    let names: Vec<String> = keys.iter().map(|inner| format!("{key}.{}", inner.name)).collect();
    format!("{key} is a group of settings; set one of them: {}", names.join(", "))
}

/// The error for an unknown key, with the keys that exist at that place.
fn unknown(key: &str, steps: &[&str]) -> String {
    let (mut rule, mut above) = (&BODY, String::new());
    for step in steps {
        let Some(below) = rule.below(step) else { break };
        rule = below;
        above += &format!("{step}.");
    }
    let names: Vec<String> = rule.names().iter().map(|name| format!("{above}{name}")).collect();
    match names.is_empty() {
        true => format!("unknown setting `{key}`; use {}", above.trim_end_matches('.')),
        false => format!("unknown setting `{key}`; use one of {}", names.join(", ")),
    }
}

/// The parts of a key. The id of a location, which may contain dots, is one part.
fn steps(key: &str) -> Vec<&str> {
    let Some(rest) = key.strip_prefix("agents.") else {
        return key.split('.').collect();
    };
    let inside = rest.rsplit_once('.').filter(|(id, _)| id.ends_with(".retention"));
    let inside = inside.and_then(|(path, name)| Some((path.strip_suffix(".retention")?, name)));
    match (inside, rest.rsplit_once('.')) {
        (Some((id, name)), _) => vec!["agents", id, "retention", name],
        (None, Some((id, name))) => vec!["agents", id, name],
        (None, None) => vec!["agents", rest],
    }
}

/// Inserts a value; `None` if there is one already.
fn put(body: &mut Value, steps: &[&str], value: Value) -> Option<()> {
    let (last, groups) = steps.split_last()?;
    let mut at = body;
    for group in groups {
        at = at.as_object_mut()?.entry(*group).or_insert_with(|| Value::Object(Map::new()));
    }
    let fields = at.as_object_mut()?;
    if fields.contains_key(*last) {
        return None;
    }
    fields.insert((*last).to_owned(), value);
    Some(())
}

impl Rule {
    /// The rule for a key below this one.
    fn below(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(keys) => keys.iter().find(|key| key.name == name).map(|key| &key.rule),
            Self::Each(rule) => Some(rule),
            Self::OrNull(rule) => rule.below(name),
            _ => None,
        }
    }

    /// The keys below this one.
    fn names(&self) -> Vec<&str> {
        match self {
            Self::Map(keys) => keys.iter().map(|key| key.name).collect(),
            Self::OrNull(rule) => rule.names(),
            _ => Vec::new(),
        }
    }

    /// Reads a text by this rule. A text that does not fit stays text, which the update then refuses.
    fn read(&self, text: &str) -> Value {
        match self {
            Self::OrNull(_) | Self::TextOrNull if text == "null" => Value::Null,
            Self::OrNull(rule) => rule.read(text),
            Self::List(_) if text.starts_with('[') => {
                serde_json::from_str(text).unwrap_or_else(|_| text.into())
            }
            Self::List(_) if text.is_empty() => Value::Array(Vec::new()),
            Self::List(rule) => text.split(',').map(|item| rule.read(item.trim())).collect(),
            Self::Bool | Self::Count | Self::Size | Self::SecureTar => match serde_json::from_str(text) {
                Ok(value @ (Value::Bool(_) | Value::Number(_))) => value,
                _ => text.into(),
            },
            _ => text.into(),
        }
    }
}
