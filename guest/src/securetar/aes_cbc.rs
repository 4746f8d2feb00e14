//! The cipher of SecureTar 1 and 2: AES-128 in CBC mode, the end filled as PKCS#7 says.
//!
//! Owns blocks and padding. Nothing here can notice a changed byte, except at the very end by chance; who reads must
//! check what comes out.

use std::io::{self, Read, Write};

use aes::Aes128;
use aes::cipher::{Array, BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};

use super::header::{BLOCK, Salt};
use super::keys::OldKey;
use super::{Result, damaged, sniff};

/// Bytes that are worked on at once; whole blocks.
const CHUNK: usize = 16 << 10;

pub(super) struct Sealer {
    cipher: cbc::Encryptor<Aes128>,
    pending: Vec<u8>,
}

impl Sealer {
    pub(super) fn new(key: &OldKey, salt: &Salt) -> Self {
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

    /// Fills the last block, or adds one.
    pub(super) fn finish(mut self, sink: &mut impl Write) -> io::Result<()> {
        let length = (self.pending.len() + 1).next_multiple_of(BLOCK as usize);
        let fill = length.saturating_sub(self.pending.len());
        self.pending.resize(length, fill as u8);
        self.flush(sink)
    }

    fn flush(&mut self, sink: &mut impl Write) -> io::Result<()> {
        self.cipher.encrypt_blocks(Array::slice_as_chunks_mut(&mut self.pending).0);
        sink.write_all(&self.pending)?;
        self.pending.clear();
        Ok(())
    }
}

/// How the last block is read.
#[derive(Clone, Copy)]
pub(super) enum Padding {
    /// Exactly as many bytes as the header's size leaves over.
    Of(u64),
    /// Version 1: what looks like padding is, and there may be none.
    Guessed,
}

/// Not to be read on after an error.
pub(super) struct Opener<R> {
    source: R,
    cipher: cbc::Decryptor<Aes128>,
    padding: Padding,
    /// Bytes of ciphertext that are still to come.
    left: u64,
    plain: Vec<u8>,
    given: usize,
}

impl<R: Read> Opener<R> {
    pub(super) fn new(source: R, key: &OldKey, salt: &Salt, body: u64, padding: Padding) -> Self {
        let cipher = cbc::Decryptor::new(key.key().into(), (&*key.iv(salt)).into());
        Self { source, cipher, padding, left: body, plain: Vec::new(), given: 0 }
    }

    /// Decrypts the first bytes. Whether they look like something that is backed up: if not, the password is wrong.
    pub(super) fn is_plausible(&mut self) -> Result<bool> {
        self.decrypt()?;
        // What is too short for a mark is at least filled as it should be.
        let is_short = self.left == 0 && self.trimmed().is_some_and(|length| length < 3);
        if !is_short && sniff::plain(&self.plain).is_none() {
            return Ok(false);
        }
        self.trim().map(|()| true)
    }

    fn decrypt(&mut self) -> Result<()> {
        let length = CHUNK.min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.plain.resize(length, 0);
        self.given = 0;
        self.source.read_exact(&mut self.plain)?;
        self.cipher.decrypt_blocks(Array::slice_as_chunks_mut(&mut self.plain).0);
        self.left = self.left.saturating_sub(length as u64);
        Ok(())
    }

    /// Takes the padding off once the last block is there.
    fn trim(&mut self) -> Result<()> {
        if self.left > 0 {
            return Ok(());
        }
        match self.trimmed() {
            Some(length) => self.plain.truncate(length),
            None => return damaged("the end of the protected part is not what was written"),
        }
        Ok(())
    }

    /// How much of the last bytes is plaintext; none when they are not filled as they must be.
    fn trimmed(&self) -> Option<usize> {
        let fill = match self.padding {
            Padding::Of(size) => BLOCK - size % BLOCK,
            Padding::Guessed => self.plain.last().copied().unwrap_or_default().into(),
        };
        let is_filled = |rest: &[u8]| rest.iter().all(|byte| u64::from(*byte) == fill);
        let length = self.plain.len().checked_sub(usize::try_from(fill).ok()?);
        let length = length.filter(|length| self.plain.get(*length..).is_some_and(is_filled));
        match self.padding {
            Padding::Of(_) => length,
            Padding::Guessed => length.filter(|_| (1..=BLOCK).contains(&fill)).or(Some(self.plain.len())),
        }
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.plain.len() && self.left > 0 {
            self.decrypt()?;
            self.trim()?;
        }
        let count = self.plain.get(self.given..).unwrap_or_default().read(buffer)?;
        self.given = self.given.saturating_add(count);
        Ok(count)
    }
}
