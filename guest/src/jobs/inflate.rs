//! Inflating beside reading: a worker inflates a home's part while its job reads ahead, and checks or stages what came before.
//!
//! Owns what both say to each other. Pieces are the part's bytes as they are stored, an empty one is their end; answers are
//! parts of the inner tar, and at last how it ended. Order and errors are those of reading without a worker.

use std::io::{self, Error, ErrorKind, Read};

use crate::archive::{ArchiveError, Inflater, StreamEnd, TarStream};
use crate::error::{Failure, Result};
use crate::ports::{Crew, Outside};

/// The kind of the worker's job.
pub const KIND: &str = "inflate";
/// Bytes of a piece, and of a part of an answer.
const CHUNK: usize = 256 * 1024;
/// The most pieces that are read ahead.
const AHEAD: usize = 4;

/// What the first byte of a part says the rest is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Bytes,
    End,
    /// Why there is no more, in words: the bytes are bad; they end too early; it is something that is not read here; another
    /// reason.
    Damaged,
    CutOff,
    Unsupported,
    Failed,
}

impl Tag {
    const ALL: [Self; 6] =
        [Self::Bytes, Self::End, Self::Damaged, Self::CutOff, Self::Unsupported, Self::Failed];

    fn parse(part: &[u8]) -> Option<(Self, &[u8])> {
        let (tag, rest) = part.split_first()?;
        Some((Self::ALL.into_iter().find(|known| *known as u8 == *tag)?, rest))
    }
}

/// A worker's life.
pub fn work(outside: &dyn Outside) -> Result<()> {
    let mut part = vec![0; CHUNK + 1];
    match inflate(outside, &mut part) {
        Ok(packing) => outside.give(&end(packing)),
        Err(error) => {
            let (tag, what) = match &error {
                ArchiveError::Damaged { what } => (Tag::Damaged, what.clone()),
                ArchiveError::Unsupported { what } => (Tag::Unsupported, what.clone()),
                ArchiveError::Io(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    (Tag::CutOff, error.to_string())
                }
                other => (Tag::Failed, other.to_string()),
            };
            outside.give(&[&[tag as u8], what.as_bytes()].concat());
        }
    }
    // Whatever else comes has no meaning any more.
    while outside.next_piece().is_some() {}
    Ok(())
}

fn inflate(outside: &dyn Outside, part: &mut [u8]) -> std::result::Result<StreamEnd, ArchiveError> {
    let mut inflater = Inflater::open(Pieces { outside, piece: Vec::new(), used: 0, is_ended: false })?;
    loop {
        let Some((tag, room)) = part.split_first_mut() else { return Ok(StreamEnd::default()) };
        *tag = Tag::Bytes as u8;
        let count = match inflater.read(room) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(ArchiveError::Io(error)),
            count => count?,
        };
        if count == 0 {
            return inflater.finish();
        }
        outside.give(part.get(..=count).unwrap_or_default());
    }
}

/// The last part: what lay around the tar.
fn end(packing: StreamEnd) -> Vec<u8> {
    let mut part = vec![Tag::End as u8, u8::from(packing.is_verified)];
    part.extend(packing.surplus_from.map(u64::to_le_bytes).into_iter().flatten());
    part
}

fn packing(rest: &[u8]) -> StreamEnd {
    let (is_checked, end) = rest.split_first().unwrap_or((&0, &[]));
    StreamEnd { is_verified: *is_checked == 1, surplus_from: end.try_into().ok().map(u64::from_le_bytes) }
}

/// The pieces, one behind the other.
struct Pieces<'a> {
    outside: &'a dyn Outside,
    piece: Vec<u8>,
    used: usize,
    is_ended: bool,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.used == self.piece.len() && !self.is_ended {
            self.piece = self.outside.next_piece().unwrap_or_default();
            self.used = 0;
            self.is_ended = self.piece.is_empty();
        }
        let count = self.piece.get(self.used..).unwrap_or_default().read(buffer)?;
        self.used += count;
        Ok(count)
    }
}

/// The inner tar of `source`, inflated by a worker.
pub struct Inflated<R> {
    source: R,
    crew: Box<dyn Crew>,
    /// Pieces whose answers were not taken to the end.
    under_way: usize,
    has_ended: bool,
    /// What the source said instead of more. It counts once everything before it was read.
    failed: Option<Error>,
    /// The part that is being read, its tag before it.
    part: Vec<u8>,
    used: usize,
    is_done: bool,
    packing: StreamEnd,
}

impl<R: Read> Inflated<R> {
    /// Gives the source back when no worker can be had.
    pub fn start(outside: &dyn Outside, source: R) -> std::result::Result<Self, R> {
        match outside.crew(KIND, "{}", 1) {
            Err(_) => Err(source),
            Ok(crew) => Ok(Self {
                source,
                crew,
                under_way: 0,
                has_ended: false,
                failed: None,
                part: Vec::new(),
                used: 0,
                is_done: false,
                packing: StreamEnd::default(),
            }),
        }
    }

    /// Hands the worker as much as it may have.
    fn feed(&mut self) -> io::Result<()> {
        while self.under_way < self.crew.capacity().min(AHEAD) && !self.has_ended {
            let mut piece = Vec::with_capacity(CHUNK);
            let read = self.source.by_ref().take(CHUNK as u64).read_to_end(&mut piece);
            self.failed = read.err();
            // What came before an error is still to be read.
            if self.failed.is_none() || !piece.is_empty() {
                self.crew.put(&piece)?;
                self.under_way += 1;
            }
            self.has_ended = self.failed.is_some() || piece.is_empty();
        }
        Ok(())
    }

    /// The next part of the tar; false at its end.
    fn advance(&mut self) -> io::Result<bool> {
        while !self.is_done {
            self.feed()?;
            if self.under_way == 0 {
                self.is_done = true;
                return self.failed.take().map_or(Ok(false), Err);
            }
            let Some(part) = self.crew.take()? else {
                self.under_way -= 1;
                continue;
            };
            self.part = part;
            self.used = 1;
            match Tag::parse(&self.part) {
                Some((Tag::Bytes, _)) => return Ok(true),
                Some((Tag::End, rest)) => {
                    self.packing = packing(rest);
                    self.part.clear();
                    self.is_done = true;
                }
                Some((tag, what)) => return Err(failed(tag, &String::from_utf8_lossy(what))),
                None => return Err(Error::other("a worker gave an answer that makes no sense")),
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
        if self.used >= self.part.len() && !self.advance()? {
            return Ok(0);
        }
        let count = self.part.get(self.used..).unwrap_or_default().read(buffer)?;
        self.used += count;
        Ok(count)
    }
}

impl<R: Read> TarStream for Inflated<R> {
    fn finish(&mut self) -> std::result::Result<StreamEnd, ArchiveError> {
        Ok(self.packing)
    }

    fn stream_end(&self) -> StreamEnd {
        self.packing
    }
}
