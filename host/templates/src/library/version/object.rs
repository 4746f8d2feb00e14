//! Versions as values: attributes, methods, and order.

use std::any::Any;
use std::cmp::Ordering;

use super::compare::is_newer;
use super::parsed::Version;
use super::strategy::Strategy;
use crate::error::{Error, Result};
use crate::format::display;
use crate::value::{Dict, Object, Value};

impl Version {
    fn part(&self, at: usize) -> Value {
        let has_part = match self.strategy {
            Strategy::Sem | Strategy::Cal | Strategy::Simple | Strategy::Pep440 => {
                at == 0 || at < self.sections()
            }
            Strategy::Build => at == 0,
            _ => false,
        };
        match has_part {
            true => Value::object(Self::new(&self.section(at).to_string())),
            false => Value::None,
        }
    }

    fn has_modifier(&self, letters: &str, otherwise: &str) -> Value {
        Value::Bool(match &self.modifier {
            Some(modifier) => modifier.contains(letters),
            None => !otherwise.is_empty() && self.string.contains(otherwise),
        })
    }

    /// Its order to another one. `None` if neither is newer.
    fn order_to(&self, other: &Self) -> Result<Option<Ordering>> {
        if self.string == other.string {
            return Ok(Some(Ordering::Equal));
        }
        if self.strategy == Strategy::Unknown || other.strategy == Strategy::Unknown {
            return Err(Error::runtime(format!(
                "Can't compare <{} {}> and <{} {}>",
                self.strategy.value(),
                self.shown,
                other.strategy.value(),
                other.string
            )));
        }
        Ok(match (is_newer(self, other), is_newer(other, self)) {
            (true, _) => Some(Ordering::Greater),
            (false, true) => Some(Ordering::Less),
            (false, false) => None,
        })
    }

    fn argument(args: &[Value], at: usize) -> Result<Self> {
        let value = args.get(at).ok_or_else(|| Error::type_error("a version is missing"))?;
        Self::of(value).ok_or_else(|| Error::runtime("Not a valid AwesomeVersion object"))
    }
}

impl Object for Version {
    fn type_name(&self) -> &str {
        "AwesomeVersion"
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        let text = |text: &Option<String>| text.as_ref().map_or(Value::None, Value::text);
        Some(match name {
            "string" => Value::text(&self.string),
            "prefix" => match self.shown.get(..1).filter(|_| self.shown != self.string) {
                Some(prefix) => Value::text(prefix),
                None => Value::None,
            },
            "alpha" => self.has_modifier("a", ""),
            "beta" => self.has_modifier("b", "beta"),
            "dev" => self.has_modifier("d", "dev"),
            "release_candidate" => self.has_modifier("rc", "rc"),
            "sections" => Value::from(self.sections()),
            "major" | "year" => self.part(0),
            "minor" => self.part(1),
            "patch" | "micro" => self.part(2),
            "valid" => Value::Bool(self.strategy != Strategy::Unknown),
            "modifier" => text(&self.modifier),
            "modifier_type" => text(&self.modifier_type),
            "strategy" => Value::object(self.strategy),
            "simple" => Value::Bool(self.is_simple()),
            _ => return None,
        })
    }

    fn methods(&self) -> &'static [&'static str] {
        &["section", "in_range", "diff"]
    }

    fn call(&self, method: &str, args: &[Value]) -> Result<Value> {
        match (method, args) {
            ("section", [at]) => {
                let at =
                    at.as_int().ok_or_else(|| Error::type_error("the index of a section is no integer"))?;
                Ok(usize::try_from(at).map_or(Value::Int(0), |at| Value::Int(self.section(at))))
            }
            ("in_range", [_, _]) => {
                let (low, high) = (Self::argument(args, 0)?, Self::argument(args, 1)?);
                let is_above = matches!(low.order_to(self)?, Some(Ordering::Less | Ordering::Equal));
                let is_below = matches!(self.order_to(&high)?, Some(Ordering::Less | Ordering::Equal));
                Ok(Value::Bool(is_above && is_below))
            }
            ("diff", [_]) => {
                let other = Self::argument(args, 0)?;
                let mut changes = Dict::new();
                for (name, at) in [("major", 0), ("minor", 1), ("patch", 2)] {
                    changes.insert_text(name, display(&self.part(at)) != display(&other.part(at)));
                }
                changes.insert_text("modifier", self.modifier != other.modifier);
                changes.insert_text("strategy", self.strategy != other.strategy);
                Ok(Value::dict(changes))
            }
            ("", _) => Err(Error::type_error("'AwesomeVersion' object is not callable")),
            (name, _) => Err(Error::type_error(format!("AwesomeVersion.{name}() got wrong arguments"))),
        }
    }

    fn is_true(&self) -> bool {
        !self.shown.is_empty()
    }

    fn equals(&self, other: &Value) -> bool {
        Self::of(other).is_some_and(|other| other.string == self.string)
    }

    fn order(&self, other: &Value) -> Option<Result<Option<Ordering>>> {
        Self::of(other).map(|other| self.order_to(&other))
    }

    fn display(&self) -> String {
        self.shown.clone()
    }

    fn repr(&self) -> String {
        format!("<AwesomeVersion {} '{}'>", self.strategy.value(), self.string)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
