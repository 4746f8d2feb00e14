//! Writing a protected part.
//!
//! Owns the header in front and the size that is only known at the end. The sink gets the header at once, with a size of 0;
//! whoever owns the sink puts the real one in ([`Sealed`]). Until then the part reads as damaged.

use std::io::{self, Write};

use super::header::SIZE_OFFSET;
use super::keys::Part;
use super::{ArchiveKeys, Random, Result, aes_cbc, secretstream};

/// Encrypts what is written to it. Without [`Encryptor::finish`] the part is not whole.
pub struct Encryptor<W> {
    sink: W,
    cipher: Cipher,
    size: u64,
}

enum Cipher {
    V2(Box<aes_cbc::Sealer>),
    V3(secretstream::Sealer),
}

/// A finished part: how many bytes were encrypted, and what must be written over its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the header holds no size until this is written over it"]
pub struct Sealed {
    /// Bytes of plaintext.
    pub plaintext: u64,
    /// Where `patch` belongs, counted from the part's first byte.
    pub offset: u64,
    pub patch: [u8; 8],
}

impl<W: Write> Encryptor<W> {
    /// Writes the header. The sink's next byte is the first of the part.
    pub fn new(mut sink: W, keys: &ArchiveKeys, random: &mut dyn Random) -> Result<Self> {
        let part = keys.part(random)?;
        sink.write_all(&part.header().encode())?;
        let cipher = match part {
            Part::V2 { salt, key } => Cipher::V2(Box::new(aes_cbc::Sealer::new(key, &salt))),
            Part::V3 { setup, key } => Cipher::V3(secretstream::Sealer::new(&setup, &key)),
        };
        Ok(Self { sink, cipher, size: 0 })
    }

    /// Writes what is still to come, and gives the sink back.
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
