//! The views of a mapping: `keys()`, `values()`, `items()`.

use std::any::Any;
use std::sync::Arc;

use super::types::{Dict, Extent, Key, Object, Value};
use crate::error::{Error, Result};
use crate::format::repr;

/// What a view shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Keys,
    Values,
    Items,
}

/// A view of a mapping. It can be iterated more than once.
#[derive(Debug)]
pub struct DictView {
    part: Part,
    dict: Arc<Dict>,
}

impl DictView {
    pub fn value(part: Part, dict: Arc<Dict>) -> Value {
        Value::object(Self { part, dict })
    }

    /// Whether a value has the operators of sets, as `dict_keys` and `dict_items` do.
    pub fn is_set(value: &Value) -> bool {
        value.downcast::<Self>().is_some_and(|view| view.part != Part::Values)
    }

    fn list(&self) -> Vec<Value> {
        match self.part {
            Part::Keys => self.dict.keys().cloned().collect(),
            Part::Values => self.dict.values().cloned().collect(),
            Part::Items => {
                let pair =
                    |(key, value): (&Key, &Value)| Value::tuple(vec![key.value().clone(), value.clone()]);
                self.dict.iter().map(pair).collect()
            }
        }
    }

    /// Whether it has that member, with one look at the mapping where that is enough.
    fn contains(&self, value: &Value) -> bool {
        let has = |key: &Value| Key::new(key.clone()).ok().and_then(|key| self.dict.get(&key));
        match (self.part, value) {
            (Part::Keys, key) => has(key).is_some(),
            (Part::Values, value) => self.dict.values().any(|other| other.equals(value)),
            (Part::Items, Value::Tuple(pair)) => match pair.items.as_slice() {
                [key, value] => has(key).is_some_and(|other| other.equals(value)),
                _ => false,
            },
            (Part::Items, _) => false,
        }
    }
}

impl Object for DictView {
    fn type_name(&self) -> &str {
        match self.part {
            Part::Keys => "dict_keys",
            Part::Values => "dict_values",
            Part::Items => "dict_items",
        }
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        (name == "mapping").then(|| Value::Dict(Arc::clone(&self.dict)))
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(self.list())
    }

    fn length(&self) -> Option<usize> {
        Some(self.dict.len())
    }

    fn methods(&self) -> &'static [&'static str] {
        if self.part == Part::Values { &[] } else { &["isdisjoint"] }
    }

    fn call(&self, method: &str, args: &[Value]) -> Result<Value> {
        let name = self.type_name();
        match (method, args) {
            ("", _) => Err(Error::type_error(format!("'{name}' object is not callable"))),
            ("isdisjoint", [other]) if self.part != Part::Values => {
                let others = match other {
                    Value::List(items) | Value::Tuple(items) => items.items.clone(),
                    Value::Set(set) => set.iter().cloned().collect(),
                    Value::Dict(dict) => dict.keys().cloned().collect(),
                    Value::Object(object) => object.items().unwrap_or_default(),
                    Value::Undefined(_) => Vec::new(),
                    Value::Text(text) => text.chars().map(|c| Value::from(c.to_string())).collect(),
                    other => {
                        let what = format!("'{}' object is not iterable", other.type_name());
                        return Err(Error::type_error(what));
                    }
                };
                Ok(Value::Bool(!others.iter().any(|other| self.contains(other))))
            }
            ("isdisjoint", _) => {
                let what = format!("{name}.isdisjoint() takes exactly one argument ({} given)", args.len());
                Err(Error::type_error(what))
            }
            _ => Err(Error::undefined(format!("'{name} object' has no attribute '{method}'"))),
        }
    }

    fn is_true(&self) -> bool {
        !self.dict.is_empty()
    }

    fn equals(&self, other: &Value) -> bool {
        if let Value::Set(set) = other {
            return self.part != Part::Values
                && set.len() == self.dict.len()
                && set.iter().all(|member| self.contains(member));
        }
        let Some(view) = other.downcast::<Self>() else { return false };
        if self.part == Part::Values || view.part == Part::Values {
            return std::ptr::eq(self, view);
        }
        self.dict.len() == view.dict.len() && view.list().iter().all(|member| self.contains(member))
    }

    fn repr(&self) -> String {
        format!("{}({})", self.type_name(), repr(&Value::list(self.list())))
    }

    fn extent(&self) -> Extent {
        let extent = Value::Dict(Arc::clone(&self.dict)).extent();
        match self.part {
            // Each pair is a tuple of its own.
            Part::Items => Extent { depth: extent.depth.saturating_add(1), ..extent },
            _ => extent,
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
