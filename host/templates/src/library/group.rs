//! The groups of `groupby`: Jinja's tuple with the names `grouper` and `list`.

use std::any::Any;

use crate::error::{Error, ErrorKind, Result};
use crate::format::repr;
use crate::value::{Extent, Object, Value};

/// A key and the items that have it.
#[derive(Debug)]
pub struct Group {
    tuple: Value,
}

impl Group {
    pub fn new(key: Value, items: Vec<Value>) -> Self {
        Self { tuple: Value::tuple(vec![key, Value::list(items)]) }
    }

    /// The plain tuple.
    pub fn tuple(&self) -> &Value {
        &self.tuple
    }

    fn at(&self, index: usize) -> Option<Value> {
        self.tuple.as_sequence().and_then(|items| items.get(index)).cloned()
    }
}

impl Object for Group {
    fn type_name(&self) -> &str {
        "_GroupTuple"
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "grouper" => self.at(0),
            "list" => self.at(1),
            _ => None,
        }
    }

    fn item(&self, key: &Value) -> Option<Value> {
        match key.as_int()? {
            0 | -2 => self.at(0),
            1 | -1 => self.at(1),
            _ => None,
        }
    }

    fn items(&self) -> Option<Vec<Value>> {
        self.tuple.as_sequence().map(<[Value]>::to_vec)
    }

    fn length(&self) -> Option<usize> {
        Some(2)
    }

    fn methods(&self) -> &'static [&'static str] {
        &["count", "index"]
    }

    fn call(&self, method: &str, args: &[Value]) -> Result<Value> {
        let items = self.tuple.as_sequence().unwrap_or_default();
        match (method, args) {
            ("count", [value]) => Ok(items.iter().filter(|item| item.equals(value)).count().into()),
            ("index", [value]) => items
                .iter()
                .position(|item| item.equals(value))
                .map(Value::from)
                .ok_or_else(|| Error::value("tuple.index(x): x not in tuple")),
            ("", _) => Err(Error::type_error("'_GroupTuple' object is not callable")),
            _ => Err(Error::new(ErrorKind::Type, format!("tuple.{method}() takes exactly one argument"))),
        }
    }

    fn equals(&self, other: &Value) -> bool {
        match other.downcast::<Self>() {
            Some(other) => self.tuple.equals(&other.tuple),
            None => self.tuple.equals(other),
        }
    }

    fn repr(&self) -> String {
        repr(&self.tuple)
    }

    fn extent(&self) -> Extent {
        self.tuple.extent()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
