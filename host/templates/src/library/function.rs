//! `as_function`: a macro whose result is what it gives to its argument `returns`.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use super::attribute::no_attribute;
use crate::context::{Context, Keywords};
use crate::error::{Error, Result};
use crate::limits::MAX_DEPTH;
use crate::value::{Callable, Extent, Object, Value};

/// A macro that is called as a function. The evaluator calls it by [`MacroFunction::run`], because the macro needs the rendering.
#[derive(Debug)]
pub struct MacroFunction {
    callee: Value,
}

impl MacroFunction {
    /// An error if it is no macro.
    pub fn value(callee: Value) -> Result<Value> {
        match &callee {
            Value::Callable(callable) if matches!(callable.as_ref(), Callable::Macro(..)) => {
                Ok(Value::object(Self { callee }))
            }
            _ => Err(no_attribute(&callee, "name")),
        }
    }

    /// Calls the macro, and gives what it returned last, or none.
    pub fn run(&self, args: Vec<Value>, mut keywords: Keywords, context: &Context) -> Result<Value> {
        let returned = Arc::new(Returns::default());
        keywords.push((Arc::from("returns"), Value::Object(returned.clone())));
        let called = context.interpreter.call(&self.callee, args, keywords, context);
        let value = returned.take();
        called.map(|_| value.unwrap_or(Value::None))
    }
}

impl Object for MacroFunction {
    fn type_name(&self) -> &str {
        "function"
    }

    fn call(&self, _: &str, _: &[Value]) -> Result<Value> {
        Err(Error::runtime("a function that was made of a macro cannot be called here"))
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn repr(&self) -> String {
        "<function>".into()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Keeps the value that it was called with last.
#[derive(Debug, Default)]
struct Returns {
    value: Mutex<Option<Value>>,
}

impl Returns {
    fn take(&self) -> Option<Value> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Object for Returns {
    fn type_name(&self) -> &str {
        "function"
    }

    fn call(&self, _: &str, args: &[Value]) -> Result<Value> {
        let [value] = args else {
            return Err(Error::type_error("returns() takes exactly one argument"));
        };
        // It must not contain itself.
        if value.extent().depth >= MAX_DEPTH {
            return Err(Error::limit("the returned value nests too deep"));
        }
        *self.value.lock().unwrap_or_else(PoisonError::into_inner) = Some(value.clone());
        Ok(value.clone())
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn repr(&self) -> String {
        "<function returns>".into()
    }

    fn extent(&self) -> Extent {
        Extent { depth: MAX_DEPTH, weight: 1 }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
