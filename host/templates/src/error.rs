//! Errors of templates, by the Python exception that Home Assistant raises for them.

use std::fmt;

/// Python's exception. Functions with a default catch some of them; a limit is never caught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The template does not parse.
    Syntax,
    /// The check refuses a name or a call. The message says what to do.
    Name,
    Undefined,
    /// A call that cannot be made: no such filter or test, or arguments that do not bind. Python's `TypeError`.
    Call,
    Type,
    Value,
    Key,
    Index,
    Attribute,
    ZeroDivision,
    Overflow,
    /// What the sandbox refuses.
    Security,
    /// Home Assistant's `TemplateError`, and whatever has no other kind.
    Runtime,
    /// A limit of this engine: steps, size, or recursion.
    Limit,
}

/// An error: what is wrong, without the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    pub kind: ErrorKind,
    pub message: String,
    /// The line in the template, from 1.
    pub line: Option<u32>,
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), line: None }
    }

    pub fn syntax(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Syntax, message)
    }

    pub fn name(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Name, message)
    }

    pub fn undefined(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Undefined, message)
    }

    pub fn type_error(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Type, message)
    }

    pub fn call(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Call, message)
    }

    pub fn value(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Value, message)
    }

    pub fn overflow(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Overflow, message)
    }

    pub fn security(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Security, message)
    }

    pub fn runtime(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Runtime, message)
    }

    pub fn limit(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, message)
    }

    /// Whether Python code that catches `ValueError` and `TypeError` catches it. `UndefinedError` is neither.
    pub fn is_value_or_type(&self) -> bool {
        matches!(self.kind, ErrorKind::Value | ErrorKind::Type)
    }

    /// The same error with a line, unless it has one.
    #[must_use]
    pub fn at(mut self, line: u32) -> Self {
        self.line = self.line.or(Some(line));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
