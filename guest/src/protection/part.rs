//! One inner tar of a backup, plain or protected: the only place where the archive and SecureTar meet.

use std::io::{self, BufWriter, Read, Write};

use crate::archive::{ArchiveError, Draft, MemberWriter};
use crate::error::{Failure, Result};
use crate::ports::Place;
use crate::securetar::{ArchiveKeys, Decryptor, Encryptor, Keys, Random, SecureTarError};

/// Bytes that are collected before the host is called.
const BUFFER: usize = 256 * 1024;

/// The plaintext of a part, while it is read.
pub enum PartReader<R> {
    Plain(R),
    Protected(Box<Decryptor<R>>),
}

impl<R: Read> PartReader<R> {
    /// A part of `length` bytes; with `keys` it is protected.
    pub fn open(source: R, length: u64, keys: Option<&mut Keys>) -> Result<Self> {
        Ok(match keys {
            None => Self::Plain(source),
            Some(keys) => Self::Protected(Box::new(Decryptor::open(source, length, keys)?)),
        })
    }

    /// What made the reading fail. What the decryption found out comes before what others made of it.
    pub fn explain(&self, failure: Failure) -> Failure {
        match self {
            Self::Protected(decryptor) => match decryptor.damage() {
                Some(what) => SecureTarError::Damaged { what: what.to_owned() }.into(),
                None => failure,
            },
            Self::Plain(_) => failure,
        }
    }
}

impl<R: Read> Read for PartReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(source) => source.read(buffer),
            Self::Protected(decryptor) => decryptor.read(buffer),
        }
    }
}

/// Takes bytes that lie elsewhere as if they were written.
pub trait Splice {
    fn splice(&mut self, from: Place<'_>) -> io::Result<()>;
}

/// A part while it is written. Without [`PartWriter::finish`] it is not whole.
pub enum PartWriter<'a, D: Draft> {
    Plain(BufWriter<MemberWriter<'a, D>>),
    Protected(Encryptor<MemberWriter<'a, D>>),
}

impl<'a, D: Draft> PartWriter<'a, D> {
    /// Begins a part; with `keys` it is protected.
    pub fn new(
        member: MemberWriter<'a, D>,
        keys: Option<&ArchiveKeys>,
        random: &mut dyn Random,
    ) -> Result<Self> {
        Ok(match keys {
            None => Self::Plain(BufWriter::with_capacity(BUFFER, member)),
            Some(keys) => Self::Protected(Encryptor::new(member, keys, random)?),
        })
    }

    pub fn finish(self) -> Result<()> {
        let member = match self {
            Self::Plain(buffer) => buffer.into_inner().map_err(|error| from_io(error.into_error()))?,
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
            Self::Plain(buffer) => {
                buffer.flush()?;
                buffer.get_mut().append_with(from.count.into(), |draft| draft.splice(from))
            }
            // Nobody else has encrypted it with this key.
            Self::Protected(encryptor) => encryptor.write_all(&from.read()?),
        }
    }
}

impl<D: Draft> Write for PartWriter<'_, D> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(buffer) => buffer.write(bytes),
            Self::Protected(encryptor) => encryptor.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(buffer) => buffer.flush(),
            Self::Protected(encryptor) => encryptor.flush(),
        }
    }
}

/// The failure that an error of the archive's reader or writer stands for.
pub fn from_io(error: io::Error) -> Failure {
    ArchiveError::Io(error).into()
}
