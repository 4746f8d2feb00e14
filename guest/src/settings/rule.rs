//! The rules for values: their types. Where each rule applies is in `schema`.

use serde_json::Value;

use super::nearest::did_you_mean;
use super::python::quoted;

/// The values that are allowed at a place.
pub(crate) enum Rule {
    Anything,
    Bool,
    /// An integer, at least 1.
    Count,
    /// An integer, at least 0.
    Size,
    /// A version of SecureTar: 2 or 3.
    SecureTar,
    Text,
    TextOrNull,
    /// Text or null; never quoted in a message.
    Secret,
    /// A path pattern: `archive::exclude`.
    Pattern,
    /// A time of day.
    Time,
    /// ISO 8601.
    Moment,
    Choice(Choices),
    /// The same, but a value that is not text gets that error first.
    TextChoice(Choices),
    OrNull(&'static Rule),
    List(&'static Rule),
    /// An object with any keys; the rule holds for each value.
    Each(&'static Rule),
    /// An object with these keys.
    Map(&'static [Key]),
}

/// An enumeration: its name in Home Assistant, and the names and values of its members.
pub(crate) struct Choices {
    pub(super) name: &'static str,
    pub(super) members: &'static [(&'static str, &'static str)],
}

pub(crate) struct Key {
    pub(super) name: &'static str,
    pub(super) rule: Rule,
    /// A key of Larder's, which Home Assistant does not have.
    pub(super) is_own: bool,
}

/// What is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// New settings: every key is optional, an unknown key or a duplicate item is an error.
    Update,
    /// A stored document: Home Assistant's keys are required, unknown keys and duplicates are allowed.
    Stored,
    /// A single value of another request.
    Request,
}

impl Rule {
    /// Whether a secret is somewhere below.
    pub(super) fn holds_secret(&self) -> bool {
        match self {
            Self::Secret => true,
            Self::OrNull(rule) | Self::List(rule) | Self::Each(rule) => rule.holds_secret(),
            Self::Map(keys) => keys.iter().any(|key| key.rule.holds_secret()),
            _ => false,
        }
    }

    /// An item of a list, as Python shows it.
    pub(super) fn member(&self, item: &str) -> String {
        let Self::Choice(choices) = self else {
            return quoted(item);
        };
        let member = choices.members.iter().find(|(_, value)| *value == item);
        member.map_or_else(String::new, |(name, value)| format!("<{}.{name}: '{value}'>", choices.name))
    }
}

impl Choices {
    /// What is wrong with a value; `None` if it is a member.
    pub(super) fn wrong(&self, value: &Value) -> Option<String> {
        let values = || self.members.iter().map(|(_, value)| *value);
        if value.as_str().is_some_and(|value| values().any(|member| member == value)) {
            return None;
        }
        let all: Vec<String> = values().map(quoted).collect();
        let hint = value.as_str().map(|value| did_you_mean(value, values())).unwrap_or_default();
        Some(format!("expected {} or one of {}{hint}", self.name, all.join(", ")))
    }
}
