//! Reading a protected part of any version, and checking a password without reading the whole part.
//!
//! Owns the order of the checks: password, sizes, then every byte. The plaintext may be used only after its end was reached
//! without an error. Refuses parts that are not protected; [`super::sniff()`] detects those.

use std::io::{self, Read, Take};

use super::error::{Result, SecureTarError, damaged, unsupported};
use super::header::Header;
use super::keys::Keys;
use super::sniff::{Format, SNIFF_LENGTH, sniff};
use super::v1_gzip::GzipRepair;
use super::version::Version;
use super::{aes_cbc, secretstream};

/// Returns the plaintext of a protected part. Uses at most two buffers of 1 MiB, whatever a header claims.
pub struct Decryptor<R> {
    body: Body<Take<R>>,
    version: Version,
    size: Option<u64>,
    /// The error of a failed read, which all later reads repeat.
    failed: Option<(io::ErrorKind, String)>,
}

enum Body<R> {
    V1(GzipRepair<aes_cbc::Opener<R>>),
    V2(aes_cbc::Opener<R>),
    V3(secretstream::Opener<R>),
}

impl<R: Read> Decryptor<R> {
    /// Opens a part of `length` bytes, header included, from its first byte. The first part of version 3 is slow to open, see
    /// [`Keys`].
    ///
    /// Errors: [`SecureTarError::PasswordIncorrect`] is detected before any content is returned.
    pub fn open(source: R, length: u64, keys: &mut Keys) -> Result<Self> {
        let mut source = source.take(length);
        let header = Header::read(&mut source)?;
        let body = match &header {
            Header::V3 { parameters, .. } => {
                let key = keys.unlock(parameters)?;
                Body::V3(secretstream::Opener::new(source, parameters, &key, header.body(length)?))
            }
            Header::V2 { salt, size } => {
                let (body, padding) = (header.body(length)?, aes_cbc::Padding::ForSize(*size));
                Body::V2(plausible(
                    aes_cbc::Opener::new(source, keys.legacy(), salt, body, padding),
                    &header,
                )?)
            }
            Header::V1 { salt: [0x1f, 0x8b, 8, ..] } => {
                return unsupported("decrypting a part that is not encrypted (it is plain gzip)");
            }
            Header::V1 { salt } => {
                let (body, padding) = (header.body(length)?, aes_cbc::Padding::Guessed);
                let opener =
                    plausible(aes_cbc::Opener::new(source, keys.legacy(), salt, body, padding), &header)?;
                Body::V1(GzipRepair::new(opener))
            }
        };
        Ok(Self { body, version: header.version(), size: header.plaintext_size(), failed: None })
    }

    pub fn version(&self) -> Version {
        self.version
    }

    /// The damage that was found. Layers above would replace this text with their own.
    pub fn damage(&self) -> Option<&str> {
        let is_damage = |kind| matches!(kind, io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof);
        self.failed.as_ref().filter(|(kind, _)| is_damage(*kind)).map(|(_, what)| what.as_str())
    }

    /// Bytes of plaintext that the header announces; any other number is an error at the end. `None` for version 1.
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

/// Bad bytes are errors of the kind `InvalidData`. After an error, every read fails.
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

/// The result of checking a password against the start of a part. `why` is a message for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordVerdict {
    Correct,
    /// The password is wrong, or the bytes that it is checked against are damaged.
    Incorrect {
        why: String,
    },
    /// The bytes needed for the check are damaged.
    Damaged {
        why: String,
    },
    /// The part is not protected, or not in a supported version.
    Unsupported {
        why: String,
    },
}

/// Checks a password against a part of `length` bytes. Reads at most its first 17 KiB.
///
/// Errors: [`SecureTarError::Io`] only.
pub fn check_password(mut source: impl Read, length: u64, keys: &mut Keys) -> Result<PasswordVerdict> {
    let mut start = Vec::new();
    source.by_ref().take(SNIFF_LENGTH as u64).read_to_end(&mut start).map_err(SecureTarError::Io)?;
    let outcome = match sniff(&start, length) {
        Format::Gzip | Format::Tar => unsupported("this part is not protected by a password"),
        Format::Unknown => damaged("this part is neither protected nor a tar"),
        Format::SecureTar(3) => match Header::read(&mut start.as_slice()) {
            Ok(Header::V3 { parameters, .. }) => keys.unlock(&parameters).map(drop),
            Ok(_) => unsupported("this part does not match its header"),
            Err(error) => Err(error),
        },
        Format::SecureTar(_) | Format::MaybeSecureTar1 => {
            Decryptor::open(start.chain(source), length, keys).map(drop)
        }
    };
    match outcome {
        Ok(()) => Ok(PasswordVerdict::Correct),
        Err(SecureTarError::Io(error)) => Err(SecureTarError::Io(error)),
        Err(error) => {
            let why = error.to_string();
            Ok(match error {
                SecureTarError::PasswordIncorrect { .. } => PasswordVerdict::Incorrect { why },
                SecureTarError::Unsupported { .. } => PasswordVerdict::Unsupported { why },
                _ => PasswordVerdict::Damaged { why },
            })
        }
    }
}
