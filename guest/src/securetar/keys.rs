//! Passwords, and the keys derived from them.
//!
//! Owns the two key derivations (one for SecureTar 1 and 2, one for SecureTar 3) and wipes every secret from memory when it is
//! dropped. Keys are never displayed, compared or exposed outside this module's ciphers.
//!
//! * Versions 1 and 2: the key is the first half of SHA-256 applied 100 times to the password. The initialization vector of a part
//!   is computed likewise from key and salt.
//! * Version 3: the root key of an archive is Argon2id of password and root salt. A subkey is BLAKE2b-256 keyed with the root key,
//!   with a salt and the personalization `SecureTarv3`. The subkey of the validation salt is stored in the header to check a password;
//!   the subkey of the derivation salt encrypts the part.

use std::{fmt, io};

use argon2::{Algorithm, Argon2, Block, Params};
use blake2::Blake2bMac;
use blake2::digest::{FixedOutput, consts::U32};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::error::{Result, SecureTarError, damaged, unsupported};
use super::header::{Header, KeyParameters, Salt};
use super::random::{Random, draw};
use super::version::Version;

/// Argon2id as libsodium's `crypto_pwhash` runs it for SecureTar: passes, KiB, lanes.
const PASSES: u32 = 8;
const MEMORY: u32 = 16 * 1024;
const LANES: u32 = 1;
/// BLAKE2b's personalization for SecureTar's subkeys, padded with zeros to 16 bytes.
const PERSONALIZATION: &[u8] = b"SecureTarv3";
/// Hash rounds of SecureTar 1 and 2.
const ROUNDS: usize = 100;
/// Root keys cached for reading. A normal archive has one; more would make Argon2id run again and again.
const CACHED: usize = 8;

/// A secret of 32 bytes, wiped when dropped.
pub(super) type Secret = Zeroizing<[u8; 32]>;

/// A backup's password. Wiped when dropped, and hidden in `Debug` output.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text itself, to write it to a key ring or an emergency kit on purpose.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl<'de> serde::Deserialize<'de> for Password {
    fn deserialize<D: serde::Deserializer<'de>>(source: D) -> std::result::Result<Self, D::Error> {
        // `String::deserialize` would quote a value of the wrong type in its error, and that may be a password without quotes.
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

/// The key of SecureTar 1 and 2, derived without a salt.
pub(super) struct LegacyKey(Zeroizing<[u8; 16]>);

impl LegacyKey {
    fn derive(password: &Password) -> Self {
        Self(hash_repeatedly(password.0.as_bytes()))
    }

    pub(super) fn key(&self) -> &[u8; 16] {
        &self.0
    }

    /// The initialization vector of one part.
    pub(super) fn iv(&self, salt: &Salt) -> Zeroizing<[u8; 16]> {
        let input = Zeroizing::new([*self.0, *salt].concat());
        hash_repeatedly(&input)
    }
}

/// The first half of SHA-256 applied [`ROUNDS`] times.
fn hash_repeatedly(input: &[u8]) -> Zeroizing<[u8; 16]> {
    let mut digest = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(input)));
    for _ in 1..ROUNDS {
        *digest = Sha256::digest(*digest).into();
    }
    let mut half = Zeroizing::new([0; 16]);
    half.iter_mut().zip(digest.iter()).for_each(|(to, from)| *to = *from);
    half
}

/// Argon2id of a password and a salt. Slow, and needs 16 MiB.
struct RootKey(Secret);

impl RootKey {
    fn derive(password: &Password, salt: &Salt) -> Result<Self> {
        let params = Params::new(MEMORY, PASSES, LANES, Some(32)).map_err(derivation_failed)?;
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
            .map_err(derivation_failed)?;
        Ok(Self(key))
    }

    fn subkey(&self, salt: &Salt) -> Result<Secret> {
        let mac =
            Blake2bMac::<U32>::new_with_salt_and_personal(Some(self.0.as_slice()), salt, PERSONALIZATION);
        let mut output = mac.map_err(derivation_failed)?.finalize_fixed();
        let mut subkey = Secret::default();
        subkey.copy_from_slice(&output);
        output.as_mut_slice().zeroize();
        Ok(subkey)
    }
}

/// Cannot happen, since all lengths and costs are valid constants. Returns an error instead of a panic.
fn derivation_failed(error: impl fmt::Display) -> SecureTarError {
    SecureTarError::Io(io::Error::other(format!("cannot derive a key ({error})")))
}

/// The keys for reading with one password. Argon2id runs once per root salt, however many parts share it.
pub struct Keys {
    password: Password,
    legacy: Option<LegacyKey>,
    roots: Vec<Root>,
}

struct Root {
    salt: Salt,
    key: RootKey,
    /// Whether it matched the validation key of a header. Another header that does not match is damaged then.
    is_confirmed: bool,
}

impl Keys {
    pub fn new(password: Password) -> Self {
        Self { password, legacy: None, roots: Vec::new() }
    }

    pub(super) fn legacy(&mut self) -> &LegacyKey {
        self.legacy.get_or_insert_with(|| LegacyKey::derive(&self.password))
    }

    /// Checks the password against a version 3 header and returns the key of its part.
    pub(super) fn unlock(&mut self, parameters: &KeyParameters) -> Result<Secret> {
        let root = self.root(&parameters.root_salt)?;
        let expected = root.key.subkey(&parameters.validation_salt)?;
        if !bool::from(expected.ct_eq(&parameters.validation_key)) {
            return match root.is_confirmed {
                true => damaged("the header of the protected part does not match the others"),
                false => Err(SecureTarError::PasswordIncorrect { version: Version::V3 }),
            };
        }
        root.is_confirmed = true;
        root.key.subkey(&parameters.derivation_salt)
    }

    fn root(&mut self, salt: &Salt) -> Result<&mut Root> {
        let root = match self.roots.iter().position(|root| root.salt == *salt) {
            Some(at) => self.roots.remove(at),
            None => Root { salt: *salt, key: RootKey::derive(&self.password, salt)?, is_confirmed: false },
        };
        self.roots.truncate(CACHED - 1);
        self.roots.insert(0, root);
        self.roots.first_mut().ok_or_else(|| derivation_failed("no room in the cache"))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(hidden)")
    }
}

/// The keys for writing one archive. The root key is derived once; each part gets its own key from it.
pub struct ArchiveKeys(Kind);

enum Kind {
    V2 { key: LegacyKey },
    V3 { root: RootKey, root_salt: Salt, validation_salt: Salt, validation_key: [u8; 32] },
}

/// The key of one part, with the header values it was derived from.
pub(super) enum PartKey<'a> {
    V2 { salt: Salt, key: &'a LegacyKey },
    V3 { parameters: KeyParameters, key: Secret },
}

impl PartKey<'_> {
    /// The part's header, with a size of 0.
    pub(super) fn header(&self) -> Header {
        match self {
            Self::V2 { salt, .. } => Header::V2 { size: 0, salt: *salt },
            Self::V3 { parameters, .. } => Header::V3 { size: 0, parameters: *parameters },
        }
    }
}

impl ArchiveKeys {
    /// Errors: [`SecureTarError::Unsupported`] for version 1, which can only be read.
    pub fn new(version: Version, password: &Password, random: &mut dyn Random) -> Result<Self> {
        match version {
            Version::V1 => {
                unsupported("writing SecureTar 1; choose version 3, or version 2 for an old Home Assistant")
            }
            Version::V2 => Ok(Self(Kind::V2 { key: LegacyKey::derive(password) })),
            Version::V3 => {
                let (root_salt, validation_salt) = (draw(random), draw(random));
                let root = RootKey::derive(password, &root_salt)?;
                let validation_key = *root.subkey(&validation_salt)?;
                Ok(Self(Kind::V3 { root, root_salt, validation_salt, validation_key }))
            }
        }
    }

    /// The keys for reading back what was written with these, without another key derivation.
    pub fn into_reading(self, password: Password) -> Keys {
        let mut keys = Keys::new(password);
        match self.0 {
            Kind::V2 { key } => keys.legacy = Some(key),
            Kind::V3 { root, root_salt, .. } => {
                keys.roots.push(Root { salt: root_salt, key: root, is_confirmed: true });
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

    /// A fresh key and fresh salts for a new part.
    pub(super) fn part_key(&self, random: &mut dyn Random) -> Result<PartKey<'_>> {
        match &self.0 {
            Kind::V2 { key } => Ok(PartKey::V2 { salt: draw(random), key }),
            Kind::V3 { root, root_salt, validation_salt, validation_key } => {
                let parameters = KeyParameters {
                    root_salt: *root_salt,
                    validation_salt: *validation_salt,
                    validation_key: *validation_key,
                    derivation_salt: draw(random),
                    stream_header: draw(random),
                };
                Ok(PartKey::V3 { key: root.subkey(&parameters.derivation_salt)?, parameters })
            }
        }
    }
}

impl fmt::Debug for ArchiveKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArchiveKeys({}, hidden)", self.version())
    }
}
