//! Writing a protected part.
//!
//! Owns the header and the plaintext's size, which is known only at the end. The header is written first, with a size of 0. The
//! owner of the sink must then write the real size ([`Sealed`]); until then the part reads as damaged.

use std::io::{self, Write};

use super::error::Result;
use super::header::SIZE_OFFSET;
use super::keys::{ArchiveKeys, PartKey};
use super::random::Random;
use super::{aes_cbc, secretstream};

/// Encrypts the bytes written to it. The part is incomplete without [`Encryptor::finish`].
pub struct Encryptor<W> {
    sink: W,
    cipher: Cipher,
    size: u64,
}

enum Cipher {
    V2(Box<aes_cbc::Sealer>),
    V3(secretstream::Sealer),
}

/// A finished part: its size, and the bytes that must be written over its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the header has no size until the patch is written"]
pub struct Sealed {
    /// Bytes of plaintext.
    pub plaintext: u64,
    /// Offset of `patch` from the part's first byte.
    pub offset: u64,
    pub patch: [u8; 8],
}

impl<W: Write> Encryptor<W> {
    /// Writes the header. The part starts at the sink's next byte.
    pub fn new(mut sink: W, keys: &ArchiveKeys, random: &mut dyn Random) -> Result<Self> {
        let part = keys.part_key(random)?;
        sink.write_all(&part.header().encode())?;
        let cipher = match part {
            PartKey::V2 { salt, key } => Cipher::V2(Box::new(aes_cbc::Sealer::new(key, &salt))),
            PartKey::V3 { parameters, key } => Cipher::V3(secretstream::Sealer::new(&parameters, &key)),
        };
        Ok(Self { sink, cipher, size: 0 })
    }

    /// Writes the rest of the part and returns the sink.
    pub fn finish(mut self) -> io::Result<(W, Sealed)> {
        match self.cipher {
            Cipher::V2(cipher) => cipher.finish(&mut self.sink),
            Cipher::V3(cipher) => cipher.finish(&mut self.sink),
        }?;
        Ok((self.sink, Sealed { plaintext: self.size, offset: SIZE_OFFSET, patch: self.size.to_be_bytes() }))
    }
}

impl<W: Write> Write for Encryptor<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.cipher {
            Cipher::V2(cipher) => cipher.write(bytes, &mut self.sink),
            Cipher::V3(cipher) => cipher.write(bytes, &mut self.sink),
        }?;
        self.size = self.size.saturating_add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}
