//! Checks a value against its rule and reports every error in Home Assistant's words.
//!
//! Changes nothing and never quotes a value that may be a password: neither one in the place of a secret, nor an unknown key
//! next to a secret.

use serde_json::{Map, Value};

use super::nearest::did_you_mean;
use super::python::Place;
use super::rule::{Key, Purpose, Rule};
use super::scalar::{duplicates, wrong_scalar, wrong_secret};

/// One value that is wrong.
#[derive(Debug)]
pub(crate) struct Complaint {
    /// Empty for the whole value.
    pub(crate) place: String,
    /// What is wrong, without the value.
    pub(crate) what: String,
    /// The rest of `what`, which quotes the value.
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

/// Everything that is wrong with `value`, which is at `place`.
pub(crate) fn check(rule: &Rule, value: &Value, place: &str, purpose: Purpose) -> Vec<Complaint> {
    let mut checker = Checker { purpose, complaints: Vec::new() };
    checker.check(rule, value, &Place::at(place));
    checker.complaints
}

/// Home Assistant's message for a missing key.
pub(crate) fn required(name: &str) -> String {
    absent(&Place::default().key(name)).line()
}

fn absent(place: &Place) -> Complaint {
    let (what, got) = ("required key not provided".into(), place.shown(&Value::Null));
    Complaint { place: place.text().to_owned(), what, detail: String::new(), got }
}

/// Home Assistant's message for an unknown key.
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
                if let Some((what, detail)) = wrong_scalar(rule, value) {
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
