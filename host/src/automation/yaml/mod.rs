//! YAML text as a tree in which every value knows where it stands.
//!
//! Built on the events of `saphyr-parser`: it is maintained, follows YAML 1.2, gives positions, is small (two dependencies)
//! and leaves the tree to us, so that size and depth are bounded here and aliases cannot explode. Plain scalars mean what
//! they mean to Home Assistant (YAML 1.1: `on` is true, `1:30` is 90). Knows neither files nor automations.

mod build;
mod scalar;

use std::sync::Arc;

use serde_json::{Map, Value};

pub use build::{parse, parse_with};

use crate::model::tamed;
use crate::options::MAX_MESSAGE;

/// Where something stands in a file; line and column count from 1.
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
    /// What is wrong here, and what to do.
    pub fn problem(&self, text: impl Into<String>) -> Problem {
        Problem { place: self.clone(), text: tamed(&text.into(), MAX_MESSAGE) }
    }
}

/// What is wrong with a file, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {text}")]
pub struct Problem {
    pub place: Place,
    pub text: String,
}

/// What reading gives.
pub type Parsed<T> = Result<T, Problem>;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub place: Place,
    /// `!include` and its like, when it has one.
    pub tag: Option<String>,
    pub kind: Kind,
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub place: Place,
    pub name: String,
}

/// What becomes of a key that stands twice in a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuplicateKeys {
    /// An error: for files that are checked.
    Refused,
    /// The last one counts, as for Home Assistant, which warns of it in its log.
    LastWins,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file, every key once.
    Map(Vec<(Key, Node)>),
}

impl Node {
    /// The value as JSON, without its places.
    pub fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(it) => Value::Bool(*it),
            Kind::Int(it) => Value::from(*it),
            Kind::Float(it) => Value::from(*it),
            Kind::Text(it) => Value::String(it.clone()),
            Kind::List(items) => items.iter().map(Node::to_json).collect(),
            Kind::Map(entries) => {
                let pairs = entries.iter().map(|(key, value)| (key.name.clone(), value.to_json()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }

    /// The value's kind in a word, for messages.
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "true or false",
            Kind::Int(_) | Kind::Float(_) => "a number",
            Kind::Text(_) => "text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }

    /// How many values it holds, itself included.
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
