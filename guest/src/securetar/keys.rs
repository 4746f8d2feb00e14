//! Passwords and the keys that are made of them.
//!
//! Owns the two derivations (SecureTar 1 and 2; SecureTar 3) and that everything secret is wiped when it is dropped. Keys are
//! never shown, compared or handed out; only the ciphers beside this file get them.

use std::{fmt, io};

use argon2::{Algorithm, Argon2, Block, Params};
use blake2::Blake2bMac;
use blake2::digest::{FixedOutput, consts::U32};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::header::{Header, Salt, Setup};
use super::{Random, Result, SecureTarError, Version, damaged, draw, unsupported};

/// Argon2id as libsodium's `crypto_pwhash` runs it for SecureTar: passes, KiB, lanes.
const PASSES: u32 = 8;
const MEMORY: u32 = 16 * 1024;
const LANES: u32 = 1;
/// What separates SecureTar's subkeys from others of the same root key. Filled with zeros to 16 bytes.
const PERSON: &[u8] = b"SecureTarv3";
/// How often SecureTar 1 and 2 hash.
const ROUNDS: usize = 100;
/// Root keys kept for reading. An archive has one; only a strange one makes Argon2id run again and again.
const CACHED: usize = 8;

/// A secret of 32 bytes. Wiped when dropped.
pub(super) type Secret = Zeroizing<[u8; 32]>;

/// What a person protects backups with. Wiped when dropped, hidden in every text.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For writing it down on purpose: a key ring file, an emergency kit.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl<'de> serde::Deserialize<'de> for Password {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> std::result::Result<Self, D::Error> {
        // Not the usual way: its errors repeat what they found, and that may be a password without its quotes.
        match serde_json::Value::deserialize(source)? {
            serde_json::Value::String(text) => Ok(Self::new(text)),
            _ => Err(serde::de::Error::custom("a password or key must be text")),
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

/// The key of SecureTar 1 and 2, which has no salt.
pub(super) struct OldKey(Zeroizing<[u8; 16]>);

impl OldKey {
    fn derive(password: &Password) -> Self {
        Self(hashed(password.0.as_bytes()))
    }

    pub(super) fn key(&self) -> &[u8; 16] {
        &self.0
    }

    /// The initialization vector of one part.
    pub(super) fn iv(&self, salt: &Salt) -> Zeroizing<[u8; 16]> {
        let input = Zeroizing::new([*self.0, *salt].concat());
        hashed(&input)
    }
}

/// SHA-256 over and over; the first half of the last one.
fn hashed(input: &[u8]) -> Zeroizing<[u8; 16]> {
    let mut digest = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(input)));
    for _ in 1..ROUNDS {
        *digest = Sha256::digest(*digest).into();
    }
    let mut half = Zeroizing::new([0; 16]);
    half.iter_mut().zip(digest.iter()).for_each(|(to, from)| *to = *from);
    half
}

/// What Argon2id makes of a password and a salt. Takes a moment and 16 MiB.
struct RootKey(Secret);

impl RootKey {
    fn derive(password: &Password, salt: &Salt) -> Result<Self> {
        let params = Params::new(MEMORY, PASSES, LANES, Some(32)).map_err(impossible)?;
        let blocks = params.block_count();
        let mut memory = Zeroizing::new(Vec::new());
        memory
            .try_reserve_exact(blocks)
            .map_err(|_| SecureTarError::Io(io::ErrorKind::OutOfMemory.into()))?;
        memory.resize(blocks, Block::new());
        let mut key = Secret::default();
        Argon2::new(Algorithm::Argon2id, argon2::Version::V0x13, params)
            .hash_password_into_with_memory(
                password.0.as_bytes(),
                salt,
                key.as_mut_slice(),
                memory.as_mut_slice(),
            )
            .map_err(impossible)?;
        Ok(Self(key))
    }

    fn subkey(&self, salt: &Salt) -> Result<Secret> {
        let mac = Blake2bMac::<U32>::new_with_salt_and_personal(Some(self.0.as_slice()), salt, PERSON);
        let mut output = mac.map_err(impossible)?.finalize_fixed();
        let mut subkey = Secret::default();
        subkey.copy_from_slice(&output);
        output.as_mut_slice().zeroize();
        Ok(subkey)
    }
}

/// All lengths and costs are constants that fit; this is only so that nothing can panic.
fn impossible(error: impl fmt::Display) -> SecureTarError {
    SecureTarError::Io(io::Error::other(format!("a key could not be derived ({error})")))
}

/// The keys for reading with one password. Each root salt costs Argon2id once, however many parts share it.
pub struct Keys {
    password: Password,
    old: Option<OldKey>,
    roots: Vec<Root>,
}

struct Root {
    salt: Salt,
    key: RootKey,
    /// Whether a header has agreed with it: then a header that does not is damaged.
    is_proven: bool,
}

impl Keys {
    pub fn new(password: Password) -> Self {
        Self { password, old: None, roots: Vec::new() }
    }

    pub(super) fn old(&mut self) -> &OldKey {
        self.old.get_or_insert_with(|| OldKey::derive(&self.password))
    }

    /// The key of one part of version 3, once the password has been checked against its header.
    pub(super) fn unlock(&mut self, setup: &Setup) -> Result<Secret> {
        let root = self.root(&setup.root_salt)?;
        let expected = root.key.subkey(&setup.validation_salt)?;
        if !bool::from(expected.ct_eq(&setup.validation_key)) {
            return match root.is_proven {
                true => damaged("the header of the protected part is not what was written"),
                false => Err(SecureTarError::PasswordIncorrect { version: Version::V3 }),
            };
        }
        root.is_proven = true;
        root.key.subkey(&setup.derivation_salt)
    }

    fn root(&mut self, salt: &Salt) -> Result<&mut Root> {
        let root = match self.roots.iter().position(|root| root.salt == *salt) {
            Some(at) => self.roots.remove(at),
            None => Root { salt: *salt, key: RootKey::derive(&self.password, salt)?, is_proven: false },
        };
        self.roots.truncate(CACHED - 1);
        self.roots.insert(0, root);
        self.roots.first_mut().ok_or_else(|| impossible("no place to keep it"))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(hidden)")
    }
}

/// The keys for writing one archive: derived once, shared by all its parts, though each part is encrypted by a key of its own.
pub struct ArchiveKeys(Kind);

enum Kind {
    V2 { key: OldKey },
    V3 { root: RootKey, root_salt: Salt, validation_salt: Salt, validation_key: [u8; 32] },
}

/// What one part is encrypted with.
pub(super) enum Part<'a> {
    V2 { salt: Salt, key: &'a OldKey },
    V3 { setup: Setup, key: Secret },
}

impl Part<'_> {
    /// Its header, the size still 0.
    pub(super) fn header(&self) -> Header {
        match self {
            Self::V2 { salt, .. } => Header::V2 { size: 0, salt: *salt },
            Self::V3 { setup, .. } => Header::V3 { size: 0, setup: *setup },
        }
    }
}

impl ArchiveKeys {
    /// Errors: [`SecureTarError::Unsupported`] for version 1, which is only read.
    pub fn new(version: Version, password: &Password, random: &mut dyn Random) -> Result<Self> {
        match version {
            Version::V1 => {
                unsupported("writing SecureTar 1; choose version 3, or 2 for an old Home Assistant")
            }
            Version::V2 => Ok(Self(Kind::V2 { key: OldKey::derive(password) })),
            Version::V3 => {
                let (root_salt, validation_salt) = (draw(random), draw(random));
                let root = RootKey::derive(password, &root_salt)?;
                let validation_key = *root.subkey(&validation_salt)?;
                Ok(Self(Kind::V3 { root, root_salt, validation_salt, validation_key }))
            }
        }
    }

    /// The keys for reading back what was written with these, without deriving the archive's key once more.
    pub fn into_reading(self, password: Password) -> Keys {
        let mut keys = Keys::new(password);
        match self.0 {
            Kind::V2 { key } => keys.old = Some(key),
            Kind::V3 { root, root_salt, .. } => {
                keys.roots.push(Root { salt: root_salt, key: root, is_proven: true });
            }
        }
        keys
    }

    pub fn version(&self) -> Version {
        match self.0 {
            Kind::V2 { .. } => Version::V2,
            Kind::V3 { .. } => Version::V3,
        }
    }

    /// A new part, with salts and a key of its own.
    pub(super) fn part(&self, random: &mut dyn Random) -> Result<Part<'_>> {
        match &self.0 {
            Kind::V2 { key } => Ok(Part::V2 { salt: draw(random), key }),
            Kind::V3 { root, root_salt, validation_salt, validation_key } => {
                let setup = Setup {
                    root_salt: *root_salt,
                    validation_salt: *validation_salt,
                    validation_key: *validation_key,
                    derivation_salt: draw(random),
                    stream: draw(random),
                };
                Ok(Part::V3 { key: root.subkey(&setup.derivation_salt)?, setup })
            }
        }
    }
}

impl fmt::Debug for ArchiveKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArchiveKeys({}, hidden)", self.version())
    }
}
