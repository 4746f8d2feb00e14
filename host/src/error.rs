//! Why an engine could not do what was asked: the house's error type.
//!
//! Cases are named by what the caller can do (the same as `wit/types.wit`). The text says what happened to which thing,
//! then what to do; the same text reaches log, command line and client.

use std::io;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    Exists(String),
    #[error("{0}")]
    Denied(String),
    #[error("{0}")]
    Invalid(String),
    #[error("{0}")]
    InUse(String),
    /// By the service of the same state directory, which can be asked.
    #[error("{0}")]
    Served(String),
    #[error("{0}")]
    NoSpace(String),
    #[error("{0}")]
    Limit(String),
    #[error("{0}")]
    Io(String),
}

impl Error {
    /// An I/O error while doing `what` (a whole phrase: "cannot open backups/x.tar"). The case follows the system's.
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

/// What the system said, without Rust's "(os error 13)".
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

/// Adds what was being done to an I/O error: `file.sync_all().doing(|| "cannot sync x")?`.
pub trait Doing<T> {
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
