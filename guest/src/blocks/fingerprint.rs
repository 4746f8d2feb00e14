//! Fingerprints that identify content from one backup to the next, and the seal of the index that stores them.
//!
//! Owns the use of the secret key in this home's stored settings. Others can write files into a home, but without the key they
//! can neither construct two contents with the same fingerprint nor forge an index.

use std::fmt;

use blake2::Blake2bMac;
use blake2::digest::consts::{U32, U64};
use blake2::digest::{FixedOutput, Update};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use xxhash_rust::xxh3::xxh3_128_with_secret;
use zeroize::Zeroizing;

use crate::error::{Failure, Result};
use crate::securetar::Password;

/// Bytes of a seal.
pub const SEAL: usize = 32;
/// BLAKE2b's personalization for each use of the key, padded with zeros to 16 bytes.
const FOR_CONTENTS: &[u8] = b"larder contents";
const FOR_SEALS: &[u8] = b"larder seals";
/// Bytes of the secret that XXH3 takes.
pub const SECRET: usize = 192;

/// XXH3 with 128 bits, keyed with a secret of [`SECRET`] bytes.
pub fn fingerprint(bytes: &[u8], secret: &[u8]) -> u128 {
    xxh3_128_with_secret(bytes, secret)
}

/// Computes keyed fingerprints and seals.
pub struct Fingerprints {
    secret: Zeroizing<Vec<u8>>,
    seal: Blake2bMac<U32>,
}

impl Fingerprints {
    /// `key` is a secret text.
    pub fn new(key: &Password) -> Result<Self> {
        let key = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(key.reveal())));
        let mut secret = Zeroizing::new(Vec::with_capacity(SECRET));
        for part in 0..3 {
            let mac = Blake2bMac::<U64>::new_with_salt_and_personal(Some(&*key), &[part], FOR_CONTENTS);
            secret.extend_from_slice(&mac.map_err(derivation_failed)?.finalize_fixed());
        }
        let seal = Blake2bMac::new_with_salt_and_personal(Some(&*key), &[], FOR_SEALS);
        Ok(Self { secret, seal: seal.map_err(derivation_failed)? })
    }

    /// The fingerprint of some bytes.
    pub fn of(&self, bytes: &[u8]) -> u128 {
        fingerprint(bytes, &self.secret)
    }

    /// The secret that workers need to compute the same fingerprints.
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// Authenticates `bytes` with the key.
    pub fn seal(&self, bytes: &[u8]) -> [u8; SEAL] {
        let mut mac = self.seal.clone();
        mac.update(bytes);
        mac.finalize_fixed().into()
    }

    /// The bytes before their seal; `None` when the seal is wrong.
    pub fn unseal<'a>(&self, sealed: &'a [u8]) -> Option<&'a [u8]> {
        let (bytes, seal) = sealed.split_last_chunk::<SEAL>()?;
        bool::from(self.seal(bytes).ct_eq(seal)).then_some(bytes)
    }
}

/// Cannot happen, since all lengths are valid constants. Returns an error instead of a panic.
fn derivation_failed(error: impl fmt::Display) -> Failure {
    Failure::invalid(format!("cannot derive a key ({error})"))
}
