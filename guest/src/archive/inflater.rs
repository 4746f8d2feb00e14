//! The bytes of an inner tar, inflated when they are gzip.
//!
//! Owns the detection of gzip, by content: names and `backup.json` can be wrong. Reads one gzip member, as Home Assistant does,
//! and reports whether anything follows it.

use std::io::{BufRead, BufReader, Chain, Cursor, Error, ErrorKind, Read, Result};

use flate2::bufread::GzDecoder;

use super::error::unsupported;

/// Compressed bytes requested at once.
const BUFFER: usize = 128 << 10;
/// First bytes of a password-protected member.
const SECURETAR: &[u8] = b"SecureTar";

pub type Source<R> = BufReader<Chain<Cursor<Vec<u8>>, CountingReader<R>>>;

/// An inner tar, compressed or not, read as uncompressed tar bytes.
pub enum Inflater<R: Read> {
    Uncompressed(Source<R>),
    Gzip(Box<GzDecoder<Source<R>>>, StreamEnd),
}

impl<R: Read> Inflater<R> {
    pub fn open(mut source: R) -> super::error::Result<Self> {
        let mut start = Vec::new();
        source.by_ref().take(SECURETAR.len() as u64).read_to_end(&mut start)?;
        if start == SECURETAR {
            return unsupported("this part is password-protected; decrypt it first");
        }
        let gzip = start.starts_with(&[0x1f, 0x8b]);
        let source = Cursor::new(start).chain(CountingReader { source, count: 0 });
        let source = BufReader::with_capacity(BUFFER, source);
        Ok(if gzip {
            Self::Gzip(Box::new(GzDecoder::new(source)), StreamEnd::default())
        } else {
            Self::Uncompressed(source)
        })
    }
}

/// What surrounds a tar. Known once the tar was read to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamEnd {
    /// Whether gzip's checksum and length confirmed the tar.
    pub is_verified: bool,
    /// Where the stored tar ends, in bytes from its start, if non-zero bytes follow.
    pub surplus_from: Option<u64>,
}

/// A tar without its compression and encryption.
pub trait TarStream: Read {
    /// After the last byte of the tar was read: examines what follows.
    fn finish(&mut self) -> super::error::Result<StreamEnd>;
    /// The result of [`Self::finish`]; the default before it was called.
    fn stream_end(&self) -> StreamEnd;
}

impl<R: Read> TarStream for Inflater<R> {
    fn finish(&mut self) -> super::error::Result<StreamEnd> {
        let Self::Gzip(decoder, stream_end) = self else { return Ok(StreamEnd::default()) };
        let source = decoder.get_mut();
        let end = consumed(source);
        stream_end.is_verified = true;
        loop {
            let bytes = source.fill_buf()?;
            if bytes.iter().any(|byte| *byte != 0) {
                stream_end.surplus_from = Some(end);
                return Ok(*stream_end);
            }
            match bytes.len() {
                0 => return Ok(*stream_end),
                count => source.consume(count),
            }
        }
    }

    fn stream_end(&self) -> StreamEnd {
        if let Self::Gzip(_, stream_end) = self { *stream_end } else { StreamEnd::default() }
    }
}

/// Bytes consumed from a source.
fn consumed<R: Read>(source: &Source<R>) -> u64 {
    let (start, rest) = source.get_ref().get_ref();
    start.position().saturating_add(rest.count).saturating_sub(source.buffer().len() as u64)
}

/// Counts the bytes read.
pub struct CountingReader<R> {
    source: R,
    count: u64,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize> {
        let count = self.source.read(bytes)?;
        self.count = self.count.saturating_add(count as u64);
        Ok(count)
    }
}

impl<R: Read> Read for Inflater<R> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<usize> {
        match self {
            Self::Uncompressed(source) => source.read(bytes),
            Self::Gzip(decoder, _) => decoder.read(bytes).map_err(|error| match error.kind() {
                ErrorKind::InvalidInput | ErrorKind::InvalidData => {
                    Error::new(ErrorKind::InvalidData, format!("invalid gzip stream ({error})"))
                }
                _ => error,
            }),
        }
    }
}
