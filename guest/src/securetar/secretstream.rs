//! The cipher of SecureTar 3: libsodium's secretstream (XChaCha20-Poly1305) over messages of 1 MiB.
//!
//! Owns the cutting into messages and what a reader must insist on: each message whole, in order, the last and only the last
//! one marked as final. The construction itself is the `dryoc` crate's.

use std::io::{self, Read, Write};

use dryoc::classic::crypto_secretstream_xchacha20poly1305::{
    State, crypto_secretstream_xchacha20poly1305_init_pull as init,
    crypto_secretstream_xchacha20poly1305_pull as pull, crypto_secretstream_xchacha20poly1305_push as push,
};

use super::header::Setup;
use super::keys::Secret;
use super::{Result, damaged};

/// Bytes of plaintext in a message; only the last one may have fewer.
pub(super) const MESSAGE: usize = 1 << 20;
/// What a message grows by: one byte of tag, sixteen that authenticate it.
pub(super) const OVERHEAD: usize = 17;
/// libsodium's tags. SecureTar uses no other.
const TAG_MESSAGE: u8 = 0;
const TAG_FINAL: u8 = 3;

/// Bytes of ciphertext for a plaintext of `size` bytes. None for sizes that no file has.
pub(super) fn ciphertext_length(size: u64) -> Option<u64> {
    let messages = size.div_ceil(MESSAGE as u64).max(1);
    size.checked_add(messages.checked_mul(OVERHEAD as u64)?)
}

/// Either direction starts from the same state.
fn start(setup: &Setup, key: &Secret) -> State {
    let mut state = State::new();
    init(&mut state, &setup.stream, key);
    state
}

pub(super) struct Sealer {
    state: State,
    /// What has been written since the last message: at most 1 MiB.
    plain: Vec<u8>,
    sealed: Vec<u8>,
}

impl Sealer {
    pub(super) fn new(setup: &Setup, key: &Secret) -> Self {
        Self { state: start(setup, key), plain: Vec::with_capacity(MESSAGE), sealed: Vec::new() }
    }

    /// A full message waits for the next byte, since the last one must be marked.
    pub(super) fn write(&mut self, mut bytes: &[u8], sink: &mut impl Write) -> io::Result<()> {
        while !bytes.is_empty() {
            if self.plain.len() == MESSAGE {
                self.message(TAG_MESSAGE, sink)?;
            }
            let room = MESSAGE.saturating_sub(self.plain.len()).min(bytes.len());
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.plain.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    pub(super) fn finish(mut self, sink: &mut impl Write) -> io::Result<()> {
        self.message(TAG_FINAL, sink)
    }

    fn message(&mut self, tag: u8, sink: &mut impl Write) -> io::Result<()> {
        self.sealed.resize(self.plain.len().saturating_add(OVERHEAD), 0);
        push(&mut self.state, &mut self.sealed, &self.plain, None, tag).map_err(io::Error::other)?;
        self.plain.clear();
        sink.write_all(&self.sealed)
    }
}

/// Gives out the plaintext of each message once the whole message has been found good. Not to be read on after an error.
pub(super) struct Opener<R> {
    source: R,
    state: State,
    /// Bytes of ciphertext that are still to come.
    left: u64,
    number: u64,
    sealed: Vec<u8>,
    plain: Vec<u8>,
    given: usize,
}

impl<R: Read> Opener<R> {
    pub(super) fn new(source: R, setup: &Setup, key: &Secret, body: u64) -> Self {
        let (sealed, plain) = (Vec::new(), Vec::new());
        Self { source, state: start(setup, key), left: body, number: 0, sealed, plain, given: 0 }
    }

    fn message(&mut self) -> Result<()> {
        let length = (MESSAGE + OVERHEAD).min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let number = self.number.saturating_add(1);
        self.sealed.resize(length, 0);
        self.plain.resize(length.saturating_sub(OVERHEAD), 0);
        self.source.read_exact(&mut self.sealed)?;
        let mut tag = 0;
        if pull(&mut self.state, &mut self.plain, &mut tag, &self.sealed, None).is_err() {
            return damaged(format!("message {number} of the protected part is not what was written"));
        }
        self.left = self.left.saturating_sub(length as u64);
        self.number = number;
        self.given = 0;
        match (tag, self.left) {
            (TAG_FINAL, 0) => Ok(()),
            (TAG_MESSAGE, 1..) => Ok(()),
            (TAG_FINAL, _) => {
                damaged(format!("the protected part ends at message {number}, but there is more behind it"))
            }
            (TAG_MESSAGE, 0) => damaged(format!("the protected part is cut off after message {number}")),
            _ => damaged(format!(
                "message {number} of the protected part has the mark {tag}, which has no meaning"
            )),
        }
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.plain.len() && (self.left > 0 || self.number == 0) {
            self.message()?;
        }
        let count = self.plain.get(self.given..).unwrap_or_default().read(buffer)?;
        self.given = self.given.saturating_add(count);
        Ok(count)
    }
}
