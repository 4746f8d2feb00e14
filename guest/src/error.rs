//! Why an action or a job did not do what was asked, in the words that a client sees.
//!
//! Codes are Home Assistant's where it has one; the message says what happened to which thing, then what to do.

use std::borrow::Cow;

use crate::archive::ArchiveError;
use crate::ports::{Cause, Fault};
use crate::protection::key_ring::KeyRingError;
use crate::securetar::SecureTarError;

pub type Result<T> = std::result::Result<T, Failure>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub code: Cow<'static, str>,
    pub message: String,
}

/// The code of whatever reads or writes otherwise than it should (Home Assistant's).
pub const UNREADABLE: &str = "backup_reader_writer_error";

impl Failure {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    /// The request itself makes no sense.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new("invalid_format", message)
    }

    /// The archive `name` cannot be trusted, read or used.
    pub fn archive(name: &str, error: ArchiveError) -> Self {
        Self::from(error).about(name)
    }

    /// Names the thing that it happened to.
    pub fn about(self, name: &str) -> Self {
        Self { message: format!("{name}: {}", self.message), ..self }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// A failure travels through `std::io` unharmed, as a fault does.
impl From<Failure> for std::io::Error {
    fn from(failure: Failure) -> Self {
        Self::other(failure)
    }
}

impl From<ArchiveError> for Failure {
    fn from(error: ArchiveError) -> Self {
        let code = match &error {
            ArchiveError::Damaged { .. } | ArchiveError::Surplus { .. } => "backup_damaged",
            ArchiveError::Unsafe { .. } => "backup_unsafe",
            ArchiveError::Unsupported { .. } => "backup_unsupported",
            ArchiveError::TooLarge { .. } => "backup_too_large",
            // The host's own words, which came through `std::io`.
            ArchiveError::Io(error) => {
                let inner = error.get_ref();
                if let Some(failure) = inner.and_then(|inner| inner.downcast_ref::<Self>()) {
                    return failure.clone();
                }
                match inner.and_then(|inner| inner.downcast_ref::<Fault>()) {
                    Some(fault) => return fault.clone().into(),
                    None => "backup_reader_writer_error",
                }
            }
        };
        Self::new(code, error.to_string())
    }
}

impl From<SecureTarError> for Failure {
    fn from(error: SecureTarError) -> Self {
        let message = error.to_string();
        let code = match error {
            SecureTarError::PasswordIncorrect { .. } => "password_incorrect",
            SecureTarError::Damaged { .. } => "backup_damaged",
            SecureTarError::Unsupported { .. } => "decrypt_not_supported",
            SecureTarError::Io(error) => return ArchiveError::Io(error).into(),
        };
        Self::new(code, message)
    }
}

impl From<KeyRingError> for Failure {
    fn from(error: KeyRingError) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let code = match fault.cause {
            Cause::NotFound => "not_found",
            Cause::Exists => "exists",
            Cause::Denied => "denied",
            // The host found no sense in what it was asked by us, not in what a person asked.
            Cause::Invalid | Cause::Other => "unknown_error",
            Cause::InUse => "in_use",
            Cause::NoSpace => "no_space",
            Cause::Limit => "limit",
            Cause::Io => "backup_reader_writer_error",
        };
        Self::new(code, fault.message)
    }
}
