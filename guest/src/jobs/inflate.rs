//! Inflating in a worker: it inflates a part while the job reads ahead, and checks or stages what was inflated before.
//!
//! Owns the protocol between the two. Pieces are the stored bytes of the part, and an empty piece is their end. Answers are
//! chunks of the inner tar, and the last one says how it ended. Order and errors are the same as without a worker.

use std::io::{self, Error, ErrorKind, Read};

use crate::archive::{ArchiveError, Inflater, StreamEnd, TarStream};
use crate::error::{Failure, Result};
use crate::ports::{Host, WorkerPool};

/// The kind of the worker's job.
pub const KIND: &str = "inflate";
/// Bytes of a piece, and of a chunk of an answer.
const CHUNK: usize = 256 * 1024;
/// The most pieces to read ahead.
const AHEAD: usize = 4;

/// The first byte of a chunk: what the rest of it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Bytes,
    End,
    /// The rest is a message: the bytes are bad, end too early, have an unsupported format, or there is another failure.
    Damaged,
    CutOff,
    Unsupported,
    Failed,
}

impl Tag {
    const ALL: [Self; 6] =
        [Self::Bytes, Self::End, Self::Damaged, Self::CutOff, Self::Unsupported, Self::Failed];

    fn parse(chunk: &[u8]) -> Option<(Self, &[u8])> {
        let (tag, rest) = chunk.split_first()?;
        Some((Self::ALL.into_iter().find(|known| *known as u8 == *tag)?, rest))
    }
}

/// The worker: inflates pieces until the end of the part.
pub fn work(host: &dyn Host) -> Result<()> {
    let mut chunk = vec![0; CHUNK + 1];
    match inflate(host, &mut chunk) {
        Ok(packing) => host.give(&end(packing)),
        Err(error) => {
            let (tag, what) = match &error {
                ArchiveError::Damaged { what } => (Tag::Damaged, what.clone()),
                ArchiveError::Unsupported { what } => (Tag::Unsupported, what.clone()),
                ArchiveError::Io(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    (Tag::CutOff, error.to_string())
                }
                other => (Tag::Failed, other.to_string()),
            };
            host.give(&[&[tag as u8], what.as_bytes()].concat());
        }
    }
    // Further pieces are ignored.
    while host.next_piece().is_some() {}
    Ok(())
}

fn inflate(host: &dyn Host, chunk: &mut [u8]) -> std::result::Result<StreamEnd, ArchiveError> {
    let mut inflater = Inflater::open(Pieces { host, piece: Vec::new(), used: 0, is_ended: false })?;
    loop {
        let Some((tag, room)) = chunk.split_first_mut() else { return Ok(StreamEnd::default()) };
        *tag = Tag::Bytes as u8;
        let count = match inflater.read(room) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(ArchiveError::Io(error)),
            count => count?,
        };
        if count == 0 {
            return inflater.finish();
        }
        host.give(chunk.get(..=count).unwrap_or_default());
    }
}

/// The last chunk: how the stream ended.
fn end(end: StreamEnd) -> Vec<u8> {
    let mut chunk = vec![Tag::End as u8, u8::from(end.is_verified)];
    chunk.extend(end.surplus_from.map(u64::to_le_bytes).into_iter().flatten());
    chunk
}

fn parse_end(rest: &[u8]) -> StreamEnd {
    let (is_checked, end) = rest.split_first().unwrap_or((&0, &[]));
    StreamEnd { is_verified: *is_checked == 1, surplus_from: end.try_into().ok().map(u64::from_le_bytes) }
}

/// A reader of the pieces as one stream.
struct Pieces<'a> {
    host: &'a dyn Host,
    piece: Vec<u8>,
    used: usize,
    is_ended: bool,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.used == self.piece.len() && !self.is_ended {
            self.piece = self.host.next_piece().unwrap_or_default();
            self.used = 0;
            self.is_ended = self.piece.is_empty();
        }
        let count = self.piece.get(self.used..).unwrap_or_default().read(buffer)?;
        self.used += count;
        Ok(count)
    }
}

/// A reader of the inner tar of `source`, which a worker inflates.
pub struct Inflated<R> {
    source: R,
    pool: Box<dyn WorkerPool>,
    /// Pieces whose answers were not read to the end.
    in_progress: usize,
    has_ended: bool,
    /// The error of the source. It is returned after everything before it was read.
    failed: Option<Error>,
    /// The current chunk, including its tag.
    chunk: Vec<u8>,
    used: usize,
    is_done: bool,
    stream_end: StreamEnd,
}

impl<R: Read> Inflated<R> {
    /// Starts a worker. Returns the source if none can be started.
    pub fn start(host: &dyn Host, source: R) -> std::result::Result<Self, R> {
        match host.pool(KIND, "{}", 1) {
            Err(_) => Err(source),
            Ok(pool) => Ok(Self {
                source,
                pool,
                in_progress: 0,
                has_ended: false,
                failed: None,
                chunk: Vec::new(),
                used: 0,
                is_done: false,
                stream_end: StreamEnd::default(),
            }),
        }
    }

    /// Queues as many pieces for the worker as it accepts.
    fn feed(&mut self) -> io::Result<()> {
        while self.in_progress < self.pool.capacity().min(AHEAD) && !self.has_ended {
            let mut piece = Vec::with_capacity(CHUNK);
            let read = self.source.by_ref().take(CHUNK as u64).read_to_end(&mut piece);
            self.failed = read.err();
            // Bytes before an error are still inflated.
            if self.failed.is_none() || !piece.is_empty() {
                self.pool.put(&piece)?;
                self.in_progress += 1;
            }
            self.has_ended = self.failed.is_some() || piece.is_empty();
        }
        Ok(())
    }

    /// Takes the next chunk of the tar. Returns false at its end.
    fn advance(&mut self) -> io::Result<bool> {
        while !self.is_done {
            self.feed()?;
            if self.in_progress == 0 {
                self.is_done = true;
                return self.failed.take().map_or(Ok(false), Err);
            }
            let Some(chunk) = self.pool.take()? else {
                self.in_progress -= 1;
                continue;
            };
            self.chunk = chunk;
            self.used = 1;
            match Tag::parse(&self.chunk) {
                Some((Tag::Bytes, _)) => return Ok(true),
                Some((Tag::End, rest)) => {
                    self.stream_end = parse_end(rest);
                    self.chunk.clear();
                    self.is_done = true;
                }
                Some((tag, what)) => return Err(failed(tag, &String::from_utf8_lossy(what))),
                None => return Err(Error::other("a worker sent an invalid answer")),
            }
        }
        Ok(false)
    }
}

fn failed(tag: Tag, what: &str) -> Error {
    match tag {
        Tag::Damaged => Error::new(ErrorKind::InvalidData, what.to_owned()),
        Tag::CutOff => Error::new(ErrorKind::UnexpectedEof, what.to_owned()),
        Tag::Unsupported => Failure::from(ArchiveError::Unsupported { what: what.to_owned() }).into(),
        _ => Error::other(what.to_owned()),
    }
}

impl<R: Read> Read for Inflated<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.used >= self.chunk.len() && !self.advance()? {
            return Ok(0);
        }
        let count = self.chunk.get(self.used..).unwrap_or_default().read(buffer)?;
        self.used += count;
        Ok(count)
    }
}

impl<R: Read> TarStream for Inflated<R> {
    fn finish(&mut self) -> std::result::Result<StreamEnd, ArchiveError> {
        Ok(self.stream_end)
    }

    fn stream_end(&self) -> StreamEnd {
        self.stream_end
    }
}
