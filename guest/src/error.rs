//! The failure of an action or a job, as clients see it.
//!
//! Codes are Home Assistant's where it has one. A message says what happened to which thing, then what to do.

use std::borrow::Cow;

use crate::archive::ArchiveError;
use crate::securetar::SecureTarError;

pub type Result<T> = std::result::Result<T, Failure>;

/// A machine-readable code and a human-readable message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub code: Cow<'static, str>,
    pub message: String,
}

/// Home Assistant's code for a reader or writer that failed.
pub const UNREADABLE: &str = "backup_reader_writer_error";

impl Failure {
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into() }
    }

    /// The request itself is invalid.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new("invalid_format", message)
    }

    /// The archive `name` cannot be trusted, read or used.
    pub fn archive(name: &str, error: ArchiveError) -> Self {
        Self::from(error).about(name)
    }

    /// Puts a name in front of the message.
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

/// A failure passes through `std::io`, and `From<ArchiveError>` takes it out again.
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
            // The failure of a port, or of a reader below.
            ArchiveError::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
                Some(failure) => return failure.clone(),
                None => UNREADABLE,
            },
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
