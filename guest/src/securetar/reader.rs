//! Reading a protected part, whatever its version, and checking a password without reading it.
//!
//! Owns the order of checks: the password first, then whether the sizes agree, then every byte. What was read is only good once
//! the end has been reached without an error. Refuses parts that are not protected; [`super::sniff`] tells them.

use std::io::{self, Read, Take};

use super::header::Header;
use super::keys::Keys;
use super::sniff::{Format, SNIFF_LENGTH, sniff};
use super::v1_gzip::Mended;
use super::{Result, SecureTarError, Version, aes_cbc, damaged, secretstream, unsupported};

/// The plaintext of a protected part. Holds at most two buffers of 1 MiB, whatever a header claims.
pub struct Decryptor<R> {
    body: Body<Take<R>>,
    version: Version,
    size: Option<u64>,
    /// What a failed read said; nothing comes after it.
    failed: Option<(io::ErrorKind, String)>,
}

enum Body<R> {
    V1(Mended<aes_cbc::Opener<R>>),
    V2(aes_cbc::Opener<R>),
    V3(secretstream::Opener<R>),
}

impl<R: Read> Decryptor<R> {
    /// Begins at the first byte of a part that has `length` bytes, header included. Version 3 takes a moment for its
    /// first part, see [`Keys`].
    ///
    /// Errors: [`SecureTarError::PasswordIncorrect`] before anything else can be known of the content.
    pub fn open(source: R, length: u64, keys: &mut Keys) -> Result<Self> {
        let mut source = source.take(length);
        let header = Header::read(&mut source)?;
        let body = match &header {
            Header::V3 { setup, .. } => {
                let key = keys.unlock(setup)?;
                Body::V3(secretstream::Opener::new(source, setup, &key, header.body(length)?))
            }
            Header::V2 { salt, size } => {
                let (body, padding) = (header.body(length)?, aes_cbc::Padding::Of(*size));
                Body::V2(plausible(aes_cbc::Opener::new(source, keys.old(), salt, body, padding), &header)?)
            }
            Header::V1 { salt: [0x1f, 0x8b, 8, ..] } => {
                return unsupported("decrypting a part that is not encrypted: it is plain gzip");
            }
            Header::V1 { salt } => {
                let (body, padding) = (header.body(length)?, aes_cbc::Padding::Guessed);
                let opener =
                    plausible(aes_cbc::Opener::new(source, keys.old(), salt, body, padding), &header)?;
                Body::V1(Mended::new(opener))
            }
        };
        Ok(Self { body, version: header.version(), size: header.plaintext_size(), failed: None })
    }

    pub fn version(&self) -> Version {
        self.version
    }

    /// What was found to be wrong with the bytes. Layers above would tell it in their own words.
    pub fn damage(&self) -> Option<&str> {
        let is_damage = |kind| matches!(kind, io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof);
        self.failed.as_ref().filter(|(kind, _)| is_damage(*kind)).map(|(_, what)| what.as_str())
    }

    /// Bytes that will come, as the header says: when they do not, that is an error at the end. Version 1 does not say.
    pub fn plaintext_size(&self) -> Option<u64> {
        self.size
    }
}

fn plausible<R: Read>(mut opener: aes_cbc::Opener<R>, header: &Header) -> Result<aes_cbc::Opener<R>> {
    match opener.is_plausible()? {
        true => Ok(opener),
        false => Err(SecureTarError::PasswordIncorrect { version: header.version() }),
    }
}

/// Errors have the kind `InvalidData` where the bytes are bad. After one there is nothing but errors.
impl<R: Read> Read for Decryptor<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some((kind, what)) = &self.failed {
            return Err(io::Error::new(*kind, what.clone()));
        }
        let read = match &mut self.body {
            Body::V1(body) => body.read(buffer),
            Body::V2(body) => body.read(buffer),
            Body::V3(body) => body.read(buffer),
        };
        if let Err(error) = &read {
            self.failed = Some((error.kind(), error.to_string()));
        }
        read
    }
}

/// What can be said of a password after a look at the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Right,
    /// It does not fit (or what it is checked against is damaged). The text is for people.
    Wrong {
        why: String,
    },
    /// It is damaged where it matters.
    CannotTell {
        why: String,
    },
    /// Nothing that a password could be tried on here.
    Unsupported {
        why: String,
    },
}

/// Tries a password on a part of `length` bytes, of which at most the first 17 KiB are read.
///
/// Errors: [`SecureTarError::Io`] only.
pub fn check_password(mut source: impl Read, length: u64, keys: &mut Keys) -> Result<Verdict> {
    let mut start = Vec::new();
    source.by_ref().take(SNIFF_LENGTH as u64).read_to_end(&mut start).map_err(SecureTarError::Io)?;
    let outcome = match sniff(&start, length) {
        Format::Gzip | Format::Tar => unsupported("it is not protected by a password"),
        Format::Unknown => damaged("it is neither protected nor a tar"),
        Format::SecureTar(3) => match Header::read(&mut start.as_slice()) {
            Ok(Header::V3 { setup, .. }) => keys.unlock(&setup).map(drop),
            Ok(_) => unsupported("it is not what its header says"),
            Err(error) => Err(error),
        },
        Format::SecureTar(_) | Format::MaybeSecureTar1 => {
            Decryptor::open(start.chain(source), length, keys).map(drop)
        }
    };
    match outcome {
        Ok(()) => Ok(Verdict::Right),
        Err(SecureTarError::Io(error)) => Err(SecureTarError::Io(error)),
        Err(error) => {
            let why = error.to_string();
            Ok(match error {
                SecureTarError::PasswordIncorrect { .. } => Verdict::Wrong { why },
                SecureTarError::Unsupported { .. } => Verdict::Unsupported { why },
                _ => Verdict::CannotTell { why },
            })
        }
    }
}
