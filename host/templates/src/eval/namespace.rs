//! Namespaces: the only values that a template can change.

use std::any::Any;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::format::repr;
use crate::limits::MAX_DEPTH;
use crate::value::{Dict, Extent, Key, Object, Value};

/// `namespace(a=1)`.
#[derive(Debug)]
pub struct Namespace(Mutex<Dict>);

impl Namespace {
    pub fn new(fields: Dict) -> Self {
        Self(Mutex::new(fields))
    }

    /// Sets an attribute. A namespace holds no other one, so that values never contain themselves.
    pub fn set(&self, name: &str, value: Value) -> Result<()> {
        if value.extent().depth >= MAX_DEPTH {
            return Err(Error::limit("a namespace cannot hold a namespace, cycler, or joiner"));
        }
        self.fields().insert(Key::text(name), value);
        Ok(())
    }

    fn fields(&self) -> std::sync::MutexGuard<'_, Dict> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Object for Namespace {
    fn type_name(&self) -> &str {
        "Namespace"
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        self.fields().get_text(name).cloned()
    }

    fn repr(&self) -> String {
        format!("<Namespace {}>", repr(&Value::dict(self.fields().clone())))
    }

    fn extent(&self) -> Extent {
        Extent { depth: MAX_DEPTH, weight: 1 }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
