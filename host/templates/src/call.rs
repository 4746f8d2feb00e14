//! How functions, filters, tests, and methods are declared, and how Python binds arguments to their parameters.

use std::fmt;
use std::sync::Arc;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::Value;

/// A function, filter, test, or method of the library.
///
/// The signature is written like Python's, without default values: `value, default=, /, *, precision=, *args, **kwargs`. A parameter
/// with `=` may be left out. `/` ends the parameters that are given by position only; `*` begins those given by keyword only. The first
/// parameter of a filter and of a test is the value, that of a method the receiver (`self`).
#[derive(Clone, Copy)]
pub struct Builtin {
    pub name: &'static str,
    pub signature: &'static str,
    pub run: Run,
}

/// The implementation.
pub type Run = fn(&mut Args, &Context) -> Result<Value>;

/// A row of a table of the library.
pub const fn builtin(name: &'static str, signature: &'static str, run: Run) -> Builtin {
    Builtin { name, signature, run }
}

impl fmt::Debug for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, self.signature)
    }
}

/// The arguments of a call, bound to the parameters of a signature.
#[derive(Debug, Default, Clone)]
pub struct Args {
    /// By parameter, in the order of the signature; `None` if it was not given. `/`, `*`, `*args`, and `**kwargs` do not count.
    pub values: Vec<Option<Value>>,
    /// `*args`.
    pub rest: Vec<Value>,
    /// `**kwargs`.
    pub keywords: Vec<(Arc<str>, Value)>,
}

impl Args {
    /// An argument, if it was given.
    pub fn get(&self, at: usize) -> Option<&Value> {
        self.values.get(at).and_then(Option::as_ref)
    }

    /// An argument of a required parameter.
    pub fn value(&self, at: usize) -> &Value {
        self.get(at).unwrap_or(&Value::None)
    }

    /// Takes an argument of a required parameter.
    pub fn take(&mut self, at: usize) -> Value {
        self.values.get_mut(at).and_then(Option::take).unwrap_or(Value::None)
    }

    /// The text of an argument that must be one, if it was given.
    pub fn text(&self, at: usize) -> Result<Option<&str>> {
        let Some(value) = self.get(at) else { return Ok(None) };
        let wrong = || Error::type_error(format!("expected str instance, {} found", value.type_name()));
        value.as_str().map(Some).ok_or_else(wrong)
    }

    /// The integer of an argument that must be one, if it was given.
    pub fn int(&self, at: usize) -> Result<Option<i128>> {
        let Some(value) = self.get(at) else { return Ok(None) };
        let wrong = || {
            let name = value.type_name();
            Error::type_error(format!("'{name}' object cannot be interpreted as an integer"))
        };
        value.as_int().map(Some).ok_or_else(wrong)
    }

    /// Whether an argument is true, or `default` if it was not given.
    pub fn flag(&self, at: usize, default: bool) -> bool {
        self.get(at).map_or(default, Value::is_true)
    }
}
