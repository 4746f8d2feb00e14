//! The host's error type.
//!
//! The variants are the cases that a caller can tell apart, as in `wit/types.wit`. The text says what happened to which thing, then what
//! to do; the log, the command line and clients show the same text.

use std::io;

/// A result with the host's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done. Each variant holds the whole message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The name is taken.
    #[error("{0}")]
    Exists(String),
    /// It is not allowed.
    #[error("{0}")]
    Denied(String),
    /// The input is not valid.
    #[error("{0}")]
    Invalid(String),
    /// Another process uses it.
    #[error("{0}")]
    InUse(String),
    /// The service of the same state directory uses it. The command can ask the service instead.
    #[error("{0}")]
    Served(String),
    /// The disk or a quota is full.
    #[error("{0}")]
    NoSpace(String),
    /// A limit was reached.
    #[error("{0}")]
    Limit(String),
    /// Any other error of the system.
    #[error("{0}")]
    Io(String),
}

impl Error {
    /// An I/O error with its context: a whole phrase like "cannot open backups/x.tar". The variant follows from the system's error.
    pub fn from_io(what: impl std::fmt::Display, error: &io::Error) -> Self {
        let text = format!("{what}: {}", reason(error));
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound(text),
            io::ErrorKind::AlreadyExists => Self::Exists(text),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace(text),
            _ => Self::Io(text),
        }
    }
}

/// The system's message, without Rust's "(os error 13)".
pub fn reason(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::FileTooLarge {
        return "the file would be larger than the file system, or `ulimit -f` (`LimitFSIZE=`), allows"
            .into();
    }
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text.get(..end).unwrap_or(&text).to_owned(),
        None => text,
    }
}

/// Adds context to an I/O error: `file.sync_all().doing(|| "cannot sync x")?`.
pub trait Doing<T> {
    /// Turns the error into an [`Error`] that begins with `what`.
    fn doing<D: std::fmt::Display>(self, what: impl FnOnce() -> D) -> Result<T>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing<D: std::fmt::Display>(self, what: impl FnOnce() -> D) -> Result<T> {
        self.map_err(|error| Error::from_io(what(), &error))
    }
}

impl<T> Doing<T> for rustix::io::Result<T> {
    fn doing<D: std::fmt::Display>(self, what: impl FnOnce() -> D) -> Result<T> {
        self.map_err(|error| Error::from_io(what(), &error.into()))
    }
}
