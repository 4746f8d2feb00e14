//! The line from a home's entries to the bytes of its backup: checked, cut, deflated by workers, put into order, written.
//!
//! Owns the order: blocks are handed out as they come and put into the stream as they came, however fast each was made. While
//! workers deflate, the job reads ahead and writes behind. Without workers it does their work itself.

use std::collections::VecDeque;
use std::io::{self, Write};

use flate2::Crc;

use super::codec::{Codec, stored};
use super::cut::{Cutter, Sizes};
use super::index::Block;
use super::old::{Found, Source};
use super::work::{Answer, KIND, PIECE_HEAD};
use crate::archive::{ArchiveError, Entry, Framing, GzipMember, Limits, Summary, TreeSink};
use crate::error::{Failure, Result};
use crate::part::from_io;
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

impl<'a, W: Write> Line<'a, W> {
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
            member: GzipMember::new(sink, now).map_err(from_io)?,
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
        let Belt { member, blocks, kept, .. } = belt;
        Ok(Made { sink: member.finish().map_err(from_io)?, summary, blocks, kept })
    }
}

impl<W: Write> TreeSink for Line<'_, W> {
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
    under_way: VecDeque<UnderWay>,
    member: GzipMember<W>,
    old: Option<Source<'a>>,
    blocks: Vec<Block>,
    kept: Kept,
}

struct UnderWay {
    check: Crc,
    /// None while a worker has it.
    answer: Option<Vec<u8>>,
}

impl<W: Write> Belt<'_, W> {
    /// A block, behind the room for the head of a piece.
    fn put(&mut self, piece: &mut Vec<u8>) -> Result<()> {
        let most = self.crew.as_ref().map_or(1, |crew| crew.capacity().max(1));
        while self.under_way.len() >= most {
            self.collect()?;
        }
        let plain = piece.get(PIECE_HEAD..).unwrap_or_default();
        let mut check = Crc::new();
        check.update(plain);
        let length = check.amount();
        if let Some(head) = piece.first_chunk_mut() {
            *head = length.to_le_bytes();
        }
        let found = self.old.as_mut().map_or(Found::Nothing, |old| old.find(check.sum(), length));
        let answer = match found {
            Found::Incompressible => {
                Some(stored(Answer::Stored.with(&[]), piece.get(PIECE_HEAD..).unwrap_or_default()))
            }
            Found::Bytes(bytes) => {
                piece.extend_from_slice(&bytes);
                self.hand_out(piece)?
            }
            Found::Nothing => self.hand_out(piece)?,
        };
        self.under_way.push_back(UnderWay { check, answer });
        Ok(())
    }

    fn hand_out(&mut self, piece: &[u8]) -> Result<Option<Vec<u8>>> {
        match &self.crew {
            Some(crew) => crew.put(piece).map(|()| None).map_err(Failure::from),
            None => self.codec.work(piece).map(Some),
        }
    }

    /// Puts the earliest block into the stream.
    fn collect(&mut self) -> Result<()> {
        let Some(UnderWay { check, answer }) = self.under_way.pop_front() else { return Ok(()) };
        let answer = match (answer, &self.crew) {
            (Some(answer), _) => answer,
            (None, Some(crew)) => whole(crew.as_ref())?,
            (None, None) => Vec::new(),
        };
        let Some((how, bytes)) = Answer::parse(&answer) else {
            return Err(Failure::invalid("a worker gave an answer that makes no sense"));
        };
        let offset = self.member.block(&check, bytes).map_err(from_io)?;
        let deflated = if how == Answer::Stored { 0 } else { u32::try_from(bytes.len()).unwrap_or(0) };
        let length = check.amount();
        if how == Answer::Kept {
            self.kept.blocks += 1;
            self.kept.bytes += u64::from(length);
        }
        self.blocks.push(Block { check: check.sum(), length, offset, deflated });
        Ok(())
    }
}

/// All parts of the earliest answer; workers for blocks give one.
fn whole(crew: &dyn Crew) -> Result<Vec<u8>> {
    let mut whole = crew.take()?.unwrap_or_default();
    while let Some(more) = crew.take()? {
        whole.extend_from_slice(&more);
    }
    Ok(whole)
}
