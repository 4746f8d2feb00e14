//! SecureTar: the encryption that Home Assistant puts around an inner tar, every version of it.
//!
//! Owns the bytes of the format, both ways, over plain readers and writers. Reads versions 1, 2 and 3, writes 2 and 3.
//! Refuses to draw random numbers, to know where a password comes from, or to say which version is good enough.
//!
//! What each version can promise: version 3 authenticates every byte of its messages and knows a wrong password before
//! it gives anything out. Versions 1 and 2 authenticate nothing; all they have is that the first bytes must look like gzip or
//! tar, and the check value that gzip itself carries.

mod aes_cbc;
mod header;
mod keys;
mod reader;
mod secretstream;
mod sniff;
mod v1_gzip;
mod writer;

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;

pub use keys::{ArchiveKeys, Keys, Password};
pub use reader::{Decryptor, Verdict, check_password};
pub use sniff::{Format, SNIFF_LENGTH, sniff};
pub use writer::{Encryptor, Sealed};

/// What SecureTar puts in front, encodes in its header and derives keys by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// A salt, then AES-128-CBC. Written until 2025.
    V1,
    /// The same with a header that says how long the plaintext is. Written in 2025 and 2026.
    V2,
    /// Argon2id and XChaCha20-Poly1305. Written today.
    V3,
}

impl Version {
    /// Whether a changed byte is found out by the encryption itself.
    pub fn is_authenticated(self) -> bool {
        self == Self::V3
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecureTar {}", *self as u8 + 1)
    }
}

/// Where salts and nonces come from. Product code gives the system's secure source, tests a fixed one.
pub trait Random {
    fn fill(&mut self, bytes: &mut [u8]);
}

impl<F: FnMut(&mut [u8])> Random for F {
    fn fill(&mut self, bytes: &mut [u8]) {
        self(bytes);
    }
}

/// Random bytes as one value.
fn draw<const N: usize>(random: &mut dyn Random) -> [u8; N] {
    let mut bytes = [0; N];
    random.fill(&mut bytes);
    bytes
}

/// Why a protected part cannot be read or written, by what can be done about it. No case holds a key or a password.
#[derive(Debug, thiserror::Error)]
pub enum SecureTarError {
    /// The password is another one, or what it is checked against is damaged: no version can tell these two apart.
    #[error("{}", incorrect(*.version))]
    PasswordIncorrect { version: Version },
    /// The password fits, or does not matter, and the bytes are not what was written.
    #[error(
        "damaged: {what}; use another copy of the backup, or take out what is whole with `larder extract`"
    )]
    Damaged { what: String },
    /// Well-formed, but nothing that is known here.
    #[error("not supported: {what}")]
    Unsupported { what: String },
    /// The reader or writer below could not go on.
    #[error("cannot read or write the protected part: {0}; try again once that is put right")]
    Io(#[source] io::Error),
}

pub type Result<T> = std::result::Result<T, SecureTarError>;

fn incorrect(version: Version) -> &'static str {
    match version {
        Version::V3 => {
            "the password does not fit; enter the one that was set when this backup was made \
             (if that is the right one, the start of the protected part is damaged: use another copy of the backup)"
        }
        Version::V1 | Version::V2 => {
            "the password does not fit, or the start of the protected part is damaged, which this old version of the \
             encryption cannot tell apart; enter the password that was set when this backup was made, or use another copy"
        }
    }
}

/// Errors of layers below keep their meaning: these two kinds say that the bytes themselves are bad.
impl From<io::Error> for SecureTarError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Damaged { what: "the protected part is cut off".into() },
            io::ErrorKind::InvalidData => Self::Damaged { what: error.to_string() },
            _ => Self::Io(error),
        }
    }
}

/// The way through `std::io::Read`: the kind tells damage from the rest, so that the archive's reader reports it well.
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

fn damaged<T>(what: impl Into<String>) -> Result<T> {
    Err(SecureTarError::Damaged { what: what.into() })
}

fn unsupported<T>(what: impl Into<String>) -> Result<T> {
    Err(SecureTarError::Unsupported { what: what.into() })
}
