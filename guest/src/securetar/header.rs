//! The header of a protected part, in each version.
//!
//! Owns its layout and the relation between the sizes of plaintext and ciphertext. Checks the claimed size against the size of the
//! part.
//!
//! Version 1 has only a salt of 16 bytes, and no magic number. Versions 2 and 3 share their first 32 bytes:
//!
//! | offset | bytes | content |
//! |---|---|---|
//! | 0 | 9 | `SecureTar` |
//! | 9 | 1 | version, 2 or 3 |
//! | 10 | 6 | zeros |
//! | 16 | 8 | size of the plaintext in bytes, big-endian |
//! | 24 | 8 | zeros |
//!
//! In version 2, a salt of 16 bytes follows. In version 3: root salt (16), validation salt (16), validation key (32), derivation salt
//! (16), and libsodium's stream header (24).

use std::io::Read;

use super::error::{Result, SecureTarError, damaged, unsupported};
use super::version::Version;

/// The first bytes of every version from 2 on. The version follows in one byte, then six zeros.
pub(super) const MAGIC: &[u8; 9] = b"SecureTar";
/// Offset of the plaintext's size in versions 2 and 3. The writer fills it in last.
pub(super) const SIZE_OFFSET: u64 = 16;
/// Bytes of an AES block, and of every salt.
pub(super) const BLOCK: u64 = 16;

/// Bytes of plaintext in one message of version 3. Only the last message may have fewer.
pub(super) const MESSAGE: usize = 1 << 20;
/// Bytes that encryption adds to a message: a tag of one byte and an authenticator of sixteen.
pub(super) const OVERHEAD: usize = 17;

/// A salt.
pub(super) type Salt = [u8; 16];

/// The parameters from which version 3 derives its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeyParameters {
    pub(super) root_salt: Salt,
    pub(super) validation_salt: Salt,
    /// Not secret: the file holds it so that a password can be checked.
    pub(super) validation_key: [u8; 32],
    pub(super) derivation_salt: Salt,
    /// libsodium's header of the stream.
    pub(super) stream_header: [u8; 24],
}

/// A parsed header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    V1 { salt: Salt },
    V2 { size: u64, salt: Salt },
    V3 { size: u64, parameters: KeyParameters },
}

impl Header {
    pub(super) fn read(source: &mut impl Read) -> Result<Self> {
        let id: [u8; 16] = take(source)?;
        let [b'S', b'e', b'c', b'u', b'r', b'e', b'T', b'a', b'r', version, reserved @ ..] = id else {
            return Ok(Self::V1 { salt: id });
        };
        if !matches!(version, 2 | 3) {
            return unsupported(format!(
                "this part is encrypted with SecureTar {version}, which this version of Larder does not know; update Larder \
                 and try again"
            ));
        }
        let size = u64::from_be_bytes(take(source)?);
        if reserved != [0; 6] || take(source)? != [0; 8] {
            return damaged("reserved bytes in the header of the protected part are not zero");
        }
        Ok(match version {
            2 => Self::V2 { size, salt: take(source)? },
            _ => Self::V3 { size, parameters: KeyParameters::read(source)? },
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
            Self::V3 { parameters, .. } => parameters.encode(&mut bytes),
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

    /// Bytes of plaintext that the header claims; `None` for version 1, whose header has no size.
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

    /// Bytes of ciphertext in a part of `length` bytes. An error when they do not match the claimed plaintext.
    pub(super) fn body(&self, length: u64) -> Result<u64> {
        let Some(body) = length.checked_sub(self.length()) else {
            return damaged("the protected part is cut off inside its header");
        };
        let expected = match *self {
            Self::V1 { .. } => Some(body.next_multiple_of(BLOCK).max(BLOCK)),
            Self::V2 { size, .. } => {
                (size / BLOCK).checked_add(1).and_then(|blocks| blocks.checked_mul(BLOCK))
            }
            Self::V3 { size, .. } => ciphertext_length(size),
        };
        if expected == Some(body) {
            return Ok(body);
        }
        damaged(match self.plaintext_size() {
            None => {
                format!("this part of {length} bytes is neither gzip, tar nor SecureTar, or it is cut off")
            }
            Some(size) => format!(
                "the header of the protected part claims {size} bytes, but its {body} encrypted bytes do not match that size"
            ),
        })
    }
}

impl KeyParameters {
    fn read(source: &mut impl Read) -> Result<Self> {
        Ok(Self {
            root_salt: take(source)?,
            validation_salt: take(source)?,
            validation_key: take(source)?,
            derivation_salt: take(source)?,
            stream_header: take(source)?,
        })
    }

    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.root_salt);
        bytes.extend_from_slice(&self.validation_salt);
        bytes.extend_from_slice(&self.validation_key);
        bytes.extend_from_slice(&self.derivation_salt);
        bytes.extend_from_slice(&self.stream_header);
    }
}

/// Bytes of version 3 ciphertext for a plaintext of `size` bytes. `None` on overflow.
fn ciphertext_length(size: u64) -> Option<u64> {
    let messages = size.div_ceil(MESSAGE as u64).max(1);
    size.checked_add(messages.checked_mul(OVERHEAD as u64)?)
}

fn take<const N: usize>(source: &mut impl Read) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    source.read_exact(&mut bytes).map_err(SecureTarError::from)?;
    Ok(bytes)
}
