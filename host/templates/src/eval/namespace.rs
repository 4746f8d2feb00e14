//! Namespaces: the only values that a template can change.

use std::any::Any;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::format::repr;
use crate::limits::{MAX_DEPTH, MAX_WEIGHT};
use crate::value::{Dict, Extent, Key, Object, Value};

/// What a namespace counts as, and the most that it may hold if it shows what it holds: what contains it is as large as that.
const SHOWN: u32 = 1000;

/// `namespace(a=1)`.
#[derive(Debug)]
pub struct Namespace {
    fields: Mutex<Fields>,
    depth: u16,
}

#[derive(Debug)]
struct Fields {
    dict: Dict,
    /// The sum of the values' weights. That of the mapping does not shrink when a value is replaced.
    weight: u32,
}

impl Namespace {
    /// An error if the values are too large.
    pub fn new(dict: Dict) -> Result<Self> {
        let extent = dict.extent();
        if extent.depth > MAX_DEPTH + 2 || extent.weight > MAX_WEIGHT {
            return Err(too_large());
        }
        let depth = extent.depth.max(MAX_DEPTH);
        Ok(Self { fields: Mutex::new(Fields { dict, weight: extent.weight }), depth })
    }

    /// Sets an attribute. A namespace holds no other one that is set later, so that values never contain themselves.
    pub fn set(&self, name: &str, value: Value) -> Result<()> {
        let extent = value.extent();
        if extent.depth >= MAX_DEPTH {
            return Err(Error::limit("a namespace cannot hold a namespace, cycler, or joiner"));
        }
        let mut fields = self.fields();
        let replaced = fields.dict.get_text(name).map_or(0, |value| value.extent().weight);
        let weight = fields.weight.saturating_sub(replaced).saturating_add(extent.weight);
        if weight > MAX_WEIGHT {
            return Err(too_large());
        }
        fields.weight = weight;
        fields.dict.insert(Key::text(name), value);
        Ok(())
    }

    fn fields(&self) -> std::sync::MutexGuard<'_, Fields> {
        self.fields.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_large() -> Error {
    Error::limit("the template makes a namespace that is too large")
}

impl Object for Namespace {
    fn type_name(&self) -> &str {
        "Namespace"
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        self.fields().dict.get_text(name).cloned()
    }

    fn repr(&self) -> String {
        let fields = self.fields();
        match fields.weight > SHOWN {
            true => "<Namespace {...}>".to_owned(),
            false => {
                let dict = Value::dict(fields.dict.clone());
                drop(fields);
                format!("<Namespace {}>", repr(&dict))
            }
        }
    }

    fn extent(&self) -> Extent {
        Extent { depth: self.depth, weight: SHOWN }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
