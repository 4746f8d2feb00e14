//! Jinja's objects that remember something: `cycler` and `joiner`.

use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::error::{Error, Result};
use crate::value::{Extent, Object, Value};

/// Gives its items in turn.
#[derive(Debug)]
pub struct Cycler {
    items: Value,
    at: AtomicUsize,
}

impl Cycler {
    pub fn value(items: Vec<Value>) -> Result<Value> {
        match items.is_empty() {
            true => Err(Error::runtime("at least one item has to be provided")),
            false => Ok(Value::object(Self { items: Value::tuple(items), at: AtomicUsize::new(0) })),
        }
    }

    fn current(&self) -> Value {
        let items = self.items.as_sequence().unwrap_or_default();
        items.get(self.at.load(Ordering::Relaxed)).cloned().unwrap_or(Value::None)
    }
}

impl Object for Cycler {
    fn type_name(&self) -> &str {
        "Cycler"
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "current" => Some(self.current()),
            "items" => Some(self.items.clone()),
            "pos" => Some(self.at.load(Ordering::Relaxed).into()),
            _ => None,
        }
    }

    fn methods(&self) -> &'static [&'static str] {
        &["next", "reset"]
    }

    fn call(&self, method: &str, args: &[Value]) -> Result<Value> {
        if !args.is_empty() {
            let given = args.len() + 1;
            return Err(Error::type_error(format!(
                "Cycler.{method}() takes 1 positional argument but {given} were given"
            )));
        }
        match method {
            "next" => {
                let current = self.current();
                let length = self.items.as_sequence().map_or(1, <[Value]>::len);
                self.at.store((self.at.load(Ordering::Relaxed) + 1) % length, Ordering::Relaxed);
                Ok(current)
            }
            "reset" => {
                self.at.store(0, Ordering::Relaxed);
                Ok(Value::None)
            }
            _ => Err(Error::type_error("'Cycler' object is not callable")),
        }
    }

    fn repr(&self) -> String {
        "<jinja2.utils.Cycler object>".into()
    }

    /// Its items never change, only the position does.
    fn extent(&self) -> Extent {
        let items = self.items.extent();
        Extent { depth: items.depth.saturating_add(1), ..items }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Gives an empty text the first time, and its separator from then on.
#[derive(Debug)]
pub struct Joiner {
    separator: Value,
    used: AtomicBool,
}

impl Joiner {
    pub fn value(separator: Value) -> Value {
        Value::object(Self { separator, used: AtomicBool::new(false) })
    }
}

impl Object for Joiner {
    fn type_name(&self) -> &str {
        "Joiner"
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "sep" => Some(self.separator.clone()),
            "used" => Some(self.used.load(Ordering::Relaxed).into()),
            _ => None,
        }
    }

    fn call(&self, _: &str, args: &[Value]) -> Result<Value> {
        match args.len() {
            0 if self.used.swap(true, Ordering::Relaxed) => Ok(self.separator.clone()),
            0 => Ok("".into()),
            given => Err(Error::type_error(format!(
                "Joiner.__call__() takes 1 positional argument but {} were given",
                given + 1
            ))),
        }
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn repr(&self) -> String {
        "<jinja2.utils.Joiner object>".into()
    }

    fn extent(&self) -> Extent {
        let separator = self.separator.extent();
        Extent { depth: separator.depth.saturating_add(1), ..separator }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
