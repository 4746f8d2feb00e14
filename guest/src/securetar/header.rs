//! The header of a protected part: what stands before the encrypted bytes, in each version.
//!
//! Owns the layout and the arithmetic between sizes. Believes nothing: a size is only a claim until the bytes agree.

use std::io::Read;

use super::{Result, SecureTarError, Version, damaged, secretstream, unsupported};

/// How every version from 2 on begins; the version follows as one byte, then six zeros.
pub(super) const MAGIC: &[u8; 9] = b"SecureTar";
/// Where versions 2 and 3 hold the plaintext's size, which is known last.
pub(super) const SIZE_OFFSET: u64 = 16;
/// Bytes of an AES block, and of every salt.
pub(super) const BLOCK: u64 = 16;

pub(super) type Salt = [u8; 16];

/// What version 3 derives its keys from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Setup {
    pub(super) root_salt: Salt,
    pub(super) validation_salt: Salt,
    /// Not a secret: it stands in the file so that a password can be checked.
    pub(super) validation_key: [u8; 32],
    pub(super) derivation_salt: Salt,
    pub(super) stream: [u8; 24],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    V1 { salt: Salt },
    V2 { size: u64, salt: Salt },
    V3 { size: u64, setup: Setup },
}

impl Header {
    pub(super) fn read(source: &mut impl Read) -> Result<Self> {
        let id: [u8; 16] = take(source)?;
        let [b'S', b'e', b'c', b'u', b'r', b'e', b'T', b'a', b'r', version, reserved @ ..] = id else {
            return Ok(Self::V1 { salt: id });
        };
        if !matches!(version, 2 | 3) {
            return unsupported(format!(
                "this part is encrypted as SecureTar {version}, which is newer than this program; update it and try again"
            ));
        }
        let size = u64::from_be_bytes(take(source)?);
        if reserved != [0; 6] || take(source)? != [0; 8] {
            return damaged("the header of the protected part has bytes set that must be zero");
        }
        Ok(match version {
            2 => Self::V2 { size, salt: take(source)? },
            _ => Self::V3 { size, setup: Setup::read(source)? },
        })
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let (version, size) = match self {
            Self::V1 { salt } => return salt.to_vec(),
            Self::V2 { size, .. } => (2, size),
            Self::V3 { size, .. } => (3, size),
        };
        let mut bytes = [MAGIC.as_slice(), &[version], &[0; 6], &size.to_be_bytes(), &[0; 8]].concat();
        match self {
            Self::V1 { salt } | Self::V2 { salt, .. } => bytes.extend_from_slice(salt),
            Self::V3 { setup, .. } => setup.encode(&mut bytes),
        }
        bytes
    }

    pub(super) fn version(&self) -> Version {
        match self {
            Self::V1 { .. } => Version::V1,
            Self::V2 { .. } => Version::V2,
            Self::V3 { .. } => Version::V3,
        }
    }

    /// Bytes of the plaintext as the header claims; version 1 does not say.
    pub(super) fn plaintext_size(&self) -> Option<u64> {
        match self {
            Self::V1 { .. } => None,
            Self::V2 { size, .. } | Self::V3 { size, .. } => Some(*size),
        }
    }

    /// Bytes of the header itself.
    pub(super) fn length(&self) -> u64 {
        match self.version() {
            Version::V1 => 16,
            Version::V2 => 48,
            Version::V3 => 136,
        }
    }

    /// Bytes of ciphertext in a part of `length` bytes. An error when they cannot belong to the claimed plaintext.
    pub(super) fn body(&self, length: u64) -> Result<u64> {
        let Some(body) = length.checked_sub(self.length()) else {
            return damaged("the protected part is cut off in its header");
        };
        let expected = match *self {
            Self::V1 { .. } => Some(body.next_multiple_of(BLOCK).max(BLOCK)),
            Self::V2 { size, .. } => {
                (size / BLOCK).checked_add(1).and_then(|blocks| blocks.checked_mul(BLOCK))
            }
            Self::V3 { size, .. } => secretstream::ciphertext_length(size),
        };
        if expected == Some(body) {
            return Ok(body);
        }
        damaged(match self.plaintext_size() {
            None => format!(
                "the {length} bytes of this part are neither gzip, tar nor SecureTar, or they are cut off"
            ),
            Some(size) => format!(
                "the protected part says that it holds {size} bytes, but its {body} encrypted bytes do not fit that"
            ),
        })
    }
}

impl Setup {
    fn read(source: &mut impl Read) -> Result<Self> {
        Ok(Self {
            root_salt: take(source)?,
            validation_salt: take(source)?,
            validation_key: take(source)?,
            derivation_salt: take(source)?,
            stream: take(source)?,
        })
    }

    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.root_salt);
        bytes.extend_from_slice(&self.validation_salt);
        bytes.extend_from_slice(&self.validation_key);
        bytes.extend_from_slice(&self.derivation_salt);
        bytes.extend_from_slice(&self.stream);
    }
}

fn take<const N: usize>(source: &mut impl Read) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    source.read_exact(&mut bytes).map_err(SecureTarError::from)?;
    Ok(bytes)
}
