//! The cipher of SecureTar 3: libsodium's secretstream (XChaCha20-Poly1305) over messages of 1 MiB.
//!
//! Owns the division into messages and the reader's checks: every message is complete and in order, and exactly the last one is
//! tagged as final. The `dryoc` crate supplies the cryptographic construction.
//!
//! Each message encrypts 1 MiB of plaintext, the last one up to 1 MiB, and is 17 bytes longer than its plaintext. An empty plaintext
//! is one empty message.

use std::io::{self, Read, Write};

use dryoc::classic::crypto_secretstream_xchacha20poly1305::{
    State, crypto_secretstream_xchacha20poly1305_init_pull as init,
    crypto_secretstream_xchacha20poly1305_pull as pull, crypto_secretstream_xchacha20poly1305_push as push,
};

use super::error::{Result, damaged};
use super::header::{KeyParameters, MESSAGE, OVERHEAD};
use super::keys::Secret;

/// libsodium's tags. SecureTar uses no other.
const TAG_MESSAGE: u8 = 0;
const TAG_FINAL: u8 = 3;

/// The initial state, which is the same for both directions.
fn start(parameters: &KeyParameters, key: &Secret) -> State {
    let mut state = State::new();
    init(&mut state, &parameters.stream_header, key);
    state
}

/// Encrypts a stream.
pub(super) struct Sealer {
    state: State,
    /// Plaintext since the last message, at most 1 MiB.
    plaintext: Vec<u8>,
    sealed: Vec<u8>,
}

impl Sealer {
    pub(super) fn new(parameters: &KeyParameters, key: &Secret) -> Self {
        Self { state: start(parameters, key), plaintext: Vec::with_capacity(MESSAGE), sealed: Vec::new() }
    }

    /// A full message is not written before the next byte arrives, since the last message has its own tag.
    pub(super) fn write(&mut self, mut bytes: &[u8], sink: &mut impl Write) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.plaintext.len() == MESSAGE {
                self.message(TAG_MESSAGE, sink)?;
            }
            let room = MESSAGE.saturating_sub(self.plaintext.len()).min(bytes.len());
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.plaintext.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    pub(super) fn finish(mut self, sink: &mut impl Write) -> io::Result<()> {
        self.message(TAG_FINAL, sink)
    }

    fn message(&mut self, tag: u8, sink: &mut impl Write) -> io::Result<()> {
        self.sealed.resize(self.plaintext.len().saturating_add(OVERHEAD), 0);
        push(&mut self.state, &mut self.sealed, &self.plaintext, None, tag).map_err(io::Error::other)?;
        self.plaintext.clear();
        sink.write_all(&self.sealed)
    }
}

/// Decrypts a stream. Returns the plaintext of a message only after the whole message was authenticated. Must not be read after an
/// error.
pub(super) struct Opener<R> {
    source: R,
    state: State,
    /// Bytes of ciphertext not read yet.
    left: u64,
    /// Messages read so far.
    number: u64,
    sealed: Vec<u8>,
    plaintext: Vec<u8>,
    /// Bytes of `plaintext` already returned.
    returned: usize,
}

impl<R: Read> Opener<R> {
    pub(super) fn new(source: R, parameters: &KeyParameters, key: &Secret, body: u64) -> Self {
        let (sealed, plaintext) = (Vec::new(), Vec::new());
        Self { source, state: start(parameters, key), left: body, number: 0, sealed, plaintext, returned: 0 }
    }

    fn message(&mut self) -> Result<()> {
        let length = (MESSAGE + OVERHEAD).min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let number = self.number.saturating_add(1);
        self.sealed.resize(length, 0);
        self.plaintext.resize(length.saturating_sub(OVERHEAD), 0);
        self.source.read_exact(&mut self.sealed)?;
        let mut tag = 0;
        if pull(&mut self.state, &mut self.plaintext, &mut tag, &self.sealed, None).is_err() {
            return damaged(format!("message {number} of the protected part fails its authentication check"));
        }
        self.left = self.left.saturating_sub(length as u64);
        self.number = number;
        self.returned = 0;
        match (tag, self.left) {
            (TAG_FINAL, 0) => Ok(()),
            (TAG_MESSAGE, 1..) => Ok(()),
            (TAG_FINAL, _) => {
                damaged(format!("the protected part ends at message {number}, but more data follows"))
            }
            (TAG_MESSAGE, 0) => damaged(format!("the protected part is cut off after message {number}")),
            _ => damaged(format!("message {number} of the protected part has the unknown tag {tag}")),
        }
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.returned == self.plaintext.len() && (self.left > 0 || self.number == 0) {
            self.message()?;
        }
        let count = self.plaintext.get(self.returned..).unwrap_or_default().read(buffer)?;
        self.returned = self.returned.saturating_add(count);
        Ok(count)
    }
}
