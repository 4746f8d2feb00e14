//! The bytes of an inner tar, inflated when they are gzip's.
//!
//! Tells by content, since names and `backup.json` can be wrong. Reads one gzip member, as Home Assistant does, and says
//! whether anything follows it.

use std::io::{BufRead, BufReader, Chain, Cursor, Error, ErrorKind, Read, Result};

use flate2::bufread::GzDecoder;

use super::unsupported;

/// Compressed bytes that are asked for at once.
const BUFFER: usize = 128 << 10;
/// How a member that is protected with a password begins.
const SECURETAR: &[u8] = b"SecureTar";

pub type Source<R> = BufReader<Chain<Cursor<Vec<u8>>, Counted<R>>>;

pub enum Stream<R: Read> {
    Plain(Source<R>),
    Gzip(Box<GzDecoder<Source<R>>>, Packing),
}

impl<R: Read> Stream<R> {
    pub fn open(mut source: R) -> super::Result<Self> {
        let mut start = Vec::new();
        source.by_ref().take(SECURETAR.len() as u64).read_to_end(&mut start)?;
        if start == SECURETAR {
            return unsupported("this part is protected with a password; decrypt it first");
        }
        let gzip = start.starts_with(&[0x1f, 0x8b]);
        let source = Cursor::new(start).chain(Counted { source, count: 0 });
        let source = BufReader::with_capacity(BUFFER, source);
        Ok(if gzip {
            Self::Gzip(Box::new(GzDecoder::new(source)), Packing::default())
        } else {
            Self::Plain(source)
        })
    }
}

/// What lies around a tar, known once that was read to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packing {
    /// Whether a check value and a length proved the tar.
    pub is_checked: bool,
    /// How many stored bytes belong to it, when others than zeros follow.
    pub end: Option<u64>,
}

/// A tar as it comes out of what is around it.
pub trait Unpacked: Read {
    /// After the last byte of the tar was read: looks at what follows.
    fn finish(&mut self) -> super::Result<Packing>;
    /// What [`Self::finish`] found; nothing before.
    fn packing(&self) -> Packing;
}

impl<R: Read> Unpacked for Stream<R> {
    fn finish(&mut self) -> super::Result<Packing> {
        let Self::Gzip(decoder, packing) = self else { return Ok(Packing::default()) };
        let source = decoder.get_mut();
        let end = taken(source);
        packing.is_checked = true;
        loop {
            let bytes = source.fill_buf()?;
            if bytes.iter().any(|byte| *byte != 0) {
                packing.end = Some(end);
                return Ok(*packing);
            }
            match bytes.len() {
                0 => return Ok(*packing),
                count => source.consume(count),
            }
        }
    }

    fn packing(&self) -> Packing {
        if let Self::Gzip(_, packing) = self { *packing } else { Packing::default() }
    }
}

/// How many bytes were taken out of a source.
fn taken<R: Read>(source: &Source<R>) -> u64 {
    let (start, rest) = source.get_ref().get_ref();
    start.position().saturating_add(rest.count).saturating_sub(source.buffer().len() as u64)
}

/// Counts what was read.
pub struct Counted<R> {
    source: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize> {
        let count = self.source.read(bytes)?;
        self.count = self.count.saturating_add(count as u64);
        Ok(count)
    }
}

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize> {
        match self {
            Self::Plain(source) => source.read(bytes),
            Self::Gzip(decoder, _) => decoder.read(bytes).map_err(|error| match error.kind() {
                ErrorKind::InvalidInput | ErrorKind::InvalidData => {
                    Error::new(ErrorKind::InvalidData, format!("the gzip stream is wrong ({error})"))
                }
                _ => error,
            }),
        }
    }
}
