//! Python's texts of values, and its ways to format them.

mod float;
mod show;

pub use show::{display, repr};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::Value;

pub fn percent(_template: &str, _argument: &Value, _context: &Context) -> Result<String> {
    Err(Error::type_error("stub"))
}
