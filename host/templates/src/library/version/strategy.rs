//! The kinds of versions that AwesomeVersion tells apart.

use std::any::Any;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::value::{Object, Value};

/// A kind of version: the name of the member, its value, and its pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    Build,
    Cal,
    Hex,
    Sem,
    Container,
    Simple,
    Pep440,
    Unknown,
}

use Strategy::{Build, Cal, Container, Hex, Pep440, Sem, Simple, Unknown};

const SEMVER: &str = r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?";

/// In the order in which they are tried.
const PATTERNS: &[(Strategy, &str)] = &[
    (Build, r"\d+"),
    (Cal, r"(\d{2}|\d{4})\.\d{1,2}?(\.?\d{1,2}?\.?)?(\.\d)?(\d*(\w+\d+)?)"),
    (Hex, "0x[A-Fa-f0-9]+"),
    (Sem, SEMVER),
    (Container, "(?:latest|dev|stable|beta)"),
    (Simple, r"[vV]?((\d+)(\.\d+)+)"),
    (
        Pep440,
        r"([1-9][0-9]*!)?(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*([-_\.]?(?:alpha|beta|c|pre|preview|a|b|rc)(0|[1-9][0-9]*))?([-_\.]?(?:post|r|rev)(0|[1-9][0-9]*))?([-_\.]?(?:d|dev)(0|[1-9][0-9]*))?(?:\+([a-z0-9]+(?:[-_\.][a-z0-9]+)*))?",
    ),
];

impl Strategy {
    pub fn of(version: &str) -> Self {
        static ALL: LazyLock<Vec<(Strategy, Regex)>> = LazyLock::new(|| {
            let whole = |(kind, pattern): &(Strategy, &str)| {
                Some((*kind, Regex::new(&format!("^(?:{pattern})$")).ok()?))
            };
            PATTERNS.iter().filter_map(whole).collect()
        });
        ALL.iter().find(|(_, pattern)| pattern.is_match(version)).map_or(Unknown, |(kind, _)| *kind)
    }

    pub fn name(self) -> &'static str {
        match self {
            Build => "BUILDVER",
            Cal => "CALVER",
            Hex => "HEXVER",
            Sem => "SEMVER",
            Container => "SPECIALCONTAINER",
            Simple => "SIMPLEVER",
            Pep440 => "PEP440",
            Unknown => "UNKNOWN",
        }
    }

    pub fn value(self) -> &'static str {
        match self {
            Build => "BuildVer",
            Cal => "CalVer",
            Hex => "HexVer",
            Sem => "SemVer",
            Container => "SpecialContainer",
            Simple => "SimpleVer",
            Pep440 => "PEP 440",
            Unknown => "unknown",
        }
    }
}

impl Object for Strategy {
    fn type_name(&self) -> &str {
        "AwesomeVersionStrategy"
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "name" => Some(Value::text((*self).name())),
            "value" => Some(Value::text((*self).value())),
            _ => None,
        }
    }

    fn equals(&self, other: &Value) -> bool {
        match other.as_str() {
            Some(text) => text == (*self).value(),
            None => other.downcast::<Self>() == Some(self),
        }
    }

    fn display(&self) -> String {
        format!("AwesomeVersionStrategy.{}", (*self).name())
    }

    fn repr(&self) -> String {
        format!("<AwesomeVersionStrategy.{}: '{}'>", (*self).name(), (*self).value())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A pattern that is compiled once, or never matches.
pub struct Pattern(LazyLock<Option<Regex>>);

impl Pattern {
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.0.as_ref().and_then(|pattern| pattern.captures(text))
    }
}

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        pub static $name: Pattern = Pattern(LazyLock::new(|| Regex::new($pattern).ok()));
    };
}

pattern!(DIGITS, r"^[a-z]*(\d+)[a-z]*");
pattern!(FIRST_DIGITS, r"(\d+)");
pattern!(MODIFIER, r"^((?:\d+\-|\d|))(([a-z]+)\.?(\d*))$");
pattern!(COMPOUND, r"^([a-z]+)(\d*)-.*$");
pattern!(COMPOUND_PART, r"^([a-z]+)(\d*)$");
pattern!(SIMPLE, r"^[vV]?((\d+)(\.\d+)+)$");
pattern!(SEM, &format!("^(?:{SEMVER})$"));

/// A group of a match; empty if it did not take part.
pub fn group<'t>(found: &Captures<'t>, at: usize) -> &'t str {
    found.get(at).map_or("", |group| group.as_str())
}

/// The number of digits; very large ones are equal.
pub fn number(digits: &str) -> i128 {
    if digits.is_empty() { 0 } else { digits.parse().unwrap_or(i128::MAX) }
}
