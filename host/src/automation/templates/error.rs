//! Errors that functions and filters return to a template.

use minijinja::{Error, ErrorKind};

/// The error for a value that a function or filter cannot use.
pub fn invalid(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, text.into())
}
