//! What bytes are known by from one backup to the next, and the seal of what was noted about them.
//!
//! Owns the use of the key, which stays in this home's stored settings: who does not have it can neither choose two contents that
//! are taken for each other (strangers write to a home, too) nor make an index that is believed.

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
/// What separates the uses of the key. Filled with zeros to 16 bytes.
const FOR_CONTENTS: &[u8] = b"larder contents";
const FOR_SEALS: &[u8] = b"larder seals";
/// XXH3 wants a secret of 192 bytes.
pub const SECRET: usize = 192;

/// XXH3, 128 bits, with a secret of [`SECRET`] bytes.
pub fn fingerprint(bytes: &[u8], secret: &[u8]) -> u128 {
    xxh3_128_with_secret(bytes, secret)
}

pub struct Fingerprints {
    secret: Zeroizing<Vec<u8>>,
    seal: Blake2bMac<U32>,
}

impl Fingerprints {
    /// By a text that nobody else knows.
    pub fn new(key: &Password) -> Result<Self> {
        let key = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(key.reveal())));
        let mut secret = Zeroizing::new(Vec::with_capacity(SECRET));
        for part in 0..3 {
            let mac = Blake2bMac::<U64>::new_with_salt_and_personal(Some(&*key), &[part], FOR_CONTENTS);
            secret.extend_from_slice(&mac.map_err(impossible)?.finalize_fixed());
        }
        let seal = Blake2bMac::new_with_salt_and_personal(Some(&*key), &[], FOR_SEALS);
        Ok(Self { secret, seal: seal.map_err(impossible)? })
    }

    pub fn of(&self, bytes: &[u8]) -> u128 {
        fingerprint(bytes, &self.secret)
    }

    /// What workers need to make the same.
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }

    pub fn seal(&self, bytes: &[u8]) -> [u8; SEAL] {
        let mut mac = self.seal.clone();
        mac.update(bytes);
        mac.finalize_fixed().into()
    }

    /// The bytes before their seal; none when it is not theirs.
    pub fn unseal<'a>(&self, sealed: &'a [u8]) -> Option<&'a [u8]> {
        let (bytes, seal) = sealed.split_last_chunk::<SEAL>()?;
        bool::from(self.seal(bytes).ct_eq(seal)).then_some(bytes)
    }
}

/// All lengths are constants that fit; this is only so that nothing can panic.
fn impossible(error: impl fmt::Display) -> Failure {
    Failure::invalid(format!("a key could not be derived ({error})"))
}
