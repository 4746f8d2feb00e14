//! The versions of SecureTar.

use std::fmt;

/// Determines the header, the cipher and the key derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// A salt, then AES-128-CBC. Written until 2025.
    V1,
    /// As version 1, with a header that holds the plaintext's size. Written in 2025 and 2026.
    V2,
    /// Argon2id and XChaCha20-Poly1305. Written today.
    V3,
}

impl Version {
    /// Whether the encryption itself detects a changed byte.
    pub fn is_authenticated(self) -> bool {
        self == Self::V3
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecureTar {}", *self as u8 + 1)
    }
}
