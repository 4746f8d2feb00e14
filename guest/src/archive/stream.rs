//! The bytes of an inner tar, inflated when they are gzip's.
//!
//! Tells by content, since names and `backup.json` can be wrong. Refuses a second gzip member: Home Assistant reads one
//! and would not see the rest.

use std::io::{BufRead, BufReader, Chain, Cursor, Error, ErrorKind, Read, Result};

use flate2::bufread::GzDecoder;

use super::{ArchiveError, unsupported};

/// Compressed bytes that are asked for at once.
const BUFFER: usize = 128 << 10;
/// How a member that is protected with a password begins.
const SECURETAR: &[u8] = b"SecureTar";

pub type Source<R> = BufReader<Chain<Cursor<Vec<u8>>, R>>;

pub enum Stream<R: Read> {
    Plain(Source<R>),
    Gzip(Box<GzDecoder<Source<R>>>),
}

impl<R: Read> Stream<R> {
    pub fn open(mut source: R) -> super::Result<Self> {
        let mut start = Vec::new();
        source.by_ref().take(SECURETAR.len() as u64).read_to_end(&mut start)?;
        if start == SECURETAR {
            return unsupported("this part is protected with a password; decrypt it first");
        }
        let gzip = start.starts_with(&[0x1f, 0x8b]);
        let source = BufReader::with_capacity(BUFFER, Cursor::new(start).chain(source));
        Ok(if gzip { Self::Gzip(Box::new(GzDecoder::new(source))) } else { Self::Plain(source) })
    }

    /// After the last byte was read: whether nothing but zeros follows the gzip stream.
    pub fn finish(self) -> super::Result<()> {
        let mut source = match self {
            Self::Plain(source) => source,
            Self::Gzip(decoder) => decoder.into_inner(),
        };
        loop {
            let bytes = source.fill_buf()?;
            if bytes.iter().any(|byte| *byte != 0) {
                let what = "more bytes after the end of the gzip stream".to_owned();
                return Err(ArchiveError::Damaged { what });
            }
            match bytes.len() {
                0 => return Ok(()),
                count => source.consume(count),
            }
        }
    }
}

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize> {
        match self {
            Self::Plain(source) => source.read(bytes),
            Self::Gzip(decoder) => decoder.read(bytes).map_err(|error| match error.kind() {
                ErrorKind::InvalidInput | ErrorKind::InvalidData => {
                    Error::new(ErrorKind::InvalidData, format!("the gzip stream is wrong ({error})"))
                }
                _ => error,
            }),
        }
    }
}
