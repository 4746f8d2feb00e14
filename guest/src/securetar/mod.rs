//! SecureTar: Home Assistant's encryption of an inner tar, in all its versions.
//!
//! Owns the byte format in both directions, over readers and writers. Reads versions 1, 2 and 3, and writes 2 and 3. Callers
//! supply the randomness and the password, and decide which version is secure enough.
//!
//! Version 3 authenticates every byte of its messages and detects a wrong password before any plaintext is returned. Versions 1
//! and 2 authenticate nothing: their only checks are that the first bytes look like gzip or tar, and gzip's own CRC-32.
//!
//! A protected part is a `header` followed by a body: AES-CBC (`aes_cbc`) for versions 1 and 2, secretstream (`secretstream`) for
//! version 3. `keys` derives the keys, `reader` and `writer` process one part, `sniff` detects the format, and `v1_gzip` repairs
//! the gzip stream that version 1 damaged.

mod aes_cbc;
mod error;
mod header;
mod keys;
mod random;
mod reader;
mod secretstream;
mod sniff;
mod v1_gzip;
mod version;
mod writer;

#[cfg(test)]
mod tests;

pub use error::{Result, SecureTarError};
pub use keys::{ArchiveKeys, Keys, Password};
pub use random::Random;
pub use reader::{Decryptor, PasswordVerdict, check_password};
pub use sniff::{Format, SNIFF_LENGTH, sniff};
pub use version::Version;
pub use writer::{Encryptor, Sealed};
