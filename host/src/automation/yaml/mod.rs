//! Parses YAML into a tree in which every value has its place in the file.
//!
//! Built on the events of `saphyr-parser`, which is maintained, follows YAML 1.2, reports positions, is small (two
//! dependencies) and leaves building the tree to us, so that size and depth can be limited here and aliases cannot
//! expand without bound. Plain scalars mean what they mean to Home Assistant (YAML 1.1: `on` is true, `1:30` is 90).
//! Knows neither files nor automations.

mod build;
mod characters;
mod scalar;

use std::sync::Arc;

use serde_json::{Map, Value};

pub use build::{Tree, parse};

use crate::model::sanitized;
use crate::tunables::MAX_MESSAGE;

/// A place in a file. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub file: Arc<str>,
    pub line: usize,
    pub column: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Place {
    /// A problem at this place; `text` says what is wrong and what to do.
    pub fn problem(&self, text: impl Into<String>) -> Problem {
        Problem { place: self.clone(), text: sanitized(&text.into(), MAX_MESSAGE) }
    }
}

/// A problem in a file: its place, what is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {text}")]
pub struct Problem {
    pub place: Place,
    pub text: String,
}

/// The result of parsing.
pub type Parsed<T> = Result<T, Problem>;

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub place: Place,
    /// A tag such as `!include`.
    pub tag: Option<String>,
    pub kind: Kind,
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub place: Place,
    /// The key as it is written.
    pub name: String,
    /// Its value, a scalar: the key `on` is true, the key `1` is a number.
    pub kind: Kind,
}

impl Key {
    /// A key that is a text.
    pub fn text(place: Place, name: String) -> Self {
        Self { place, kind: Kind::Text(name.clone()), name }
    }

    /// Whether the key is this text.
    pub fn is(&self, name: &str) -> bool {
        matches!(&self.kind, Kind::Text(text) if text == name)
    }

    /// Whether Python takes both for the same key: `1`, `1.0` and `true` are.
    fn equals(&self, other: &Self) -> bool {
        let number = |kind: &Kind| match kind {
            Kind::Bool(flag) => Some(f64::from(u8::from(*flag))),
            #[allow(clippy::cast_precision_loss, reason = "keys above 2^53 are compared as numbers first")]
            Kind::Int(number) => Some(*number as f64),
            Kind::Float(number) => Some(*number),
            _ => None,
        };
        match (&self.kind, &other.kind) {
            (Kind::Int(one), Kind::Int(two)) => one == two,
            (one, two) => one == two || number(one).is_some_and(|one| number(two) == Some(one)),
        }
    }
}

/// The type and content of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// A date, a number that is not finite, or a whole number of more than 64 bits, as it is written.
    Foreign(String),
    List(Vec<Node>),
    /// In file order; every key occurs once.
    Map(Vec<(Key, Node)>),
}

impl Node {
    /// The value as JSON, without places.
    pub fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(it) => Value::Bool(*it),
            Kind::Int(it) => Value::from(*it),
            Kind::Float(it) => Value::from(*it),
            Kind::Text(it) | Kind::Foreign(it) => Value::String(it.clone()),
            Kind::List(items) => items.iter().map(Node::to_json).collect(),
            Kind::Map(entries) => {
                let pairs = entries.iter().map(|(key, value)| (key.name.clone(), value.to_json()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// The type of the value, for messages.
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "true or false",
            Kind::Int(_) | Kind::Float(_) => "a number",
            Kind::Text(_) => "text",
            Kind::Foreign(_) => "a date or a number that is too large",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }

    /// The number of values in it, including itself.
    pub fn size(&self) -> usize {
        match &self.kind {
            Kind::List(items) => items.iter().map(Node::size).sum::<usize>().saturating_add(1),
            Kind::Map(entries) => {
                entries.iter().map(|(_, node)| node.size()).sum::<usize>().saturating_add(1)
            }
            _ => 1,
        }
    }

    fn depth(&self) -> usize {
        let below = match &self.kind {
            Kind::List(items) => items.iter().map(Node::depth).max(),
            Kind::Map(entries) => entries.iter().map(|(_, node)| node.depth()).max(),
            _ => None,
        };
        below.unwrap_or(0).saturating_add(1)
    }
}
