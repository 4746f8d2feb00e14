//! What a function returns for a value that is not a time.

use crate::error::{Error, Result};
use crate::format::display;
use crate::value::Value;

/// The default instead of an error of a value or type.
pub fn or_default(
    result: Result<Value>,
    default: Option<&Value>,
    name: &str,
    value: &Value,
) -> Result<Value> {
    match (result, default) {
        (Err(error), Some(default)) if error.is_value_or_type() => Ok(default.clone()),
        (Err(error), None) if error.is_value_or_type() => Err(no_default(name, value)),
        (result, _) => result,
    }
}

/// The error without a default.
pub fn no_default(name: &str, value: &Value) -> Error {
    let value = display(value);
    Error::value(format!("Template error: {name} got invalid input '{value}' but no default was specified"))
}
