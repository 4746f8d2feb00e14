//! Whether a value is what may stand at its place, and if not, Home Assistant's words for it.
//!
//! Checks and changes nothing. A value that may be a password is never repeated: neither one at a place for secrets nor
//! what is not understood beside such a place.

use serde_json::{Map, Value};

use super::nearest::did_you_mean;
use super::python::{Place, quoted};
use super::single::{duplicates, wrong_secret, wrong_single};

/// What may stand at a place.
pub(crate) enum Rule {
    Anything,
    Bool,
    /// A whole number from 1 on.
    Count,
    /// A whole number from 0 on.
    Size,
    SecureTar,
    Text,
    TextOrNull,
    /// Text or null, never repeated.
    Secret,
    /// A path pattern: `archive::exclude`.
    Pattern,
    /// A time of day.
    Time,
    /// ISO 8601.
    Moment,
    Choice(Choices),
    /// The same; what is no text is called so first.
    TextChoice(Choices),
    OrNull(&'static Rule),
    List(&'static Rule),
    /// Any keys, the same for each.
    Each(&'static Rule),
    Map(&'static [Key]),
}

/// An enumeration by its name in Home Assistant: the names and values of its members.
pub(crate) struct Choices {
    pub(super) name: &'static str,
    pub(super) members: &'static [(&'static str, &'static str)],
}

pub(crate) struct Key {
    pub(super) name: &'static str,
    pub(super) rule: Rule,
    /// Larder's, not Home Assistant's.
    pub(super) is_own: bool,
}

/// What is checked: new settings, where every key may be absent, none unknown and no item given twice; a document, where it is the
/// reverse; or a single value of another request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Update,
    Stored,
    Request,
}

/// One value that is wrong.
#[derive(Debug)]
pub(crate) struct Complaint {
    /// Empty for the whole.
    pub(crate) place: String,
    /// Says nothing of the value.
    pub(crate) what: String,
    /// What of the value belongs to `what`.
    detail: String,
    got: String,
}

impl Complaint {
    /// Home Assistant's message.
    pub(crate) fn line(&self) -> String {
        let Self { place, what, detail, got } = self;
        let at = if place.is_empty() { String::new() } else { format!(" at '{place}'") };
        format!("{what}{detail}{at}. Got {got}")
    }
}

/// All that is wrong with `value`, which stands at `place`.
pub(crate) fn check(rule: &Rule, value: &Value, place: &str, purpose: Purpose) -> Vec<Complaint> {
    let mut checker = Checker { purpose, complaints: Vec::new() };
    checker.check(rule, value, &Place::at(place));
    checker.complaints
}

/// Home Assistant's words for a key that is not there.
pub(crate) fn required(name: &str) -> String {
    absent(&Place::default().key(name)).line()
}

fn absent(place: &Place) -> Complaint {
    let (what, got) = ("required key not provided".into(), place.shown(&Value::Null));
    Complaint { place: place.text().to_owned(), what, detail: String::new(), got }
}

/// Home Assistant's words for a key that a request does not have.
pub(crate) fn unknown<'a>(name: &str, value: &Value, known: impl Iterator<Item = &'a str>) -> String {
    let place = Place::default().key(name);
    let what = format!("not a valid option{}", did_you_mean(name, known));
    let got = place.shown(value);
    Complaint { place: place.text().to_owned(), what, detail: String::new(), got }.line()
}

struct Checker {
    purpose: Purpose,
    complaints: Vec<Complaint>,
}

impl Checker {
    fn wrong(&mut self, place: &Place, value: &Value, what: impl Into<String>) {
        self.wrong_with(place, value, what, String::new());
    }

    fn wrong_with(&mut self, place: &Place, value: &Value, what: impl Into<String>, detail: String) {
        let (place, got) = (place.text().to_owned(), place.shown(value));
        self.complaints.push(Complaint { place, what: what.into(), detail, got });
    }

    fn check(&mut self, rule: &Rule, value: &Value, place: &Place) {
        match rule {
            Rule::OrNull(_) if value.is_null() => {}
            Rule::OrNull(rule) => self.check(rule, value, place),
            Rule::List(rule) => self.list(rule, value, place),
            Rule::Map(keys) => self.map(keys, value, place),
            Rule::Each(rule) => match value {
                Value::Object(fields) => {
                    fields.iter().for_each(|(name, value)| self.check(rule, value, &place.key(name)));
                }
                _ => self.wrong(place, value, "expected a mapping"),
            },
            Rule::Secret => {
                if let Some(what) = wrong_secret(value, self.purpose) {
                    self.wrong(&place.clone().hidden(), value, what);
                }
            }
            rule => {
                if let Some((what, detail)) = wrong_single(rule, value) {
                    self.wrong_with(place, value, what, detail);
                }
            }
        }
    }

    fn map(&mut self, keys: &[Key], value: &Value, place: &Place) {
        let Value::Object(fields) = value else {
            let holds_secret = keys.iter().any(|key| key.rule.holds_secret());
            let place = if holds_secret { place.clone().hidden() } else { place.clone() };
            return self.wrong(&place, value, "expected a mapping");
        };
        for key in keys {
            match fields.get(key.name) {
                Some(value) => self.check(&key.rule, value, &place.key(key.name)),
                None if self.purpose == Purpose::Stored && !key.is_own => {
                    self.complaints.push(absent(&place.key(key.name)));
                }
                None => {}
            }
        }
        if self.purpose == Purpose::Update {
            self.unknown(keys, fields, place);
        }
    }

    fn unknown(&mut self, keys: &[Key], fields: &Map<String, Value>, place: &Place) {
        let beside_secret = keys.iter().any(|key| matches!(key.rule, Rule::Secret));
        let is_unknown = |name: &str| keys.iter().all(|key| key.name != name);
        for (name, value) in fields.iter().filter(|(name, _)| is_unknown(name)) {
            let place = if beside_secret { place.key(name).hidden() } else { place.key(name) };
            let hint = did_you_mean(name, keys.iter().map(|key| key.name));
            self.wrong(&place, value, format!("not a valid option{hint}"));
        }
    }

    fn list(&mut self, rule: &Rule, value: &Value, place: &Place) {
        let Value::Array(items) = value else {
            return self.wrong(place, value, "expected a list");
        };
        let before = self.complaints.len();
        items.iter().enumerate().for_each(|(at, item)| self.check(rule, item, &place.index(at)));
        let twice = duplicates(items);
        if self.purpose == Purpose::Update && before == self.complaints.len() && !twice.is_empty() {
            let items: Vec<String> = twice.iter().map(|item| rule.member(item)).collect();
            let detail = format!(": [{}]", items.join(", "));
            self.wrong_with(place, value, "contains duplicate items", detail);
        }
    }
}

impl Rule {
    fn holds_secret(&self) -> bool {
        match self {
            Self::Secret => true,
            Self::OrNull(rule) | Self::List(rule) | Self::Each(rule) => rule.holds_secret(),
            Self::Map(keys) => keys.iter().any(|key| key.rule.holds_secret()),
            _ => false,
        }
    }

    /// An item of a list, as Python shows it.
    fn member(&self, item: &str) -> String {
        let Self::Choice(choices) = self else {
            return quoted(item);
        };
        let member = choices.members.iter().find(|(_, value)| *value == item);
        member.map_or_else(String::new, |(name, value)| format!("<{}.{name}: '{value}'>", choices.name))
    }
}

impl Choices {
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
