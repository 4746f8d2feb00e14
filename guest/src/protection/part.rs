//! Reads and writes one inner tar of a backup, protected or not: the archive format combined with SecureTar.

use std::io::{self, BufWriter, Read, Write};

use crate::archive::{ArchiveError, Draft, MemberWriter};
use crate::error::{Failure, Result};
use crate::ports::{self, Place};
use crate::securetar::{ArchiveKeys, Decryptor, Encryptor, Keys, Random, SecureTarError};

/// Bytes collected before the host is called.
const BUFFER: usize = 256 * 1024;

/// A reader of the plaintext of a part.
pub enum PartReader<R> {
    Unprotected(R),
    Protected(Box<Decryptor<R>>),
}

impl<R: Read> PartReader<R> {
    /// Opens a part of `length` bytes. It is protected if there are `keys`.
    pub fn open(source: R, length: u64, keys: Option<&mut Keys>) -> Result<Self> {
        Ok(match keys {
            None => Self::Unprotected(source),
            Some(keys) => Self::Protected(Box::new(Decryptor::open(source, length, keys)?)),
        })
    }

    /// The cause of a failure to read. Damage that the decryption found takes precedence over its consequences.
    pub fn explain(&self, failure: Failure) -> Failure {
        match self {
            Self::Protected(decryptor) => match decryptor.damage() {
                Some(what) => SecureTarError::Damaged { what: what.to_owned() }.into(),
                None => failure,
            },
            Self::Unprotected(_) => failure,
        }
    }
}

impl<R: Read> Read for PartReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unprotected(source) => source.read(buffer),
            Self::Protected(decryptor) => decryptor.read(buffer),
        }
    }
}

/// A sink that can append bytes of a content directly.
pub trait Splice {
    fn splice(&mut self, from: Place<'_>) -> io::Result<()>;
}

/// A writer of a part. Without [`PartWriter::finish`] the part is incomplete.
pub enum PartWriter<'a, D: Draft> {
    Unprotected(BufWriter<MemberWriter<'a, D>>),
    Protected(Encryptor<MemberWriter<'a, D>>),
}

impl<'a, D: Draft> PartWriter<'a, D> {
    /// Begins a part. It is protected if there are `keys`.
    pub fn new(
        member: MemberWriter<'a, D>,
        keys: Option<&ArchiveKeys>,
        random: &mut dyn Random,
    ) -> Result<Self> {
        Ok(match keys {
            None => Self::Unprotected(BufWriter::with_capacity(BUFFER, member)),
            Some(keys) => Self::Protected(Encryptor::new(member, keys, random)?),
        })
    }

    pub fn finish(self) -> Result<()> {
        let member = match self {
            Self::Unprotected(buffer) => buffer.into_inner().map_err(|error| from_io(error.into_error()))?,
            Self::Protected(encryptor) => {
                let (mut member, sealed) = encryptor.finish().map_err(from_io)?;
                member.patch(sealed.offset, &sealed.patch).map_err(from_io)?;
                member
            }
        };
        member.finish()?;
        Ok(())
    }
}

impl<D: Draft + Splice> Splice for PartWriter<'_, D> {
    fn splice(&mut self, from: Place<'_>) -> io::Result<()> {
        match self {
            Self::Unprotected(buffer) => {
                buffer.flush()?;
                buffer.get_mut().append_with(from.count.into(), |draft| draft.splice(from))
            }
            // The source is not encrypted with this key, so the bytes have to be read and encrypted.
            Self::Protected(encryptor) => encryptor.write_all(&from.read()?),
        }
    }
}

impl<D: Draft> Write for PartWriter<'_, D> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unprotected(buffer) => buffer.write(bytes),
            Self::Protected(encryptor) => encryptor.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Unprotected(buffer) => buffer.flush(),
            Self::Protected(encryptor) => encryptor.flush(),
        }
    }
}

/// A draft of the host, as the sink of the archive writer.
pub struct DraftSink<'a>(pub &'a dyn ports::Draft);

impl Draft for DraftSink<'_> {
    fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        Ok(self.0.append(bytes)?)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
        Ok(self.0.patch(offset, bytes)?)
    }
}

impl Splice for DraftSink<'_> {
    fn splice(&mut self, from: Place<'_>) -> std::io::Result<()> {
        Ok(self.0.append_from(from)?)
    }
}

/// The failure for an error of the archive's reader or writer.
pub fn from_io(error: io::Error) -> Failure {
    ArchiveError::Io(error).into()
}
