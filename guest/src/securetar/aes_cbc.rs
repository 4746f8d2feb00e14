//! The cipher of SecureTar 1 and 2: AES-128 in CBC mode with PKCS#7 padding.
//!
//! Owns blocks and padding. Cannot detect a changed byte, except sometimes in the padding; callers must check the plaintext. A
//! part of version 1 may end without padding, since its writers padded only incomplete blocks (see `v1_gzip`).

use std::io::{self, Read, Write};

use aes::Aes128;
use aes::cipher::{Array, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};

use super::error::{Result, damaged};
use super::header::{BLOCK, Salt};
use super::keys::LegacyKey;
use super::sniff;

/// Bytes processed at once; a multiple of the block size.
const CHUNK: usize = 16 << 10;

/// Encrypts a stream.
pub(super) struct Sealer {
    cipher: cbc::Encryptor<Aes128>,
    pending: Vec<u8>,
}

impl Sealer {
    pub(super) fn new(key: &LegacyKey, salt: &Salt) -> Self {
        let cipher = cbc::Encryptor::new(key.key().into(), (&*key.iv(salt)).into());
        Self { cipher, pending: Vec::with_capacity(CHUNK) }
    }

    pub(super) fn write(&mut self, mut bytes: &[u8], sink: &mut impl Write) -> io::Result<()> {
        while !bytes.is_empty() {
            let room = CHUNK.saturating_sub(self.pending.len()).min(bytes.len());
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.pending.extend_from_slice(now);
            bytes = later;
            if self.pending.len() == CHUNK {
                self.flush(sink)?;
            }
        }
        Ok(())
    }

    /// Pads the last block, or adds a block of padding.
    pub(super) fn finish(mut self, sink: &mut impl Write) -> io::Result<()> {
        let length = (self.pending.len() + 1).next_multiple_of(BLOCK as usize);
        let padding = length.saturating_sub(self.pending.len());
        self.pending.resize(length, padding as u8);
        self.flush(sink)
    }

    fn flush(&mut self, sink: &mut impl Write) -> io::Result<()> {
        self.cipher.encrypt_blocks(Array::slice_as_chunks_mut(&mut self.pending).0);
        sink.write_all(&self.pending)?;
        self.pending.clear();
        Ok(())
    }
}

/// How padding is recognized in the last block.
#[derive(Clone, Copy)]
pub(super) enum Padding {
    /// As many bytes as the plaintext size in the header requires.
    ForSize(u64),
    /// Version 1: whatever looks like padding is padding, and there may be none.
    Guessed,
}

/// Decrypts a stream. Must not be read after an error.
pub(super) struct Opener<R> {
    source: R,
    cipher: cbc::Decryptor<Aes128>,
    padding: Padding,
    /// Bytes of ciphertext not read yet.
    left: u64,
    plaintext: Vec<u8>,
    /// Bytes of `plaintext` already returned.
    returned: usize,
}

impl<R: Read> Opener<R> {
    pub(super) fn new(source: R, key: &LegacyKey, salt: &Salt, body: u64, padding: Padding) -> Self {
        let cipher = cbc::Decryptor::new(key.key().into(), (&*key.iv(salt)).into());
        Self { source, cipher, padding, left: body, plaintext: Vec::new(), returned: 0 }
    }

    /// Decrypts the first bytes and checks whether they look like gzip or tar. If they do not, the password is wrong.
    pub(super) fn is_plausible(&mut self) -> Result<bool> {
        self.decrypt()?;
        // A plaintext too short to identify must at least have correct padding.
        let is_short = self.left == 0 && self.trimmed().is_some_and(|length| length < 3);
        if !is_short && sniff::unprotected_format(&self.plaintext).is_none() {
            return Ok(false);
        }
        self.trim().map(|()| true)
    }

    fn decrypt(&mut self) -> Result<()> {
        let length = CHUNK.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.plaintext.resize(length, 0);
        self.returned = 0;
        self.source.read_exact(&mut self.plaintext)?;
        self.cipher.decrypt_blocks(Array::slice_as_chunks_mut(&mut self.plaintext).0);
        self.left = self.left.saturating_sub(length as u64);
        Ok(())
    }

    /// Removes the padding once the last block was read.
    fn trim(&mut self) -> Result<()> {
        if self.left > 0 {
            return Ok(());
        }
        match self.trimmed() {
            Some(length) => self.plaintext.truncate(length),
            None => return damaged("the padding at the end of the protected part is wrong"),
        }
        Ok(())
    }

    /// The length without padding; `None` when the padding is wrong.
    fn trimmed(&self) -> Option<usize> {
        let padding = match self.padding {
            Padding::ForSize(size) => BLOCK - size % BLOCK,
            Padding::Guessed => self.plaintext.last().copied().unwrap_or_default().into(),
        };
        let is_padding = |rest: &[u8]| rest.iter().all(|byte| u64::from(*byte) == padding);
        let length = self.plaintext.len().checked_sub(usize::try_from(padding).ok()?);
        let length = length.filter(|length| self.plaintext.get(*length..).is_some_and(is_padding));
        match self.padding {
            Padding::ForSize(_) => length,
            Padding::Guessed => {
                length.filter(|_| (1..=BLOCK).contains(&padding)).or(Some(self.plaintext.len()))
            }
        }
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.returned == self.plaintext.len() && self.left > 0 {
            self.decrypt()?;
            self.trim()?;
        }
        let count = self.plaintext.get(self.returned..).unwrap_or_default().read(buffer)?;
        self.returned = self.returned.saturating_add(count);
        Ok(count)
    }
}
