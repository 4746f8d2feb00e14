//! The line from a home's entries to the bytes of its backup: checked, cut, deflated by workers, put into order, written.
//!
//! Owns the order: blocks are handed out as they come and put into the stream as they came, however fast each was made. While
//! workers deflate, the job reads ahead and writes behind. Without workers it does their work itself.

use std::collections::VecDeque;
use std::io::{self, Write};

use super::codec::Codec;
use super::cut::{Cutter, Sizes};
use super::index::Block;
use super::old::{Found, Source};
use super::work::{Answer, KIND, PIECE_HEAD, Piece};
use crate::archive::{ArchiveError, Entry, Framing, GzipMember, Limits, Summary, TreeSink};
use crate::digest::{Digesting, Segment, digest};
use crate::error::{Failure, Result};
use crate::part::{Splice, from_io};
use crate::ports::{Crew, Outside};

/// More workers than this have nothing to do: one job reads and writes for all of them.
const WORKERS: u32 = 64;

/// Takes the tree of a home.
pub struct Line<'a, W: Write> {
    framing: Framing<'a>,
    cutter: Cutter,
    belt: Belt<'a, W>,
}

/// What came of it.
pub struct Made<W> {
    pub sink: W,
    /// What its bytes are known by.
    pub segments: Vec<Segment>,
    /// The workers, which have nothing to do any more.
    pub crew: Option<Box<dyn Crew>>,
    /// What the tar holds, as its reader's rules see it.
    pub summary: Summary,
    /// Where its blocks lie.
    pub blocks: Vec<Block>,
    /// How many of them, and bytes of what they hold, were taken from the last backup.
    pub kept: Kept,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    pub blocks: u64,
    pub bytes: u64,
}

impl<'a, W: Write + Splice> Line<'a, W> {
    /// `now` is in seconds since 1970.
    pub fn new(
        outside: &dyn Outside,
        sink: W,
        now: u32,
        sizes: Sizes,
        limits: &'a Limits,
        old: Option<Source<'a>>,
    ) -> Result<Self> {
        let belt = Belt {
            // No worker is free: it takes longer, and is as good.
            crew: outside.crew(KIND, "{}", WORKERS).ok(),
            codec: Codec::default(),
            under_way: VecDeque::new(),
            member: GzipMember::new(Digesting::new(sink), now).map_err(from_io)?,
            old,
            blocks: Vec::new(),
            kept: Kept::default(),
        };
        Ok(Self { framing: Framing::new(limits), cutter: Cutter::new(sizes), belt })
    }

    pub fn finish(self) -> Result<Made<W>> {
        let Self { framing, cutter, mut belt } = self;
        cutter.finish(&mut |piece| belt.put(piece))?;
        while !belt.under_way.is_empty() {
            belt.collect()?;
        }
        let summary = framing.finish()?;
        let Belt { crew, member, blocks, kept, .. } = belt;
        let (sink, segments) = member.finish().map_err(from_io)?.finish();
        Ok(Made { sink, segments, crew, summary, blocks, kept })
    }
}

impl<W: Write + Splice> TreeSink for Line<'_, W> {
    fn head(&mut self, entry: &Entry, bytes: &[u8]) -> io::Result<()> {
        self.framing.head(entry, bytes).map_err(misframed)?;
        self.cutter.head(entry, bytes, &mut |piece| Ok(self.belt.put(piece)?))
    }

    fn content(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.framing.content(bytes.len() as u64).map_err(misframed)?;
        self.cutter.content(bytes, &mut |piece| Ok(self.belt.put(piece)?))
    }

    fn zeros(&mut self, count: u64) -> io::Result<()> {
        self.framing.zeros(count).map_err(misframed)?;
        self.cutter.zeros(usize::try_from(count).map_err(io::Error::other)?);
        Ok(())
    }
}

/// Nothing that one entry could be left out for: the archive itself would not be good.
fn misframed(error: ArchiveError) -> io::Error {
    let what = format!("the backup would not be readable, so it is not made: {error}");
    Failure::new("backup_reader_writer_error", what).into()
}

/// Blocks under way, in order.
struct Belt<'a, W: Write> {
    crew: Option<Box<dyn Crew>>,
    codec: Codec,
    under_way: VecDeque<UnderWay<'a>>,
    member: GzipMember<Digesting<W>>,
    old: Option<Source<'a>>,
    blocks: Vec<Block>,
    kept: Kept,
}

struct UnderWay<'a> {
    digest: u64,
    length: u32,
    /// What the last backup has of it.
    found: Found<'a>,
    /// None while a worker has it.
    answer: Option<Vec<u8>>,
}

impl<'a, W: Write + Splice> Belt<'a, W> {
    /// A block, behind the room for the head of a piece.
    fn put(&mut self, piece: &mut Vec<u8>) -> Result<()> {
        let most = self.crew.as_ref().map_or(1, |crew| crew.capacity().max(1));
        while self.under_way.len() >= most {
            self.collect()?;
        }
        let plain = piece.get(PIECE_HEAD..).unwrap_or_default();
        let length =
            u32::try_from(plain.len()).map_err(|_| Failure::invalid("a block of more than 4 GiB"))?;
        let digest = digest(plain);
        let found = self.old.as_mut().map_or(Found::Nothing, |old| old.find(digest, length));
        if let Some(head) = piece.first_chunk_mut() {
            *head = Piece::head(length, matches!(found, Found::Incompressible));
        }
        let answer = self.hand_out(piece, &found)?;
        self.under_way.push_back(UnderWay { digest, length, found, answer });
        Ok(())
    }

    fn hand_out(&mut self, piece: &mut Vec<u8>, found: &Found<'a>) -> Result<Option<Vec<u8>>> {
        if let Found::Bytes(bytes) = found {
            piece.extend_from_slice(bytes);
        }
        match (&self.crew, found) {
            (Some(crew), Found::At(place)) => crew.put_with(piece, *place)?,
            (Some(crew), _) => crew.put(piece)?,
            (None, _) => {
                if let Found::At(place) = found {
                    piece.extend_from_slice(&place.read().unwrap_or_default());
                }
                return self.codec.work(piece).map(Some);
            }
        }
        Ok(None)
    }

    /// Puts the earliest block into the stream.
    fn collect(&mut self) -> Result<()> {
        let Some(UnderWay { digest, length, found, answer }) = self.under_way.pop_front() else {
            return Ok(());
        };
        let answer = match (answer, &self.crew) {
            (Some(answer), _) => answer,
            (None, Some(crew)) => crew.take_whole()?,
            (None, None) => Vec::new(),
        };
        let Some((how, check, bytes)) = Answer::parse(&answer) else { return Err(senseless()) };
        let holds = (length, check);
        let (offset, deflated) = match how {
            Answer::Deflated => (self.member.block(holds, bytes), bytes.len()),
            Answer::Stored => (self.member.block(holds, bytes), 0),
            Answer::Kept => {
                self.kept.blocks += 1;
                self.kept.bytes += u64::from(length);
                match (found, bytes.first_chunk()) {
                    (Found::Bytes(old), _) => (self.member.block(holds, &old), old.len()),
                    (Found::At(place), Some(known)) => {
                        let splice = |sink: &mut Digesting<W>| sink.splice(place, u64::from_le_bytes(*known));
                        let count = u64::from(place.count);
                        (self.member.block_by(holds, count, splice), usize::try_from(count).unwrap_or(0))
                    }
                    _ => return Err(senseless()),
                }
            }
        };
        let (offset, deflated) = (offset.map_err(from_io)?, u32::try_from(deflated).unwrap_or(0));
        self.blocks.push(Block { digest, length, offset, deflated });
        Ok(())
    }
}

fn senseless() -> Failure {
    Failure::invalid("a worker gave an answer that makes no sense")
}
