//! The receiver and the text arguments of the methods of texts.

use std::sync::Arc;

use crate::call::Args;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::Value;

/// The text whose method it is.
pub fn receiver(args: &Args) -> Arc<str> {
    match args.value(0) {
        Value::Text(text) => Arc::clone(text),
        _ => Arc::from(""),
    }
}

/// The text of a required argument, by its number in the message of the error.
pub fn wanted<'a>(args: &'a Args, at: usize, method: &str) -> Result<&'a str> {
    let value = args.value(at);
    let name = if value.is_none() { "None" } else { value.type_name() };
    let wrong = || match method {
        "" => Error::type_error(format!("must be str, not {name}")),
        _ => Error::type_error(format!("{method}() argument {at} must be str, not {name}")),
    };
    value.as_str().ok_or_else(wrong)
}

/// Counts the work on a whole text.
pub fn read(args: &Args, context: &Context) -> Result<Arc<str>> {
    let text = receiver(args);
    context.spend(text.len() as u64 / 32)?;
    Ok(text)
}
