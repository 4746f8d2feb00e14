//! Python's iterators: generators, `zip`, `reversed`. Their items are there from the start, but only for one use.

use std::any::Any;
use std::sync::{Mutex, PoisonError};

use super::types::{Extent, Object, Value};

/// An iterator over items that have been computed.
#[derive(Debug)]
pub struct Generator {
    type_name: &'static str,
    items: Mutex<Vec<Value>>,
    extent: Extent,
}

impl Generator {
    /// `type_name`: `generator`, `zip`, `map`.
    pub fn value(type_name: &'static str, items: Vec<Value>) -> Value {
        let extent = Value::list(items.clone()).extent();
        Value::object(Self { type_name, items: Mutex::new(items), extent })
    }
}

impl Object for Generator {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(std::mem::take(&mut self.items.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn repr(&self) -> String {
        format!("<{} object>", self.type_name)
    }

    fn extent(&self) -> Extent {
        self.extent
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
