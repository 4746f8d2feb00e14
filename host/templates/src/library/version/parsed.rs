//! Parses versions: their strategy, sections, and modifier.

use super::strategy::{COMPOUND, DIGITS, MODIFIER, SEM, SIMPLE, Strategy, group, number};
use crate::format::display;
use crate::value::Value;

/// A version.
#[derive(Debug, Clone)]
pub struct Version {
    /// As it is shown.
    pub shown: String,
    /// Without its prefix.
    pub string: String,
    pub strategy: Strategy,
    pub modifier: Option<String>,
    pub modifier_type: Option<String>,
}

impl Version {
    pub fn new(text: &str) -> Self {
        let shown = text.trim();
        let shown = shown.strip_suffix('.').unwrap_or(shown);
        let string = shown.strip_prefix(['v', 'V']).unwrap_or(shown);
        let strategy = Strategy::of(string);
        let modifier = modifier(string, strategy);
        let modifier_type = modifier_type(modifier.as_deref(), strategy);
        Self { shown: shown.to_owned(), string: string.to_owned(), strategy, modifier, modifier_type }
    }

    /// The version of a value that can be compared with one.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Text(_) | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
                Some(Self::new(&display(value)))
            }
            value => value.downcast::<Self>().cloned(),
        }
    }

    pub fn is_simple(&self) -> bool {
        SIMPLE.captures(&self.string).is_some()
    }

    /// How many sections it has.
    pub fn sections(&self) -> usize {
        match self.strategy {
            Strategy::Sem => 3,
            Strategy::Hex | Strategy::Container | Strategy::Build => 1,
            _ => {
                let is_modifier = |section: &str| self.modifier.as_deref() == Some(section);
                let sections = self.string.split('.');
                sections.filter(|section| !section.is_empty() && !is_modifier(section)).count()
            }
        }
    }

    /// The number of a section.
    pub fn section(&self, at: usize) -> i128 {
        match self.strategy {
            Strategy::Hex if at == 0 => {
                let digits = self.string.get(2..).unwrap_or_default();
                i128::from_str_radix(digits, 16).unwrap_or(i128::MAX)
            }
            Strategy::Build if at == 0 => number(&self.string),
            Strategy::Hex | Strategy::Build => 0,
            _ if at >= self.sections() => 0,
            _ => {
                let section = self.string.split('.').nth(at).unwrap_or_default();
                DIGITS.captures(section).map_or(0, |found| number(group(&found, 1)))
            }
        }
    }
}

fn modifier(string: &str, strategy: Strategy) -> Option<String> {
    let (text, fallback) = match strategy {
        Strategy::Container | Strategy::Hex => return None,
        Strategy::Sem => {
            let text = SEM.captures(string)?.get(4)?.as_str();
            (text, Some(text.to_owned()))
        }
        _ => (string.rsplit('.').next().unwrap_or_default(), None),
    };
    MODIFIER.captures(text).map(|found| group(&found, 2).to_owned()).or(fallback)
}

fn modifier_type(modifier: Option<&str>, strategy: Strategy) -> Option<String> {
    let modifier = modifier.filter(|_| strategy != Strategy::Hex)?;
    let simple = MODIFIER.captures(modifier).map(|found| group(&found, 3).to_owned());
    simple.or_else(|| COMPOUND.captures(modifier).map(|found| group(&found, 1).to_owned()))
}
