//! Errors of SecureTar, and their conversion to and from `std::io` errors.

use std::io;

use super::version::Version;

/// Why a protected part cannot be read or written, grouped by the possible remedy. No variant holds a key or a password.
#[derive(Debug, thiserror::Error)]
pub enum SecureTarError {
    /// The password is wrong, or the bytes that it is checked against are damaged. No version can tell which.
    #[error("{}", incorrect(*.version))]
    PasswordIncorrect { version: Version },
    /// The bytes differ from what was written. The password is correct or irrelevant.
    #[error("damaged: {what}; use another copy of the backup, or recover intact files with `larder extract`")]
    Damaged { what: String },
    /// Well-formed, but not supported here.
    #[error("not supported: {what}")]
    Unsupported { what: String },
    /// The underlying reader or writer failed.
    #[error("cannot read or write the protected part: {0}; fix that and try again")]
    Io(#[source] io::Error),
}

pub type Result<T> = std::result::Result<T, SecureTarError>;

fn incorrect(version: Version) -> &'static str {
    match version {
        Version::V3 => {
            "wrong password; enter the one that was set when this backup was made \
             (if it is correct, the start of the protected part is damaged: use another copy of the backup)"
        }
        Version::V1 | Version::V2 => {
            "wrong password, or the start of the protected part is damaged (this old version of the encryption cannot tell \
             which); enter the password that was set when this backup was made, or use another copy of the backup"
        }
    }
}

/// The layers below report bad bytes with the kinds `UnexpectedEof` and `InvalidData`.
impl From<io::Error> for SecureTarError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Damaged { what: "the protected part is cut off".into() },
            io::ErrorKind::InvalidData => Self::Damaged { what: error.to_string() },
            _ => Self::Io(error),
        }
    }
}

/// For `std::io::Read`: the error's kind shows the archive's reader whether the bytes are damaged.
impl From<SecureTarError> for io::Error {
    fn from(error: SecureTarError) -> Self {
        match error {
            SecureTarError::Damaged { what } => Self::new(io::ErrorKind::InvalidData, what),
            SecureTarError::Unsupported { .. } => Self::new(io::ErrorKind::Unsupported, error),
            SecureTarError::PasswordIncorrect { .. } => Self::new(io::ErrorKind::PermissionDenied, error),
            SecureTarError::Io(error) => error,
        }
    }
}

pub(super) fn damaged<T>(what: impl Into<String>) -> Result<T> {
    Err(SecureTarError::Damaged { what: what.into() })
}

pub(super) fn unsupported<T>(what: impl Into<String>) -> Result<T> {
    Err(SecureTarError::Unsupported { what: what.into() })
}
